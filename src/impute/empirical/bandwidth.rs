//! Bandwidths by cross-validation in a formula.
