//! Where gradients are taken: pairs of a background row and a position on the path from it to the explained row.

use super::allocation::allocate;
use super::check;
use crate::error::Error;
use crate::random::{Purpose, Stream};

/// The golden ratio's fractional part: multiples of it fill the circle most evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// `2^32`, what half a word is divided by.
const HALF_WORD: f64 = 4_294_967_296.0;
/// How far the position moves when the lattice moves by `2^-32` along the background (a rank-1 lattice of two
/// dimensions, good at every power of two).
const GENERATOR: u32 = 182_667;
/// A run that doubles begins with at least so many points a row: fewer have no standard error worth looking at.
const LEAST_BEGINNING: u64 = 16;

/// One place where the gradient is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathPoint {
    /// The background row that the path comes from.
    pub background: u32,
    /// The position on the path: 0 at the background row, 1 at the explained row.
    pub alpha: f64,
    /// Its weight among all points of its stage and of those before: they sum to 1.
    pub weight: f64,
    /// The replicate that it belongs to.
    pub replicate: u8,
}

/// All that is random about a row's points: two numbers of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// High half of the word.
    pub u: u32,
    /// Low half.
    pub v: u32,
}

impl Shift {
    /// The halves of one word.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
    pub fn of_word(word: u64) -> Self {
        Self { u: (word >> 32) as u32, v: word as u32 }
    }
}

/// The design of the points of every row, in stages that double their number.
///
/// **Stratified**, where every background row can have a point of its own (`n_points >= B` and the weights are not too
/// unequal): background row `b` has `n_b` evenly spaced positions `(j + o_b) / n_b`, each of weight `w_b / n_b`, where the
/// offsets `o_b = frac(rank_b g + U)`, `g` the golden ratio, spread neighbours in the background's order over the
/// circle. Replicate `(j + rank_b) mod R`. A doubling adds the points half a step further: the union is the lattice of
/// `2 n_b` points with offset `frac(2 o_b)`.
///
/// **Sequence** otherwise: point `k` is that of an extensible rank-1 lattice over (the background in its order, the
/// position), all of weight `1/N`; replicates are consecutive parts of a stage.
///
/// Both are unbiased over the row's shift: each position is uniform on its cell, and background row `b` carries weight
/// `w_b`. A run stays in the regime that its full budget chooses. A row's shift depends on the seed and the row's key
/// alone. Memory: one number a point and background row.
#[derive(Debug, Clone)]
pub struct Plan {
    weights: Vec<f64>,
    ranks: Vec<u32>,
    seed: u64,
    first_points: u64,
    n_stages: u32,
    n_replicates: u8,
    layout: Layout,
}

#[derive(Debug, Clone)]
enum Layout {
    /// Points are numbered along the background's order, those of one row together, at the first stage.
    Stratified {
        /// `n_b` of the first stage.
        counts: Vec<u64>,
        /// Number of the first point of a row.
        starts: Vec<u64>,
        /// The row that each point of the first stage belongs to.
        owners: Vec<u32>,
    },
    Sequence {
        /// Background rows in their order.
        rows: Vec<u32>,
        /// Weights of a row and those before it in the order.
        cumulative: Vec<f64>,
    },
}

