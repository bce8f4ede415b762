//! Filling batches of masked rows, and averaging model outputs back to worths.
