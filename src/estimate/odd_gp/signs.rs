//! The sign vectors of coalitions.

use crate::coalition::{Coalitions, contains};
use crate::linalg::Matrix;

/// `x_j(S)`: -1 where player `j` is in the coalition, else +1: `(coalitions, players)`.
#[derive(Debug, Clone)]
pub(super) struct Signs {
    signs: Matrix,
}

impl Signs {
    /// The signs of some coalitions.
    pub(super) fn new(coalitions: &Coalitions) -> Self {
        let sign = |i: usize, j: usize| if contains(coalitions.get(i), j) { -1.0 } else { 1.0 };
        Self { signs: Matrix::from_fn(coalitions.len(), coalitions.n_players(), sign) }
    }

    /// The signs of the empty coalition, then of the first `count` coalitions.
    pub(super) fn after_empty(coalitions: &Coalitions, count: usize) -> Self {
        let sign = |i: usize, j: usize| if i > 0 && contains(coalitions.get(i - 1), j) { -1.0 } else { 1.0 };
        Self { signs: Matrix::from_fn(count + 1, coalitions.n_players(), sign) }
    }

    /// Number of coalitions.
    pub(super) fn len(&self) -> usize {
        self.signs.n_rows()
    }

    /// Number of players.
    pub(super) fn n_players(&self) -> usize {
        self.signs.n_columns()
    }

    /// All signs.
    pub(super) fn matrix(&self) -> &Matrix {
        &self.signs
    }

    /// The first `count` rows.
    pub(super) fn first(&self, count: usize) -> Matrix {
        Matrix::from_fn(count, self.n_players(), |i, j| self.signs.row(i)[j])
    }

    /// The signs with each column multiplied by a factor of its own.
    pub(super) fn scaled(&self, factors: &[f64]) -> Matrix {
        Matrix::from_fn(self.len(), self.n_players(), |i, j| self.signs.row(i)[j] * factors[j])
    }
}
