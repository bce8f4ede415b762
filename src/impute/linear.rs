//! Values of linear models whose columns are correlated, in closed form.

use multiversion::multiversion;

use super::Covariance;
use super::sweep::subtract_known;
use crate::error::Error;
use crate::parallel::Workers;
use crate::random::{Purpose, Stream};

/// Players whose presence tells units of parallel work apart: 64 units.
const SPLIT: usize = 6;

/// What turns deviations from the mean into values: `(outputs, n, n)`, `value_i = sum_j T_ij (x_j - mean_j)`.
pub type Transform = Vec<f64>;

/// The game `v(S) = w' E[x | x_S]` of some of the columns, in units of their scales.
///
/// `v(S) - v({}) = h_S' z_S` with `z` the scaled deviations and `h_S = R_SS^-1 (R w)_S`, `R` the correlations: linear
/// in `z`, so every value is too.
struct Game<'a> {
    covariance: &'a Covariance,
    columns: &'a [usize],
    n_outputs: usize,
    /// Coefficients in units of the scales, `(outputs, m)`.
    weights: Vec<f64>,
    /// `R` and beside it `R w`, `(m, m + outputs)`.
    start: Vec<f64>,
}

impl<'a> Game<'a> {
    fn new(covariance: &'a Covariance, columns: &'a [usize], coefficients: &[f64]) -> Result<Self, Error> {
        let m = columns.len();
        if m == 0 || !coefficients.len().is_multiple_of(m) || columns.iter().any(|&c| c >= covariance.n()) {
            return Err(Error::Length { argument: "coefficients", got: coefficients.len(), want: m });
        }
        let scale = |at: usize| covariance.scale()[columns[at]];
        let weights: Vec<f64> = coefficients.iter().enumerate().map(|(at, w)| w * scale(at % m)).collect();
        let mut start = Vec::new();
        for (i, &column) in columns.iter().enumerate() {
            let mut row: Vec<f64> =
                columns.iter().map(|&other| covariance.correlation(column)[other]).collect();
            row[i] += covariance.ridge();
            let target = |w: &[f64]| row.iter().zip(w).map(|(r, w)| r * w).sum::<f64>();
            let targets: Vec<f64> = weights.chunks_exact(m).map(target).collect();
            start.extend(row.into_iter().chain(targets));
        }
        Ok(Self { covariance, columns, n_outputs: coefficients.len() / m, weights, start })
    }

    fn n_players(&self) -> usize {
        self.columns.len()
    }

    /// From scaled deviations to plain ones.
    fn unscaled(&self, mut transform: Vec<f64>) -> Transform {
        let m = self.n_players();
        for row in transform.chunks_exact_mut(m) {
            for (cell, &column) in row.iter_mut().zip(self.columns) {
                let scale = self.covariance.scale()[column];
                *cell = if scale > 0.0 { *cell / scale } else { 0.0 };
            }
        }
        transform
    }
}

/// `h_S` for lists of players that grow and shrink at their ends, by one Cholesky factor `L L' = R_SS`.
struct Path<'a, 'b> {
    game: &'b Game<'a>,
    members: Vec<usize>,
    /// `L^-1 (R, R w)`, `(members, m + outputs)`.
    whitened: Vec<f64>,
    /// `L`, a row of `m` cells for each member.
    factor: Vec<f64>,
    /// `(outputs, m)`, in the order of the members.
    solution: Vec<f64>,
    /// `h_S`, `(outputs, m)`, by players and zero at those absent.
    slopes: Vec<f64>,
}

impl<'a, 'b> Path<'a, 'b> {
    fn new(game: &'b Game<'a>) -> Self {
        let m = game.n_players();
        let zeros = vec![0.0; game.n_outputs * m];
        Self {
            game,
            members: Vec::new(),
            whitened: Vec::with_capacity(game.start.len()),
            factor: vec![0.0; m * m],
            solution: zeros.clone(),
            slopes: zeros,
        }
    }

    fn push(&mut self, player: usize) {
        let (m, k) = (self.game.n_players(), self.members.len());
        let width = m + self.game.n_outputs;
        self.whitened.extend_from_slice(&self.game.start[player * width..(player + 1) * width]);
        let (known, row) = self.whitened.split_at_mut(k * width);
        subtract_known(row, known, player);
        // The diagonal was raised until every rest is positive; a rounding error may not make it vanish.
        let root = row[player].max(f64::MIN_POSITIVE).sqrt();
        for cell in row.iter_mut() {
            *cell /= root;
        }
        let factor = &mut self.factor[k * m..][..=k];
        factor.iter_mut().zip(self.whitened.chunks_exact(width)).for_each(|(cell, row)| *cell = row[player]);
        factor[k] = root;
        self.members.push(player);
    }

    fn pop(&mut self) {
        self.members.pop();
        self.whitened.truncate(self.members.len() * (self.game.n_players() + self.game.n_outputs));
    }

