//! Least squares on single players and a few terms, and whether to believe them.

use super::terms::{Term, strongest};
use crate::error::Error;
use crate::estimate::odd_gp::{Data, OddModel};
use crate::linalg::{Cholesky, Matrix, Square, product, symmetric_product, transposed_product};
use crate::parallel::Workers;

/// Shares of the pairs that terms are granted, as divisors.
const DIVISORS: [usize; 3] = [20, 10, 5];
/// Columns are fewer than this share of the pairs.
const MOST_COLUMNS: f64 = 0.7;
/// The refit is accepted where its leave-one-out errors are below this share of those of kriging. At a half,
/// two of sixteen games came out 1.5 times worse: terms that were chosen by the same pairs flatter their errors.
const ACCEPTED: f64 = 0.2;
/// Leave-one-out errors are compared on at least this many pairs, none of the star.
const LEAST_COMPARED: usize = 8;
/// Half-differences must take at least this many values. Those of voting games take two or three, and agree with a few
/// terms by chance: of fifteen such games of nine players nine were refitted at `4 n` and at `8 n`, and their intervals
/// held 3 % of the values.
const LEAST_VALUES: usize = 8;
/// Half-differences that are nearer to each other than this, relative to the largest, are one value.
const SAME: f64 = 1e-9;
/// Columns that are told apart less than this, in squares, are the same on these pairs.
const INDEPENDENT: f64 = 1e-6;
/// `1 - h` is taken to be at least this.
const LEAST_SLACK: f64 = 1e-9;

/// An accepted refit of one output.
#[derive(Debug)]
pub(super) struct Refit {
    pub(super) values: Vec<f64>,
    pub(super) std_errors: Vec<f64>,
    pub(super) interval_df: f64,
    pub(super) gap: f64,
}

/// The refits of all outputs of a row, where they are accepted.
pub(super) fn all(data: &Data, model: &OddModel, workers: &Workers<'_>) -> Result<Vec<Option<Refit>>, Error> {
    let n_outputs = data.n_outputs();
    let nothing = || (0..n_outputs).map(|_| None).collect();
    let compared: Vec<usize> = (0..data.n_pairs()).filter(|&pair| !data.is_star[pair]).collect();
    if compared.len() < LEAST_COMPARED || n_terms(data, 0).is_empty() {
        return Ok(nothing());
    }
    let left_out = model.left_out(workers)?;
    let mut refits = Vec::with_capacity(n_outputs);
    for output in 0..n_outputs {
        workers.check()?;
        let of_kriging: Vec<f64> = left_out.iter().skip(output).step_by(n_outputs).copied().collect();
        let bar = ACCEPTED * root_mean_square(&of_kriging, &compared);
        let targets = compared.iter().map(|&pair| data.targets[pair * n_outputs + output]).collect();
        let refit = if bar > 0.0 && takes_many_values(targets) {
            of_output(data, model, output, &compared, bar)
        } else {
            None
        };
        refits.push(refit);
    }
    Ok(refits)
}

fn takes_many_values(mut targets: Vec<f64>) -> bool {
    targets.sort_by(f64::total_cmp);
    let largest = targets.iter().fold(0.0_f64, |most, target| most.max(target.abs()));
    let steps = targets.windows(2).filter(|pair| pair[1] - pair[0] > SAME * largest).count();
    steps + 1 >= LEAST_VALUES
}

/// How many terms are tried, ascending.
fn n_terms(data: &Data, found: usize) -> Vec<usize> {
    let (n, p) = (data.coalitions.n_players(), data.n_pairs());
    let most = if found == 0 { usize::MAX } else { found };
    let mut counts: Vec<usize> = DIVISORS.iter().map(|divisor| (p / divisor).min(most)).collect();
    counts.retain(|&count| count > 0 && ((n + count) as f64) < MOST_COLUMNS * p as f64);
    counts.dedup();
    counts
}

fn of_output(data: &Data, model: &OddModel, output: usize, compared: &[usize], bar: f64) -> Option<Refit> {
    let n = data.coalitions.n_players();
    let terms = strongest(model, output, *n_terms(data, 0).last()?);
    let counts = n_terms(data, terms.len());
    let system = System::new(data, model, output, &terms[..*counts.last()?])?;
    let mut best: Option<(f64, Fit)> = None;
    for count in counts {
        let fit = system.fit(n + count);
        let error = system.unit * root_mean_square(&fit.left_out, compared);
        if error < best.as_ref().map_or(bar, |(least, _)| *least) {
            best = Some((error, fit));
        }
    }
    let (_, fit) = best?;
    Some(system.refit(&fit, &terms, n, data.grand[output], compared))
}