impl Plan {
    /// Plan `n_points` gradients a row, over background rows of these weights and `ranks` in their order.
    ///
    /// With `is_doubling` the first stage has `floor(n_points / 2^m)` points, `m` the largest that leaves 16 of them
    /// and a point for every background row (where the full budget has one), and `m` doublings follow. `n_replicates`
    /// is capped at half the points of the first stage.
    pub fn new(
        weights: &[f64],
        ranks: &[u32],
        n_points: u64,
        n_replicates: u8,
        seed: u64,
        is_doubling: bool,
    ) -> Result<Self, Error> {
        let weights = normalised(weights)?;
        check("ranks", ranks.len(), weights.len())?;
        let rows = inverse(ranks)?;
        let points = |got: u64| Error::Parameter {
            argument: "n_points",
            got: got.to_string(),
            accepted: "between 1 and 2^31",
        };
        if n_points == 0 || n_points > 1 << 31 {
            return Err(points(n_points));
        }
        if n_replicates == 0 {
            let got = n_replicates.to_string();
            return Err(Error::Parameter { argument: "n_replicates", got, accepted: "between 1 and 255" });
        }
        let is_stratified = allocate(&weights, n_points).is_some();
        let halved = |doublings: &u32| {
            let first = n_points >> doublings;
            first >= LEAST_BEGINNING && (!is_stratified || allocate(&weights, first).is_some())
        };
        let doublings = if is_doubling { (0..31).rev().find(halved).unwrap_or(0) } else { 0 };
        let first_points = n_points >> doublings;
        let layout = match allocate(&weights, first_points).filter(|_| is_stratified) {
            Some(counts) => Layout::stratified(counts, &rows),
            None => Layout::sequence(rows, &weights),
        };
        let most = u8::try_from((first_points / 2).clamp(1, 255)).unwrap_or(u8::MAX);
        Ok(Self {
            weights,
            ranks: ranks.to_vec(),
            seed,
            first_points,
            n_stages: doublings + 1,
            n_replicates: n_replicates.min(most),
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

    /// What is random about the row of this key.
    pub fn shift(&self, row_key: u64) -> Shift {
        Shift::of_word(Stream::new(self.seed, Purpose::Gradient, row_key, 0).word())
    }

    /// How the points that a stage adds come after one another.
    ///
    /// A stride near the golden ratio of their number, without a common divisor: every beginning is spread over
    /// background rows, positions and replicates, so that a row which is interrupted has an estimate.
    pub(super) fn stride(&self, stage: u32) -> u64 {
        let (own, _) = self.own_points(stage);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `own`")]
        let near = (own as f64 * GOLDEN) as u64;
        (near.max(1)..near + own).find(|&stride| greatest_common_divisor(stride, own) == 1).unwrap_or(1)
    }

    /// Point `number` of those that a stage adds, in the order of the stride.
    pub(super) fn point(&self, stage: u32, stride: u64, number: u64, shift: Shift) -> PathPoint {
        let (own, before) = self.own_points(stage);
        let number = number * stride % own; // both below 2^31
        match &self.layout {
            Layout::Stratified { counts, starts, owners } => {
                // The points of a row are doubled in place, so its number in the first stage tells the row.
                let doublings = stage.saturating_sub(1);
                let background = owners[position(number >> doublings)];
                let row = background as usize;
                self.lattice_point(stage, background, counts[row], number - (starts[row] << doublings), shift)
            }
            Layout::Sequence { rows, cumulative } => {
                let t = narrow(before + number).reverse_bits();
                let along = f64::from(t.wrapping_add(shift.u)) / HALF_WORD;
                let alpha = f64::from(t.wrapping_mul(GENERATOR).wrapping_add(shift.v)) / HALF_WORD;
                let first = cumulative.partition_point(|&weights| weights <= along);
                let background = rows[first.min(rows.len() - 1)];
                let weight = 1.0 / self.n_points(stage) as f64;
                PathPoint {
                    background,
                    alpha,
                    weight,
                    replicate: low(number * u64::from(self.n_replicates) / own),
                }
            }
        }
    }

    /// Position `j` of those that a stage adds to a background row that began with `count`.
    fn lattice_point(&self, stage: u32, background: u32, count: u64, j: u64, shift: Shift) -> PathPoint {
        let row = background as usize;
        let rank = self.ranks[row];
        let mut offset = (f64::from(rank) * GOLDEN + f64::from(shift.u) / HALF_WORD).fract();
        let mut held = count; // positions before this stage
        for _ in 1..stage {
            held *= 2;
            offset = (2.0 * offset).fract();
        }
        if stage > 0 {
            offset = (offset + 0.5).fract();
        }
        PathPoint {
            background,
            alpha: (j as f64 + offset) / held as f64,
            weight: self.weights[row] / (count << stage) as f64,
            replicate: low((j + u64::from(rank)) % u64::from(self.n_replicates)),
        }
    }

    /// Weight of a background row in each replicate, the same for every row, once a stage is complete
    /// `(background rows, replicates)`; None in the sequence regime, where each row has its own.
    pub(super) fn replicate_weights(&self, stage: u32) -> Option<Vec<f64>> {
        let Layout::Stratified { counts, .. } = &self.layout else { return None };
        let n_replicates = u64::from(self.n_replicates);
        let mut shares = vec![0.0; counts.len() * usize::from(self.n_replicates)];
        for (row, &count) in counts.iter().enumerate() {
            let weight = self.weights[row] / (count << stage) as f64;
            for stage in 0..=stage {
                let added = if stage == 0 { count } else { count << (stage - 1) };
                for replicate in 0..n_replicates {
                    // j + rank = replicate (mod R) for j = first, first + R, ... below `added`
                    let rank = u64::from(self.ranks[row]) % n_replicates;
                    let first = (replicate + n_replicates - rank) % n_replicates;
                    let points = if first < added { (added - first).div_ceil(n_replicates) } else { 0 };
                    shares[row * position(n_replicates) + position(replicate)] += points as f64 * weight;
                }
            }
        }
        Some(shares)
    }
}

impl Layout {
    fn stratified(counts: Vec<u64>, rows: &[u32]) -> Self {
        let mut starts = vec![0; counts.len()];
        let mut owners = Vec::new();
        for &row in rows {
            starts[row as usize] = owners.len() as u64;
            owners.extend(std::iter::repeat_n(row, position(counts[row as usize])));
        }
        Self::Stratified { counts, starts, owners }
    }

    fn sequence(rows: Vec<u32>, weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let add = |&row: &u32| {
            sum += weights[row as usize];
            sum
        };
        let cumulative = rows.iter().map(add).collect();
        Self::Sequence { rows, cumulative }
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
fn inverse(ranks: &[u32]) -> Result<Vec<u32>, Error> {
    let mut rows = vec![u32::MAX; ranks.len()];
    for (row, &rank) in ranks.iter().enumerate() {
        match rows.get_mut(rank as usize) {
            Some(place) if *place == u32::MAX => *place = narrow(row as u64),
            _ => {
                let got = rank.to_string();
                return Err(Error::Parameter { argument: "ranks", got, accepted: "each of 0..B once" });
            }
        }
    }
    Ok(rows)
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// A place in memory that is known to exist.
fn position(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "below 2^32")]
fn narrow(number: u64) -> u32 {
    number as u32
}

#[expect(clippy::cast_possible_truncation, reason = "below the number of replicates")]
fn low(number: u64) -> u8 {
    number as u8
}