    /// Solve for `h_S`: backward through the factor.
    fn solve(&mut self) {
        let (m, k) = (self.game.n_players(), self.members.len());
        if k == m {
            // What is known of everybody is the model itself, without the rounding of a solve.
            self.slopes.copy_from_slice(&self.game.weights);
            return;
        }
        self.slopes.fill(0.0);
        let outputs = self.solution.chunks_exact_mut(m).zip(self.slopes.chunks_exact_mut(m));
        for (output, (solution, slopes)) in outputs.enumerate() {
            let rows = self.whitened.chunks_exact(m + self.game.n_outputs);
            solution.iter_mut().zip(rows).for_each(|(cell, row)| *cell = row[m + output]);
            solve_backward(&mut solution[..k], &self.factor, m);
            self.members.iter().zip(solution).for_each(|(&player, cell)| slopes[player] = *cell);
        }
    }
}

/// Solve `L' x = b` in place, `L` in rows of `m` cells.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn solve_backward(solution: &mut [f64], factor: &[f64], m: usize) {
    for i in (0..solution.len()).rev() {
        let (before, last) = solution.split_at_mut(i);
        let row = &factor[i * m..][..=i];
        last[0] /= row[i];
        before.iter_mut().zip(row).for_each(|(cell, known)| *cell -= last[0] * known);
    }
}

/// Exact values over all coalitions of `columns`, whose others are taken as independent of them.
///
/// `coefficients` are `(outputs, columns)`; the result is `(outputs, columns, columns)`. `2^m m^2 (outputs + 1)`
/// operations for `m` columns.
pub fn exact_transform(
    covariance: &Covariance,
    columns: &[usize],
    coefficients: &[f64],
    workers: &Workers<'_>,
) -> Result<Transform, Error> {
    let game = Game::new(covariance, columns, coefficients)?;
    let m = game.n_players();
    if m > 30 {
        return Err(Error::Parameter {
            argument: "columns",
            got: m.to_string(),
            accepted: "at most 30 of them",
        });
    }
    let split = m.min(SPLIT);
    let mut sums: Vec<Sums> = (0..1 << split).map(|_| Sums::new(&game)).collect();
    workers.for_each_unit(sums.iter_mut(), |pattern, sums| {
        let mut path = Path::new(&game);
        (0..split).filter(|player| pattern >> player & 1 == 1).for_each(|player| path.push(player));
        sums.descend(&mut path, split, workers);
    })?;
    let mut transform = vec![0.0; game.n_outputs * m * m];
    for sums in sums {
        let by_output = transform.chunks_exact_mut(m * m).zip(sums.joined.chunks_exact(m * m));
        for ((transform, joined), absent) in by_output.zip(sums.absent.chunks_exact(m)) {
            for (row, joined) in transform.chunks_exact_mut(m).zip(joined.chunks_exact(m)) {
                for ((cell, joined), absent) in row.iter_mut().zip(joined).zip(absent) {
                    *cell += joined - absent;
                }
            }
        }
    }
    Ok(game.unscaled(transform))
}

/// What some of the coalitions add to all values: with `u_s` the weight of a join to `s` players,
/// `T_i = sum_{S with i} (u_{s-1} + u_s) h_S - sum_S u_s h_S`.
struct Sums {
    weights: Vec<f64>,
    /// The first sum, `(outputs, m, m)`.
    joined: Vec<f64>,
    /// The second, `(outputs, m)`.
    absent: Vec<f64>,
}

impl Sums {
    fn new(game: &Game<'_>) -> Self {
        let m = game.n_players();
        let mut weights = vec![1.0 / m as f64];
        for size in 1..m {
            let last = weights[size - 1];
            weights.push(last * size as f64 / (m - size) as f64);
        }
        weights.push(0.0); // nobody is left to join everybody
        Self { weights, joined: vec![0.0; game.n_outputs * m * m], absent: vec![0.0; game.n_outputs * m] }
    }

    /// Add the coalition on the path and all that extend it by players from `next` on.
    fn descend(&mut self, path: &mut Path<'_, '_>, next: usize, workers: &Workers<'_>) {
        if !path.members.is_empty() {
            self.add(path);
        }
        let m = path.game.n_players();
        if m - next > 8 && workers.check().is_err() {
            return;
        }
        for player in next..m {
            path.push(player);
            self.descend(path, player + 1, workers);
            path.pop();
        }
    }

    fn add(&mut self, path: &mut Path<'_, '_>) {
        let (m, size) = (path.game.n_players(), path.members.len());
        path.solve();
        let (join, stay) = (self.weights[size - 1] + self.weights[size], self.weights[size]);
        let outputs = self.joined.chunks_exact_mut(m * m).zip(self.absent.chunks_exact_mut(m));
        for ((joined, absent), slopes) in outputs.zip(path.slopes.chunks_exact(m)) {
            absent.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += stay * slope);
            for &player in &path.members {
                let row = &mut joined[player * m..(player + 1) * m];
                row.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += join * slope);
            }
        }
    }
}

