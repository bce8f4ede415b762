//! Leverage-weighted least squares.
