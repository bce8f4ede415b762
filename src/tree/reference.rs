//! The slow kernel that judges the fast ones: one product game a leaf, plain loops, nothing shared.
