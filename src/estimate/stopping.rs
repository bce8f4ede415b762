//! When a run may stop: its errors are small enough at two checkpoints.

/// How small errors are to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Share of the range of the values.
    pub relative: f64,
    /// On the scale of the values.
    pub absolute: f64,
}
