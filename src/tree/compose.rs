//! Forests made of forests: weighted sums, columns and outputs renamed, the first rounds alone.
