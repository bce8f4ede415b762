//! Universal kriging: a Gaussian process beside free terms, fitted to exact worths and read through functionals.
//!
//! Targets `t = X b + g + noise`, `g` with covariance `s2 K`, noise `s2 lambda`, `b` free. With `C = K + lambda I`
//!
//! $$ b = (X'C^{-1}X)^{-1} X'C^{-1} t, \qquad \alpha = C^{-1}(t - Xb) = Qt, \qquad
//! s_2 = \frac{t'Qt}{\nu}, \qquad Q = C^{-1} - C^{-1}X(X'C^{-1}X)^{-1}X'C^{-1} $$
//!
//! A functional that reads `h` from the free terms and covaries as `a` with the rows and as `G` with itself is
//! `h'b + a'alpha`, with variance `s2 (G - a'C^-1 a + T'(X'C^-1X)^-1 T)`, `T = h - X'C^-1 a` (Rasmussen, Williams
//! 2006, "Gaussian processes for machine learning", section 2.7).

use crate::linalg::{Cholesky, Matrix, Square, product, transposed_product};

/// Functionals of a process, one a column.
pub(super) struct Functionals {
    /// Covariances with the rows: `(rows, functionals)`.
    pub(super) of_rows: Matrix,
    /// What is read from the free terms: `(free terms, functionals)`.
    pub(super) of_free: Matrix,
    /// Covariance of each with itself.
    pub(super) prior: Vec<f64>,
}

/// Functionals as read: means and variances, `(functionals, outputs)`.
pub(super) struct Read {
    pub(super) means: Matrix,
    pub(super) variances: Matrix,
}

/// A fitted process.
pub(super) struct Kriging {
    factor: Cholesky,
    /// `L^-1 X`.
    basis: Matrix,
    /// Factor of `X'C^-1 X`.
    information: Cholesky,
    free: Matrix,
    alpha: Matrix,
    /// `t'Qt`, one an output.
    misfits: Vec<f64>,
}

impl Kriging {
    /// The process with covariances `kernel + diag(noise)`; None where that is not positive definite or the free
    /// terms are not independent.
    pub(super) fn new(
        kernel: &Matrix,
        noise: impl Fn(usize) -> f64,
        basis: &Matrix,
        targets: &Matrix,
    ) -> Option<Self> {
        let n_rows = kernel.n_rows();
        let mut lower = Square::zeros(n_rows);
        for row in 0..n_rows {
            lower.row_mut(row)[..=row].copy_from_slice(&kernel.row(row)[..=row]);
            lower.row_mut(row)[row] += noise(row);
        }
        let factor = Cholesky::new(lower)?;
        let mut basis = basis.clone();
        factor.solve_lower(&mut basis);
        let information = Cholesky::new(as_square(&transposed_product(&basis, &basis)))?;
        let mut residuals = targets.clone();
        factor.solve_lower(&mut residuals);
        let mut free = Matrix::zeros(basis.n_columns(), targets.n_columns());
        // A second round takes back what the normal equations round away.
        for _ in 0..2 {
            let mut step = transposed_product(&basis, &residuals);
            information.solve_lower(&mut step);
            information.solve_upper(&mut step);
            subtract(&mut residuals, &product(&basis, &step));
            add(&mut free, &step);
        }
        let misfits = (0..targets.n_columns()).map(|output| squares_of(&residuals, output)).collect();
        let mut alpha = residuals;
        factor.solve_upper(&mut alpha);
        Some(Self { factor, basis, information, free, alpha, misfits })
    }

    /// Rows beyond the free terms.
    pub(super) fn degrees(&self) -> usize {
        self.basis.n_rows() - self.basis.n_columns()
    }

    /// `(rows, outputs)`.
    pub(super) fn alpha(&self) -> &Matrix {
        &self.alpha
    }

    /// The logarithm of the restricted likelihood, but for a constant; the scale is integrated out of it.
    pub(super) fn ln_likelihood(&self) -> f64 {
        let n_outputs = self.misfits.len() as f64;
        let misfits: f64 = self.misfits.iter().map(|misfit| misfit.ln()).sum();
        let likelihood = -0.5 * self.degrees() as f64 * misfits
            - 0.5 * n_outputs * (self.factor.ln_det() + self.information.ln_det());
        if likelihood.is_finite() { likelihood } else { f64::NEG_INFINITY }
    }

