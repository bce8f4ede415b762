//! Pairwise interactions from the same descent.
