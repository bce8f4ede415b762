//! The oracle: every coalition of a few players, by walking the forest.