    /// The scale `s2`, one an output.
    pub(super) fn scales(&self) -> Vec<f64> {
        self.misfits.iter().map(|misfit| misfit / self.degrees() as f64).collect()
    }

    /// What some rows are missed by when each is left out, `(Qt)_r / Q_rr`, and `Q_rr`.
    pub(super) fn left_out(&self, rows: &[usize]) -> (Matrix, Vec<f64>) {
        let mut units = Matrix::zeros(self.alpha.n_rows(), rows.len());
        rows.iter().enumerate().for_each(|(column, &row)| units.row_mut(row)[column] = 1.0);
        self.factor.solve_lower(&mut units);
        let mut of_free = transposed_product(&self.basis, &units);
        self.information.solve_lower(&mut of_free);
        let certainties: Vec<f64> = (0..rows.len())
            .map(|column| {
                let whole = squares_of(&units, column);
                (whole - squares_of(&of_free, column)).max(1e-9 * whole)
            })
            .collect();
        let missed = Matrix::from_fn(rows.len(), self.misfits.len(), |place, output| {
            self.alpha.row(rows[place])[output] / certainties[place]
        });
        (missed, certainties)
    }

    /// Read functionals; their variances are in units of the targets, squared.
    pub(super) fn read(&self, functionals: Functionals) -> Read {
        let Functionals { mut of_rows, of_free, mut prior } = functionals;
        let mut means = transposed_product(&of_rows, &self.alpha);
        add(&mut means, &transposed_product(&of_free, &self.free));
        self.factor.solve_lower(&mut of_rows);
        let mut missed = of_free;
        subtract(&mut missed, &transposed_product(&self.basis, &of_rows));
        self.information.solve_lower(&mut missed);
        for (factor, rows) in [(-1.0, &of_rows), (1.0, &missed)] {
            for row in 0..rows.n_rows() {
                prior.iter_mut().zip(rows.row(row)).for_each(|(sum, cell)| *sum += factor * cell * cell);
            }
        }
        let scales = self.scales();
        let variances = Matrix::from_fn(prior.len(), scales.len(), |which, output| {
            scales[output] * prior[which].max(0.0)
        });
        Read { means, variances }
    }
}

fn as_square(matrix: &Matrix) -> Square {
    let mut square = Square::zeros(matrix.n_rows());
    for row in 0..matrix.n_rows() {
        square.row_mut(row)[..matrix.n_columns()].copy_from_slice(matrix.row(row));
    }
    square
}

fn add(to: &mut Matrix, what: &Matrix) {
    for row in 0..to.n_rows() {
        to.row_mut(row).iter_mut().zip(what.row(row)).for_each(|(to, what)| *to += what);
    }
}

fn subtract(from: &mut Matrix, what: &Matrix) {
    for row in 0..from.n_rows() {
        from.row_mut(row).iter_mut().zip(what.row(row)).for_each(|(from, what)| *from -= what);
    }
}

