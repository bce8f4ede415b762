//! The forest's own prediction: every row down every tree, sums in tree order.