fn root_mean_square(errors: &[f64], rows: &[usize]) -> f64 {
    (rows.iter().map(|&row| errors[row] * errors[row]).sum::<f64>() / rows.len() as f64).sqrt()
}

/// Regression of the half-differences on columns of signs, under the constraint that the coefficients add up to
/// `-D / 2`, what they say of the empty coalition.
///
/// With `A'A = LL'` the columns of `Q = A L'^-1` are orthonormal, and the fit to the first `m` columns of `A` is that
/// to the first `m` of `Q`: one factor serves all numbers of terms. With `u = L^-1 1` the constraint on the
/// coordinates `w` is `u'w = -D / 2`.
struct System {
    /// Half-differences and `-D / 2` are divided by it: a power of two near the largest.
    unit: f64,
    targets: Vec<f64>,
    total: f64,
    /// `A`: `(pairs, columns)`.
    columns: Matrix,
    factor: Cholesky,
    /// `Q'`: `(columns, pairs)`.
    basis: Matrix,
    /// `u`.
    ones: Vec<f64>,
}

/// The fit to the first columns.
struct Fit {
    n_columns: usize,
    /// `w` of the columns.
    coordinates: Vec<f64>,
    residuals: Vec<f64>,
    /// `1 - h`, a pair.
    slacks: Vec<f64>,
    /// Residuals in the fits to all other pairs.
    left_out: Vec<f64>,
}

impl System {
    /// All single players, then the terms; None where they are not independent on these pairs.
    fn new(data: &Data, model: &OddModel, output: usize, terms: &[Term]) -> Option<Self> {
        let (n, p, n_outputs) = (data.coalitions.n_players(), data.n_pairs(), data.n_outputs());
        let raw = data.targets.iter().skip(output).step_by(n_outputs);
        let unit = power_of_two(raw.clone().fold(data.grand[output].abs(), |most, o| most.max(o.abs())))?;
        let signs = model.weights().0; // that of the empty coalition first
        let columns = Matrix::from_fn(p, n + terms.len(), |r, c| {
            let signs = signs.row(r + 1);
            if c < n { signs[c] } else { terms[c - n].sign(signs) }
        });
        let mut basis = columns.transposed();
        let mut gram = Square::zeros(n + terms.len());
        symmetric_product(&basis, &basis, &mut gram);
        let factor = Cholesky::new(gram)?;
        let independent = |i: usize| factor.factor(i, i).powi(2) > INDEPENDENT * p as f64;
        if !(0..factor.n()).all(independent) {
            return None;
        }
        factor.solve_lower(&mut basis);
        let mut ones = Matrix::from_fn(factor.n(), 1, |_, _| 1.0);
        factor.solve_lower(&mut ones);
        Some(Self {
            unit,
            targets: raw.map(|o| o / unit).collect(),
            total: -0.5 * data.grand[output] / unit,
            columns,
            basis,
            ones: (0..factor.n()).map(|i| ones.row(i)[0]).collect(),
            factor,
        })
    }

    /// The fit to the first `n_columns`.
    fn fit(&self, n_columns: usize) -> Fit {
        let p = self.targets.len();
        let mut coordinates: Vec<f64> =
            (0..n_columns).map(|i| dot(self.basis.row(i), &self.targets)).collect();
        self.constrain(&mut coordinates, self.total);
        let squares = dot(&self.ones[..n_columns], &self.ones[..n_columns]);
        let (mut fitted, mut leverages, mut along) = (vec![0.0; p], vec![0.0; p], vec![0.0; p]);
        for (i, coordinate) in coordinates.iter().enumerate() {
            for (r, q) in self.basis.row(i).iter().enumerate() {
                fitted[r] += coordinate * q;
                leverages[r] += q * q;
                along[r] += self.ones[i] * q;
            }
        }
        let residuals: Vec<f64> = self.targets.iter().zip(&fitted).map(|(o, fitted)| o - fitted).collect();
        let slack = |(h, g): (&f64, &f64)| (1.0 - h + g * g / squares).max(LEAST_SLACK);
        let slacks: Vec<f64> = leverages.iter().zip(&along).map(slack).collect();
        let left_out = residuals.iter().zip(&slacks).map(|(residual, slack)| residual / slack).collect();
        Fit { n_columns, coordinates, residuals, slacks, left_out }
    }

