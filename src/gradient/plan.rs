//! How many gradients are taken where: regimes, stages, replicates, controls.

use super::allocation::allocate;
use super::check;
use super::layout::Layout;
use crate::error::Error;

/// A run that doubles begins with at least so many points a row: fewer have no standard error worth looking at.
const LEAST_BEGINNING: u64 = 16;
/// Controls at most: a constant, the position, two scores.
pub(super) const CONTROLS: usize = 4;
/// Gradients that the prior of the controls is worth: of the sequence, and of the lattice, whose own errors are
/// smaller than what a fit on few positions adds (measured; less loses on smooth saturated outputs).
const PSEUDO_POINTS: [f64; 2] = [8.0, 32.0];

/// The design of the points of every row, in stages that double their number.
///
/// **Stratified**, where every background row can have a point of its own (`n_points >= B` and the weights are not too
/// unequal): background row `b` has `n_b` evenly spaced positions `(j + o_b) / n_b`, each of weight `w_b / n_b`, where the
/// offsets `o_b = frac(rank_b g + U)`, `g` the golden ratio, spread neighbours in the background's order over the
/// circle. Replicate `(j + rank_b) mod R`. A doubling adds the points half a step further, their `j` counted on from
/// `n_b` for the replicate: the union is the lattice of `2 n_b` points with offset `frac(2 o_b)`.
///
/// **Sequence** otherwise: point `k` is that of an extensible rank-1 lattice over (the background in its order, the
/// position), all of weight `1/N`; replicates are consecutive parts of a stage.
///
/// Both are unbiased over the row's shift: each position is uniform on its cell, and background row `b` carries weight
/// `w_b`. A run stays in the regime that its full budget chooses. A row's shift depends on the seed and the row's key
/// alone. Memory: one number a point of the first stage.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) weights: Vec<f64>,
    pub(super) ranks: Vec<u32>,
    /// Of each background row; 0 where there is no such component.
    pub(super) scores: Vec<[f64; 2]>,
    pub(super) seed: u64,
    first_points: u64,
    n_stages: u32,
    n_replicates: u8,
    n_controls: usize,
    pub(super) layout: Layout,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// Weights of the background rows: positive, of any sum.
    pub weights: &'a [f64],
    /// Their ranks in the background's order.
    pub ranks: &'a [u32],
    /// Their principal scores, `(B, J)`, `J` at most 2; None for a plan without controls.
    pub scores: Option<&'a [f64]>,
    /// Gradients of a row that are granted.
    pub n_points: u64,
    /// Replicates wanted; at most half the points of the first stage are made.
    pub n_replicates: u8,
    /// The seed.
    pub seed: u64,
    /// Begin with fewer points, to stop early.
    pub is_doubling: bool,
}

impl Plan {
    /// Plan the gradients of every row.
    ///
    /// With `is_doubling` the first stage has `floor(n_points / 2^m)` points, `m` the largest that leaves 16 of them
    /// and a point for every background row (where the full budget has one), and `m` doublings follow.
    pub fn new(design: &Design<'_>) -> Result<Self, Error> {
        let weights = normalised(design.weights)?;
        let rows = inverse(design.ranks, weights.len())?;
        let (scores, n_controls) = scores_of(design.scores, weights.len())?;
        let n_points = design.n_points;
        if n_points == 0 || n_points > 1 << 31 {
            let accepted = "between 1 and 2^31";
            return Err(Error::Parameter { argument: "n_points", got: n_points.to_string(), accepted });
        }
        if design.n_replicates == 0 {
            let accepted = "between 1 and 255";
            return Err(Error::Parameter { argument: "n_replicates", got: "0".to_owned(), accepted });
        }
        let is_stratified = allocate(&weights, n_points).is_some();
        let leaves_enough = |doublings: &u32| {
            let first = n_points >> doublings;
            first >= LEAST_BEGINNING && (!is_stratified || allocate(&weights, first).is_some())
        };
        let doublings = if design.is_doubling { (0..31).rev().find(leaves_enough).unwrap_or(0) } else { 0 };
        let first_points = n_points >> doublings;
        let layout = match allocate(&weights, first_points).filter(|_| is_stratified) {
            Some(counts) => Layout::stratified(counts, &rows),
            None => Layout::sequence(rows, &weights),
        };
        let most = u8::try_from((first_points / 2).clamp(1, 255)).unwrap_or(u8::MAX);
        Ok(Self {
            weights,
            ranks: design.ranks.to_vec(),
            scores,
            seed: design.seed,
            first_points,
            n_stages: doublings + 1,
            n_replicates: design.n_replicates.min(most),
            n_controls,
            layout,
        })
    }

