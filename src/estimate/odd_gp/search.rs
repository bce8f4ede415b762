//! Where the shape comes from: a grid, then an ascent, both on the first rows alone.

use super::kernel::Kernel;
use super::likelihood::Likelihood;
use super::shapes::Grid;
use super::{Options, ascent};
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::linalg::Matrix;
use crate::parallel::Workers;

/// Rows that the grid looks at: at least the first number, and the second beyond the players.
///
/// Measured on sixteen small games at 32 evaluations a player: the values after the ascent miss by 7.4e-7 instead of
/// 6.2e-7 in squares with these in place of 256 rows, by 1.1e-6 with 64.
const GRID_ROWS: (usize, usize) = (96, 48);
/// Rows that the ascent looks at: 8.0e-7 in place of 7.4e-7 with all rows there, 9.4e-7 with 160, 2.1e-6 with 128; at 64
/// players more rows than these change no error by more than a tenth.
const ASCENT_ROWS: (usize, usize) = (192, 128);

/// Kernels and noises to solve with, the likeliest first; those that follow are for the case that it fails.
pub(super) fn shapes(
    coalitions: &Coalitions,
    targets: &Matrix,
    options: Options,
    workers: &Workers<'_>,
) -> Result<Vec<(Kernel, f64)>, Error> {
    let n = coalitions.n_players();
    let pairs = |(least, beyond): (usize, usize)| targets.n_rows().min(least.max(n + beyond)) - 1;
    let Some(likelihood) = Likelihood::new(coalitions, pairs(GRID_ROWS), targets) else {
        return Ok(Vec::new());
    };
    let mut grid = Grid::new(&likelihood);
    let Some(isotropic) = grid.isotropic(workers)? else { return Ok(Vec::new()) };
    let mut found = vec![(isotropic.kernel.clone(), isotropic.lambda)];
    let sizes = sizes(&likelihood, &isotropic.kernel, isotropic.lambda);
    let best = grid.anisotropic(isotropic, &sizes, workers)?;
    found.push((best.kernel.clone(), best.lambda));
    if options.ascent {
        let wider = (pairs(ASCENT_ROWS) > pairs(GRID_ROWS))
            .then(|| Likelihood::new(coalitions, pairs(ASCENT_ROWS), targets))
            .flatten();
        let likelihood = wider.unwrap_or(likelihood);
        found.extend(ascent::climb(&likelihood, &best.kernel, best.lambda, workers)?);
    }
    found.reverse();
    Ok(found)
}

/// `sqrt(sum_c phi_jc^2 / |phi_c|^2)` of each player, as one shape has the values.
fn sizes(likelihood: &Likelihood, kernel: &Kernel, lambda: f64) -> Vec<f64> {
    let mut sizes = vec![0.0; likelihood.n_players()];
    let Some(values) = likelihood.values(kernel, lambda) else { return sizes };
    for output in 0..values.n_columns() {
        let square: f64 = (0..sizes.len()).map(|j| values.row(j)[output] * values.row(j)[output]).sum();
        if square > 0.0 {
            for (j, size) in sizes.iter_mut().enumerate() {
                *size += values.row(j)[output] * values.row(j)[output] / square;
            }
        }
    }
    for size in &mut sizes {
        *size = size.sqrt();
    }
    sizes
}