    /// Step along `u` to `u'w = total`.
    fn constrain(&self, coordinates: &mut [f64], total: f64) {
        let ones = &self.ones[..coordinates.len()];
        let step = (total - dot(ones, coordinates)) / dot(ones, ones);
        coordinates.iter_mut().zip(ones).for_each(|(w, one)| *w += step * one);
    }

    /// `L'^-1 w`: the coefficients of all columns, zero past those of the fit.
    fn coefficients(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut padded = Matrix::zeros(self.factor.n(), 1);
        coordinates.iter().enumerate().for_each(|(i, w)| padded.row_mut(i)[0] = *w);
        self.factor.solve_upper(&mut padded);
        (0..coordinates.len()).map(|i| padded.row(i)[0]).collect()
    }

    /// Coefficients, then a second step from residuals that are computed anew, which mends what rounding spoilt.
    fn refined(&self, fit: &Fit) -> Vec<f64> {
        let mut coefficients = self.coefficients(&fit.coordinates);
        let residuals: Vec<f64> = (0..self.targets.len())
            .map(|r| self.targets[r] - dot(&self.columns.row(r)[..fit.n_columns], &coefficients))
            .collect();
        let mut step: Vec<f64> = (0..fit.n_columns).map(|i| dot(self.basis.row(i), &residuals)).collect();
        self.constrain(&mut step, self.total - coefficients.iter().sum::<f64>());
        coefficients.iter_mut().zip(self.coefficients(&step)).for_each(|(c, step)| *c += step);
        coefficients
    }

    /// Values and errors: `phi_i = -2 sum of c_U / |U| over the columns U that hold i`.
    ///
    /// The variance has two parts. What the pairs drawn do to the coefficients is HC3:
    /// `sum_r (e_ir r_r / (1 - h_r))^2`, `e = R L'^-1 (I - uu' / u'u) Q'` for the read-out `R`. And what the columns
    /// lack shows in the residuals, of variance `s^2`, but its place is not known: as terms of three players each,
    /// spread evenly over all of them, it adds `4 s^2 / (3 n)`.
    fn refit(&self, fit: &Fit, terms: &[Term], n: usize, grand: f64, compared: &[usize]) -> Refit {
        let m = fit.n_columns;
        let share = |i: usize, column: usize| match column.checked_sub(n) {
            None => {
                if column == i {
                    -2.0
                } else {
                    0.0
                }
            }
            Some(term) => {
                let members = terms[term].members();
                if members.contains(&i) { -2.0 / members.len() as f64 } else { 0.0 }
            }
        };
        let coefficients = self.refined(fit);
        let mut values: Vec<f64> = (0..n)
            .map(|i| self.unit * coefficients.iter().enumerate().map(|(c, b)| share(i, c) * b).sum::<f64>())
            .collect();
        let gap = grand - values.iter().sum::<f64>();
        for value in &mut values {
            *value += gap / n as f64;
        }

        let mut readout = Matrix::from_fn(self.factor.n(), n, |c, i| if c < m { share(i, c) } else { 0.0 });
        self.factor.solve_lower(&mut readout);
        let readout = Matrix::from_fn(m, n, |c, i| readout.row(c)[i]);
        let ones = Matrix::from_fn(1, m, |_, c| self.ones[c]);
        let along = product(&ones, &readout);
        let squares = dot(ones.row(0), ones.row(0));
        let readout =
            Matrix::from_fn(m, n, |c, i| readout.row(c)[i] - ones.row(0)[c] * along.row(0)[i] / squares);
        let basis = Matrix::from_fn(m, self.targets.len(), |c, r| self.basis.row(c)[r]);
        let effects = transposed_product(&readout, &basis);
        let unexplained = compared.iter().map(|&r| fit.residuals[r] * fit.residuals[r] / fit.slacks[r]);
        let lacking = 4.0 / (3.0 * n as f64) * unexplained.sum::<f64>() / compared.len() as f64;
        let error = |i: usize| {
            let drawn = effects.row(i).iter().zip(&fit.left_out).map(|(e, r)| (e * r) * (e * r));
            self.unit * (drawn.sum::<f64>() + lacking).sqrt()
        };
        Refit {
            values,
            std_errors: (0..n).map(error).collect(),
            interval_df: (self.targets.len() + 1 - m) as f64,
            gap,
        }
    }
}

/// The power of two below a positive number; None unless it is positive and finite.
fn power_of_two(number: f64) -> Option<f64> {
    (number > 0.0 && number.is_finite()).then(|| number.log2().floor().clamp(-1000.0, 1000.0).exp2())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
