//! Oblivious trees: the leaf's number is the pattern, one table row a leaf.
