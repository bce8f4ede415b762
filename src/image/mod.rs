//! Pictures: regions of them that are players, and what stands for the hidden ones.
