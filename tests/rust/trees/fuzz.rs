//! Mutated model files: an error or a valid forest, never a panic.