fn squares_of(matrix: &Matrix, column: usize) -> f64 {
    (0..matrix.n_rows()).map(|row| matrix.row(row)[column].powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn random(n_rows: usize, n_columns: usize, seed: u64) -> Matrix {
        let mut stream = Stream::new(seed, Purpose::Order, 0, n_columns as u64);
        let mut matrix = Matrix::zeros(n_rows, n_columns);
        for row in 0..n_rows {
            let cells = matrix.row_mut(row).iter_mut();
            cells.for_each(|cell| *cell = (stream.word() >> 11) as f64 / 2f64.powi(52) - 1.0);
        }
        matrix
    }

    /// `t = X b + F w + noise`, `w ~ N(0, diag(d))`, `b ~ N(0, 1e8)`: the posterior of `h'b + g'w` by Bayes' rule.
    #[test]
    fn reads_are_the_posterior_of_the_linear_model() {
        let (n_rows, n_free, n_terms, noise) = (12, 3, 9, 0.3);
        let (basis, features) = (random(n_rows, n_free, 1), random(n_rows, n_terms, 2));
        let (targets, reads) = (random(n_rows, 2, 3), random(n_free + n_terms, 4, 4));
        let variances: Vec<f64> = (0..n_terms).map(|term| 0.1 + 0.2 * term as f64).collect();
        let scaled = Matrix::from_fn(n_rows, n_terms, |row, term| features.row(row)[term] * variances[term]);
        let kernel = product(&scaled, &features.transposed());
        let kriging = Kriging::new(&kernel, |_| noise, &basis, &targets).unwrap();
        let of_terms = Matrix::from_fn(n_terms, 4, |term, which| reads.row(n_free + term)[which]);
        let functionals = Functionals {
            of_rows: product(&scaled, &of_terms),
            of_free: Matrix::from_fn(n_free, 4, |term, which| reads.row(term)[which]),
            prior: (0..4)
                .map(|which| (0..n_terms).map(|t| variances[t] * of_terms.row(t)[which].powi(2)).sum())
                .collect(),
        };
        let read = kriging.read(functionals);
        // Bayes: precision = A'A / noise + diag(1 / prior), over free terms and all others together.
        let all = Matrix::from_fn(n_rows, n_free + n_terms, |row, term| {
            if term < n_free { basis.row(row)[term] } else { features.row(row)[term - n_free] }
        });
        let mut precision = as_square(&transposed_product(&all, &all));
        for term in 0..n_free + n_terms {
            precision.row_mut(term).iter_mut().for_each(|cell| *cell /= noise);
            precision.row_mut(term)[term] +=
                if term < n_free { 1e-8 } else { 1.0 / variances[term - n_free] };
        }
        let factor = Cholesky::new(precision).unwrap();
        let mut mean = transposed_product(&all, &targets);
        factor.solve_lower(&mut mean);
        factor.solve_upper(&mut mean);
        let mut spread = reads.clone();
        factor.solve_lower(&mut spread);
        let scales = kriging.scales();
        for which in 0..4 {
            for (output, scale) in scales.iter().enumerate() {
                let want: f64 =
                    (0..n_free + n_terms).map(|t| reads.row(t)[which] * mean.row(t)[output] / noise).sum();
                // The flat prior is 1e8 wide, and the numbers are near 1.
                assert!(
                    (read.means.row(which)[output] - want).abs() < 1e-6,
                    "{} {want}",
                    read.means.row(which)[output]
                );
                let variance = scale * squares_of(&spread, which);
                assert!((read.variances.row(which)[output] - variance).abs() < 1e-6 * variance.max(1.0));
            }
        }
    }

    #[test]
    fn rows_left_out_are_missed_as_by_a_fit_without_them() {
        let (n_rows, n_free) = (10, 2);
        let features = random(n_rows, 6, 5);
        let (kernel, basis) = (product(&features, &features.transposed()), random(n_rows, n_free, 6));
        let targets = random(n_rows, 1, 7);
        let all: Vec<usize> = (0..n_rows).collect();
        let (missed, _) = Kriging::new(&kernel, |_| 0.1, &basis, &targets).unwrap().left_out(&all);
        for out in 0..n_rows {
            let kept: Vec<usize> = (0..n_rows).filter(|&row| row != out).collect();
            let take = |matrix: &Matrix| {
                Matrix::from_fn(n_rows - 1, matrix.n_columns(), |row, j| matrix.row(kept[row])[j])
            };
            let inner = Matrix::from_fn(n_rows - 1, n_rows - 1, |row, j| kernel.row(kept[row])[kept[j]]);
            let fit = Kriging::new(&inner, |_| 0.1, &take(&basis), &take(&targets)).unwrap();
            let read = fit.read(Functionals {
                of_rows: Matrix::from_fn(n_rows - 1, 1, |row, _| kernel.row(kept[row])[out]),
                of_free: Matrix::from_fn(n_free, 1, |term, _| basis.row(out)[term]),
                prior: vec![kernel.row(out)[out]],
            });
            let want = targets.row(out)[0] - read.means.row(0)[0];
            // Ten rows, noise a tenth of the rest: the condition number is below 1e3.
            assert!((missed.row(out)[0] - want).abs() < 1e-11, "{out}: {} {want}", missed.row(out)[0]);
        }
    }
}
