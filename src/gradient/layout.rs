//! Where gradients are taken: pairs of a background row and a position on the path from it to the explained row.

use super::plan::{CONTROLS, Plan};
use crate::random::{Purpose, Stream};

/// The golden ratio's fractional part: multiples of it fill the circle most evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// `2^32`, what half a word is divided by.
const HALF_WORD: f64 = 4_294_967_296.0;
/// How far the position moves when the lattice moves by `2^-32` along the background (a rank-1 lattice of two
/// dimensions, good at every power of two).
const GENERATOR: u32 = 182_667;

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
    /// What the gradient is regressed on: `1, 2 alpha - 1, (1 - alpha) P1_b, (1 - alpha) P2_b`, `P` the background
    /// row's principal scores. The last two are 0, or all are not used, where the plan has fewer controls.
    pub controls: [f64; CONTROLS],
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

#[derive(Debug, Clone)]
pub(super) enum Layout {
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

impl Layout {
    pub(super) fn stratified(counts: Vec<u64>, rows: &[u32]) -> Self {
        let mut starts = vec![0; counts.len()];
        let mut owners = Vec::new();
        for &row in rows {
            starts[row as usize] = owners.len() as u64;
            owners.extend(std::iter::repeat_n(row, position(counts[row as usize])));
        }
        Self::Stratified { counts, starts, owners }
    }

    pub(super) fn sequence(rows: Vec<u32>, weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let add = |&row: &u32| {
            sum += weights[row as usize];
            sum
        };
        let cumulative = rows.iter().map(add).collect();
        Self::Sequence { rows, cumulative }
    }
}

/// The points that a stage adds to one row, under a given shift.
///
/// They come with a stride near the golden ratio of their number, without a common divisor: every beginning is spread
/// over background rows, positions and replicates, so that a row which is interrupted has an estimate.
#[derive(Debug, Clone, Copy)]
pub struct Walk<'a> {
    plan: &'a Plan,
    stage: u32,
    shift: Shift,
    own: u64,
    before: u64,
    stride: u64,
}

impl Plan {
    /// What is random about the row of this key.
    pub fn shift(&self, row_key: u64) -> Shift {
        Shift::of_word(Stream::new(self.seed, Purpose::Gradient, row_key, 0).word())
    }

    /// The points that a stage adds to a row of this shift.
    pub fn walk(&self, stage: u32, shift: Shift) -> Walk<'_> {
        let (own, before) = self.own_points(stage);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `own`")]
        let near = (own as f64 * GOLDEN) as u64;
        let coprime = |&stride: &u64| greatest_common_divisor(stride, own) == 1;
        let stride = (near.max(1)..near + own).find(coprime).unwrap_or(1);
        Walk { plan: self, stage, shift, own, before, stride }
    }
}

impl<'a> Walk<'a> {
    /// The same walk of a row of another shift.
    #[must_use]
    pub fn shifted(self, shift: Shift) -> Self {
        Self { shift, ..self }
    }

    /// How many points there are.
    pub fn n_points(&self) -> u64 {
        self.own
    }

    /// Points `first .. last`.
    pub fn points(self, first: u64, last: u64) -> impl Iterator<Item = PathPoint> + 'a {
        let mut place = first * self.stride % self.own; // both below 2^31
        (first..last).map(move |_| {
            let point = self.point(place);
            place += self.stride;
            place -= if place >= self.own { self.own } else { 0 };
            point
        })
    }

    fn point(&self, place: u64) -> PathPoint {
        let (background, alpha, weight, replicate) = match &self.plan.layout {
            Layout::Stratified { counts, starts, owners } => {
                // The points of a row are doubled in place, so its number in the first stage tells the row.
                let doublings = self.stage.saturating_sub(1);
                let background = owners[position(place >> doublings)];
                let row = background as usize;
                let j = place - (starts[row] << doublings);
                let rank = u64::from(self.plan.ranks[row]);
                let alpha = (j as f64 + self.offset(rank)) / (counts[row] << doublings) as f64;
                let weight = self.plan.weights[row] / (counts[row] << self.stage) as f64;
                // Counted on from the positions held before, so that they and the new ones share the replicates evenly.
                let held = if self.stage == 0 { 0 } else { counts[row] << doublings };
                (background, alpha, weight, (held + j + rank) % u64::from(self.plan.n_replicates()))
            }
            Layout::Sequence { rows, cumulative } => {
                let t = narrow(self.before + place).reverse_bits();
                let along = f64::from(t.wrapping_add(self.shift.u)) / HALF_WORD;
                let alpha = f64::from(t.wrapping_mul(GENERATOR).wrapping_add(self.shift.v)) / HALF_WORD;
                let first = cumulative.partition_point(|&weights| weights <= along);
                let background = rows[first.min(rows.len() - 1)];
                let weight = 1.0 / self.plan.n_points(self.stage) as f64;
                (background, alpha, weight, place * u64::from(self.plan.n_replicates()) / self.own)
            }
        };
        let [first, second] = self.plan.scores[background as usize];
        let controls = [1.0, 2.0 * alpha - 1.0, (1.0 - alpha) * first, (1.0 - alpha) * second];
        PathPoint { background, alpha, weight, replicate: low(replicate), controls }
    }

    /// The offset of the positions that the stage adds: half a step from those of the stages before.
    fn offset(&self, rank: u64) -> f64 {
        let mut offset = (rank as f64 * GOLDEN + f64::from(self.shift.u) / HALF_WORD).fract();
        for _ in 1..self.stage {
            offset = (2.0 * offset).fract();
        }
        if self.stage > 0 { (offset + 0.5).fract() } else { offset }
    }
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
