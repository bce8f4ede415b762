//! The strongest terms of a fitted process.

use crate::estimate::odd_gp::OddModel;
use crate::linalg::{Matrix, transposed_product};

/// Players of the largest length scales among whom terms of three are looked for.
const MOST_OF_THREE: usize = 40;
/// Players of the largest length scales among whom terms of five are looked for.
const MOST_OF_FIVE: usize = 10;

/// The players of a term, ascending: three or five.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    members: [usize; 5],
    size: usize,
}

impl Term {
    /// The players.
    pub(super) fn members(&self) -> &[usize] {
        &self.members[..self.size]
    }

    /// The sign of the term at a coalition, given those of its players.
    pub(super) fn sign(&self, signs: &[f64]) -> f64 {
        self.members().iter().map(|&player| signs[player]).product()
    }
}

/// The `count` terms to try first: by turns the one whose posterior mean `rho_U s_U` is largest in units of what the
/// prior expects of it, `sqrt(rho_U)`, and the one with the largest `|s_U|`, `s_U = sum_r alpha_r chi_U(S_r)`.
///
/// The first are what the process has understood; the second what it has not, as where its shape has given a player
/// up whose terms are then all expected to be tiny. (By the means themselves, terms of five come after accidents of
/// three.) All sets of three players, or of the 40 of largest `rho`, and all sets of five of the ten of largest
/// `rho`; `2 n^3` multiply-adds a pair.
pub(super) fn strongest(model: &OddModel, output: usize, count: usize) -> Vec<Term> {
    let rho = model.rho();
    let mut by_rho: Vec<usize> = (0..rho.len()).collect();
    by_rho.sort_by(|&a, &b| rho[b].total_cmp(&rho[a])); // stable: the first of equals comes first
    let first = |most: usize| {
        let mut players = by_rho[..most.min(rho.len())].to_vec();
        players.sort_unstable();
        players
    };
    let (signs, alpha) = model.weights();
    let alpha: Vec<f64> = (0..alpha.n_rows()).map(|r| alpha.row(r)[output]).collect();
    let mut found = threes(&first(MOST_OF_THREE), signs, &alpha);
    found.extend(fives(&first(MOST_OF_FIVE), signs, &alpha));
    let expected = |term: &Term| term.members().iter().map(|&player| rho[player]).product::<f64>().sqrt();
    let ranked = |strength: &dyn Fn(&(f64, Term)) -> f64| {
        let strengths: Vec<f64> = found.iter().map(strength).collect();
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|&a, &b| strengths[b].total_cmp(&strengths[a]));
        order
    };
    let understood = ranked(&|(sum, term)| expected(term) * sum.abs());
    let seen = ranked(&|(sum, _)| sum.abs());
    let mut is_taken = vec![false; found.len()];
    let by_turns = understood.into_iter().zip(seen).flat_map(|(one, other)| [one, other]);
    let fresh = by_turns.filter(|&place| !std::mem::replace(&mut is_taken[place], true));
    fresh.take(count).map(|place| found[place].1).collect()
}

/// `sum_r alpha_r chi_U(S_r)` of all sets of three: a product of matrices for each first player.
fn threes(players: &[usize], signs: &Matrix, alpha: &[f64]) -> Vec<(f64, Term)> {
    let of_players = Matrix::from_fn(alpha.len(), players.len(), |r, i| signs.row(r)[players[i]]);
    let mut found = Vec::new();
    for (i, &a) in players.iter().enumerate() {
        let weighted = Matrix::from_fn(alpha.len(), players.len(), |r, j| {
            alpha[r] * of_players.row(r)[i] * of_players.row(r)[j]
        });
        let sums = transposed_product(&weighted, &of_players);
        for (j, &b) in players.iter().enumerate().skip(i + 1) {
            for (k, &c) in players.iter().enumerate().skip(j + 1) {
                found.push((sums.row(j)[k], Term { members: [a, b, c, 0, 0], size: 3 }));
            }
        }
    }
    found
}

/// The same of all sets of five.
fn fives(players: &[usize], signs: &Matrix, alpha: &[f64]) -> Vec<(f64, Term)> {
    let mut found = Vec::new();
    for set in (0..1_usize << players.len()).filter(|set| set.count_ones() == 5) {
        let mut members = [0; 5];
        let chosen = players.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        members.iter_mut().zip(chosen).for_each(|(member, (_, &player))| *member = player);
        let term = Term { members, size: 5 };
        let sum = alpha.iter().enumerate().map(|(r, alpha)| alpha * term.sign(signs.row(r))).sum();
        found.push((sum, term));
    }
    found
}