/// Unbiased estimates from random orders and their reversals: one transform for each group of `pairs_per_group`
/// pairs, `(groups, outputs, columns, columns)`.
///
/// The groups are independent, so their spread says how far their mean is off. An order of `m` columns takes about
/// `m^3 (outputs + 3)` operations.
pub fn sampled_transforms(
    covariance: &Covariance,
    columns: &[usize],
    coefficients: &[f64],
    groups: (usize, usize),
    seed: u64,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    let game = Game::new(covariance, columns, coefficients)?;
    let (n_groups, pairs_per_group) = groups;
    let (m, n_outputs) = (game.n_players(), game.n_outputs);
    let mut transforms = vec![0.0; n_groups * n_outputs * m * m];
    let first_column = columns[0] as u64; // blocks of columns have orders of their own
    workers.for_each_unit(transforms.chunks_exact_mut(n_outputs * m * m), |group, transform| {
        let mut order: Vec<usize> = (0..m).collect();
        for pair in 0..pairs_per_group {
            let number = (group * pairs_per_group + pair) as u64;
            order.sort_unstable();
            Stream::new(seed, Purpose::Order, first_column, number).shuffle(&mut order);
            for _ in 0..2 {
                add_order(&game, &order, transform, workers);
                order.reverse();
            }
        }
        let count = 2.0 * pairs_per_group as f64;
        for cell in transform.iter_mut() {
            *cell /= count;
        }
    })?;
    Ok(transforms.chunks_exact(n_outputs * m * m).flat_map(|group| game.unscaled(group.to_vec())).collect())
}

fn add_order(game: &Game<'_>, order: &[usize], transform: &mut [f64], workers: &Workers<'_>) {
    let m = game.n_players();
    let mut path = Path::new(game);
    let mut before = vec![0.0; game.n_outputs * m];
    for &player in order {
        if workers.check().is_err() {
            return;
        }
        path.push(player);
        path.solve();
        let outputs = transform.chunks_exact_mut(m * m).zip(path.slopes.chunks_exact(m));
        for ((transform, slopes), before) in outputs.zip(before.chunks_exact(m)) {
            let row = &mut transform[player * m..(player + 1) * m];
            for ((cell, slope), before) in row.iter_mut().zip(slopes).zip(before) {
                *cell += slope - before;
            }
        }
        before.copy_from_slice(&path.slopes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::Cancel;

    fn covariance(m: usize) -> Covariance {
        let cell =
            |i: usize, j: usize| (1.0 + i as f64) * (1.0 + j as f64) * f64::powf(0.6, i.abs_diff(j) as f64);
        let cells: Vec<f64> = (0..m * m).map(|at| cell(at / m, at % m)).collect();
        Covariance::known(&vec![0.0; m], &cells).unwrap()
    }

    #[test]
    fn two_columns_share_what_each_tells_of_the_other() {
        // v({1}) = (w1 + w2 r s2 / s1) x1 and so on; the values are half the sums of both orders.
        let known = covariance(2);
        let cancel = Cancel::default();
        let transform = exact_transform(&known, &[0, 1], &[3.0, -1.0], &Workers::serial(&cancel)).unwrap();
        let (alone_1, alone_2) = (3.0 - 0.6 * 2.0, -1.0 + 3.0 * 0.6 / 2.0);
        let expected = [
            f64::midpoint(alone_1, 3.0),
            (-1.0 - alone_2) / 2.0,
            (3.0 - alone_1) / 2.0,
            f64::midpoint(alone_2, -1.0),
        ];
        for (got, want) in transform.iter().zip(expected) {
            assert!((got - want).abs() < 1e-14, "{transform:?}");
        }
    }

    #[test]
    fn estimates_are_within_five_standard_errors_and_add_up() {
        let m = 7;
        let known = covariance(m);
        let coefficients: Vec<f64> = (0..2 * m).map(|at| (at as f64).sin()).collect();
        let columns: Vec<usize> = (0..m).collect();
        let cancel = Cancel::default();
        let exact = |threads| {
            exact_transform(&known, &columns, &coefficients, &Workers::new(threads, &cancel)).unwrap()
        };
        let sampled = |threads| {
            let workers = Workers::new(threads, &cancel);
            sampled_transforms(&known, &columns, &coefficients, (50, 20), 3, &workers).unwrap()
        };
        let (exact, groups) = (exact(2), {
            assert_eq!(exact(1), exact(7));
            sampled(2)
        });
        assert_eq!(groups, sampled(1));
        for (at, &want) in exact.iter().enumerate() {
            let cells: Vec<f64> = groups.iter().skip(at).step_by(exact.len()).copied().collect();
            let mean = cells.iter().sum::<f64>() / 50.0;
            let variance = cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f64>() / 49.0;
            // 98 cells at five standard errors with 49 degrees of freedom: 8e-4; the seed is fixed.
            assert!((mean - want).abs() <= 5.0 * (variance / 50.0).sqrt() + 1e-13, "{at}: {mean}, {want}");
        }
        for transform in exact.chunks_exact(m * m).chain(groups.chunks_exact(m * m)).take(12) {
            let row = |j: usize| (0..m).map(|i| transform[i * m + j]).sum::<f64>();
            let sums: Vec<f64> = (0..m).map(row).collect();
            let is_of =
                |output: usize| (0..m).all(|j| (sums[j] - coefficients[output * m + j]).abs() < 1e-13);
            assert!(is_of(0) || is_of(1), "{sums:?}");
        }
    }
}
