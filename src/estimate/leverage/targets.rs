//! What the regression is fitted to, eight outputs at a time.

use super::solve::Targets;
use crate::estimate::paired::Paired;
use crate::linalg::{LANES, Lanes};

/// What outputs `8 group` to `8 group + 7` are fitted to; zeros past the last output.
pub(super) fn targets(pairs: &Paired, group: usize) -> Targets {
    let n_outputs = pairs.problem().n_outputs;
    let outputs = group * LANES..n_outputs.min((group + 1) * LANES);
    let lanes = |row: &[f64]| {
        let mut lanes: Lanes = [0.0; LANES];
        lanes[..outputs.len()].copy_from_slice(&row[outputs.clone()]);
        lanes
    };
    let mut grand = [0.0; LANES];
    for (grand, output) in grand.iter_mut().zip(outputs.clone()) {
        let is_known = pairs.endpoints().is_complete();
        *grand = if is_known { pairs.endpoints().total_difference(output) } else { f64::NAN };
    }
    Targets { half_differences: pairs.half_differences().chunks_exact(n_outputs).map(lanes).collect(), grand }
}