    /// Has every background row positions of its own?
    pub fn is_stratified(&self) -> bool {
        matches!(self.layout, Layout::Stratified { .. })
    }

    /// How many stages there are: one, and one a doubling.
    pub fn n_stages(&self) -> u32 {
        self.n_stages
    }

    /// Parts into which a row's points are cut for standard errors.
    pub fn n_replicates(&self) -> u8 {
        self.n_replicates
    }

    /// Numbers that a point has for the controls, `K`.
    pub fn n_controls(&self) -> usize {
        self.n_controls
    }

    /// Gradients that the prior of all controls but the first is worth.
    pub(super) fn pseudo_points(&self) -> f64 {
        PSEUDO_POINTS[usize::from(self.is_stratified())]
    }

    /// Weights of the background rows, which sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Points of a row up to and including a stage.
    pub fn n_points(&self, stage: u32) -> u64 {
        self.first_points << stage
    }

    /// Points of a row that a stage adds, and those before it.
    pub(super) fn own_points(&self, stage: u32) -> (u64, u64) {
        match stage {
            0 => (self.first_points, 0),
            _ => (self.n_points(stage - 1), self.n_points(stage - 1)),
        }
    }

    /// Least and most positions of a background row, up to and including a stage; in the sequence regime 0 and the
    /// most that a row expects, rounded up.
    pub fn positions(&self, stage: u32) -> (u64, u64) {
        match &self.layout {
            Layout::Stratified { counts, .. } => {
                let least = counts.iter().min().copied().unwrap_or(0);
                let most = counts.iter().max().copied().unwrap_or(0);
                (least << stage, most << stage)
            }
            Layout::Sequence { .. } => {
                let most = self.weights.iter().copied().fold(0.0, f64::max) * self.n_points(stage) as f64;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most N")]
                (0, most.ceil() as u64)
            }
        }
    }

    /// Refuse a stage that the plan has not.
    pub fn check_stage(&self, stage: u32) -> Result<(), Error> {
        if stage < self.n_stages {
            return Ok(());
        }
        let got = stage.to_string();
        Err(Error::Parameter { argument: "stage", got, accepted: "below `n_stages`" })
    }
}

fn normalised(weights: &[f64]) -> Result<Vec<f64>, Error> {
    let total: f64 = weights.iter().sum();
    match weights.iter().find(|&&weight| !(weight > 0.0 && weight.is_finite())) {
        None if total.is_finite() && total > 0.0 => Ok(weights.iter().map(|weight| weight / total).collect()),
        wrong => {
            let got = wrong.map_or_else(|| total.to_string(), ToString::to_string);
            Err(Error::Parameter { argument: "weights", got, accepted: "positive, finite and at least one" })
        }
    }
}

/// The rows in the order of their ranks.
fn inverse(ranks: &[u32], n_rows: usize) -> Result<Vec<u32>, Error> {
    check("ranks", ranks.len(), n_rows)?;
    let mut rows = vec![u32::MAX; n_rows];
    for (row, &rank) in (0..).zip(ranks) {
        match rows.get_mut(rank as usize) {
            Some(place) if *place == u32::MAX => *place = row,
            _ => {
                let got = rank.to_string();
                return Err(Error::Parameter { argument: "ranks", got, accepted: "each of 0..B once" });
            }
        }
    }
    Ok(rows)
}

/// Two scores a row, and how many controls they make.
fn scores_of(scores: Option<&[f64]>, n_rows: usize) -> Result<(Vec<[f64; 2]>, usize), Error> {
    let Some(scores) = scores else { return Ok((vec![[0.0; 2]; n_rows], 0)) };
    let n_scores = scores.len() / n_rows.max(1);
    check("scores", scores.len(), n_scores.min(2) * n_rows)?;
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return Err(Error::Parameter { argument: "scores", got: score.to_string(), accepted: "finite" });
    }
    let of_row =
        |row: usize| std::array::from_fn(|j| if j < n_scores { scores[row * n_scores + j] } else { 0.0 });
    Ok(((0..n_rows).map(of_row).collect(), CONTROLS - 2 + n_scores))
}
