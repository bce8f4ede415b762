//! Covers found by dropping weighted rows through the trees, and the expected output under them.
