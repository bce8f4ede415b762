//! A forest as bytes and back: what pickles carry.
