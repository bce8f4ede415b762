//! From processes to an index: pairs by their read-out, single players by what the index leaves them.
//!
//! The half-sums know all terms of even degree, the half-differences all of odd degree, and what is read from one
//! does not vary with the other. With `I_i = sum_j I_ij / 2`:
//!
//! | index | player `i` alone | pairs from |
//! |---|---|---|
//! | SII, BII | the Shapley, the Banzhaf value | half-sums |
//! | k-SII, FSII; FBII | the Shapley value less `I_i`; the Banzhaf value less `I_i` | half-sums |
//! | STII | `v({i}) - v({})` | both |
//!
//! The first line of FSII and FBII holds because least squares with weights that do not tell `S` from its complement
//! fit both halves apart.

use super::fit::Fitted;
use super::readout::{Measure, for_each_pair, pairs_and_sums};
use crate::index::Interaction;
use crate::linalg::Matrix;

/// Means and variances, `(functionals, outputs)`.
pub(super) struct Parts {
    pub(super) means: Matrix,
    pub(super) variances: Matrix,
}

impl Parts {
    pub(super) fn zeros(count: usize, n_outputs: usize) -> Self {
        Self { means: Matrix::zeros(count, n_outputs), variances: Matrix::zeros(count, n_outputs) }
    }

    fn rows(&self, first: usize, count: usize, factor: f64) -> Self {
        let part = |matrix: &Matrix, factor: f64| {
            Matrix::from_fn(count, matrix.n_columns(), |row, output| factor * matrix.row(first + row)[output])
        };
        Self { means: part(&self.means, factor), variances: part(&self.variances, factor * factor) }
    }

    /// Add `factor` times what varies independently.
    pub(super) fn add(&mut self, other: &Self, factor: f64) {
        for row in 0..self.means.n_rows() {
            let cells = self.means.row_mut(row).iter_mut().zip(other.means.row(row));
            cells.for_each(|(to, from)| *to += factor * from);
            let cells = self.variances.row_mut(row).iter_mut().zip(other.variances.row(row));
            cells.for_each(|(to, from)| *to += factor * factor * from);
        }
    }
}

/// Pairs of one parity, and the halves of their sums over each player's pairs.
pub(super) struct Pairs {
    pub(super) pairs: Parts,
    pub(super) half_sums: Parts,
}

impl Pairs {
    /// From functionals of all pairs and all players, by what they are to be multiplied.
    pub(super) fn cut(all: &Parts, n: usize, of_pairs: f64, of_sums: f64) -> Self {
        let n_pairs = n * (n - 1) / 2;
        Self { pairs: all.rows(0, n_pairs, of_pairs), half_sums: all.rows(n_pairs, n, of_sums) }
    }
}

/// Read the pairs of a fitted process, a quarter of each, then their sums over each player's pairs.
pub(super) fn pairs_of(fitted: &Fitted, signs: &Matrix, measure: &Measure) -> Parts {
    fitted.read(pairs_and_sums(signs, &fitted.rho, fitted.terms, measure))
}

/// One row's interactions.
pub(super) struct Sets {
    pub(super) singles: Parts,
    pub(super) pairs: Parts,
    /// Variances of what SII and BII leave to each player in a matrix whose rows sum to the values; of the
    /// singles themselves under the other indices: `(players, outputs)`.
    pub(super) diagonal_variances: Matrix,
}

/// Put an index together from the values that it extends and the pairs of the even terms.
pub(super) fn with_values(index: Interaction, values: Parts, even: Pairs) -> Sets {
    let mut rest = values.rows(0, values.means.n_rows(), 1.0);
    rest.add(&even.half_sums, -1.0);
    let diagonal_variances = rest.variances.clone();
    let singles = if matches!(index, Interaction::Sii | Interaction::Bii) { values } else { rest };
    Sets { singles, pairs: even.pairs, diagonal_variances }
}

/// STII: what players are worth alone is known, `alone (players, outputs)`, and all sets share `grand`.
///
/// The processes miss the players' own worths by `missed (players, outputs)`: a player's share of what pairs add
/// up to is off by as much, and his `n - 1` pairs make it up alike.
pub(super) fn taylor(alone: Matrix, missed: &Matrix, grand: &[f64], even: Pairs, odd: &Pairs) -> Sets {
    let (n, n_outputs) = (alone.n_rows(), alone.n_columns());
    let mut pairs = even.pairs;
    pairs.add(&odd.pairs, 1.0);
    let others = (n - 1) as f64;
    for_each_pair(n, |which, i, j| {
        let cells = pairs.means.row_mut(which).iter_mut().zip(missed.row(i)).zip(missed.row(j));
        cells.for_each(|((pair, of_i), of_j)| *pair -= (of_i + of_j) / others);
    });
    for (output, grand) in grand.iter().enumerate() {
        let column = |matrix: &Matrix| (0..matrix.n_rows()).map(|row| matrix.row(row)[output]).sum::<f64>();
        let gap = (grand - column(&alone) - column(&pairs.means)) / pairs.means.n_rows() as f64;
        (0..pairs.means.n_rows()).for_each(|row| pairs.means.row_mut(row)[output] += gap);
    }
    let singles = Parts { variances: Matrix::zeros(n, n_outputs), means: alone };
    Sets { diagonal_variances: singles.variances.clone(), singles, pairs }
}
