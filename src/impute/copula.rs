//! Columns as normal scores, and back.

use super::normal::normal_quantile;

/// Scores whose spread is below this share buckets.
const LEAST_WIDTH: f64 = 1e-6;
/// The most buckets of a column: 256 KB.
const MOST_BUCKETS: usize = 1 << 16;

/// The distributions of columns, one by one: what normal scores stand for.
#[derive(Debug, Clone)]
pub struct Margins(Vec<Margin>);

impl Margins {
    /// Of rows `(rows, n)` with weights of sum 1.
    pub fn of_rows(rows: &[f64], weights: &[f64], n: usize) -> Self {
        let column = |j: usize| -> Vec<(f64, f64)> {
            rows.iter().skip(j).step_by(n).copied().zip(weights.iter().copied()).collect()
        };
        Self((0..n).map(|j| Margin::new(column(j))).collect())
    }

    /// From scores to positions in the look-ups, and by how much a shift moves them.
    pub(super) fn place(&self, scores: &mut [f64], shifts: &mut [f64]) {
        let positions: Vec<(f64, f64)> = self.0.iter().map(Margin::positions).collect();
        for scores in scores.chunks_exact_mut(positions.len()) {
            for (score, (factor, offset)) in scores.iter_mut().zip(&positions) {
                *score = *score * factor + offset;
            }
        }
        for shifts in shifts.chunks_exact_mut(positions.len()) {
            shifts.iter_mut().zip(&positions).for_each(|(shift, (factor, _))| *shift *= factor);
        }
    }

    /// The normal scores of rows `(rows, n)`.
    pub fn scores(&self, rows: &[f64]) -> Vec<f64> {
        rows.chunks_exact(self.0.len().max(1))
            .flat_map(|row| row.iter().zip(&self.0).map(|(&value, margin)| margin.score(value)))
            .collect()
    }

    /// The distribution of one column.
    pub(super) fn column(&self, column: usize) -> &Margin {
        &self.0[column]
    }
}

/// The distribution of one column: values that stand at normal scores.
///
/// A value has the score of its place in the ranking: the normal quantile of the weight below it and half its own
/// (ties share the middle of their ranks). Scores go back to values piecewise linearly between neighbours that
/// occur once; a value that is tied stands for all scores up to the edges of its weight, and its neighbour
/// begins there with a step, so that columns of few values get none that does not exist.
///
/// Scores are looked up as positions, `score * per_score + offset`: the whole part is the number of a bucket, which
/// says where the search of the piece begins.
#[derive(Debug, Clone)]
pub(super) struct Margin {
    /// The different values, ascending, and their scores.
    values: Vec<f64>,
    scores: Vec<f64>,
    /// The scores of what lies beyond all values: those of half a rank.
    ends: (f64, f64),
    pieces: Vec<Piece>,
    /// The first piece that a bucket may need.
    buckets: Vec<u32>,
    per_score: f64,
    offset: f64,
    /// The position of the last bucket.
    last: f64,
    /// Halvings that find the piece within a bucket; one nearly always.
    halvings: u32,
}

/// Values at the positions from `start` to the next piece's.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: f64,
    value: f64,
    slope: f64,
}

/// Below all scores, and finite: times no slope it is zero.
const BELOW_ALL: f64 = f64::MIN;
/// Numbers of this size have no digits after the point.
const WHOLE: f64 = (1_u64 << 52) as f64;

/// The bucket of a position: its whole part, or the next number; monotone, whatever is rounded.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low bits hold the whole number")]
fn bucket(position: f64, last: f64) -> usize {
    // At 2^52 the unit of the mantissa is 1: cheaper than a cast, which looks for NaN and overflow.
    (position.max(0.0).min(last) + WHOLE).to_bits() as u32 as usize
}

/// A value with the weight below it, its own, and whether it occurs more than once.
struct Place {
    value: f64,
    below: f64,
    weight: f64,
    is_tied: bool,
}

impl Margin {
    /// Of values and their weights, which sum to 1.
    fn new(mut weighted: Vec<(f64, f64)>) -> Self {
        let half_rank = 0.5 / weighted.len() as f64;
        // Stable: weights of ties are added up in the order of the rows.
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let places = places(&weighted);
        let quantile = |p: f64| normal_quantile(p.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0));
        let middle = |place: &Place| place.below + place.weight / 2.0;
        let scores: Vec<f64> = places.iter().map(|place| quantile(middle(place))).collect();
        let first = places.first().map_or(0.5, middle).min(half_rank);
        let above = places.last().map_or(0.5, |place| 1.0 - middle(place)).min(half_rank);
        let pieces = pieces(&places, &scores, quantile);
        let mut margin = Self {
            values: places.iter().map(|place| place.value).collect(),
            scores,
            ends: (quantile(first), -quantile(above)),
            pieces: Vec::new(),
            buckets: vec![0; 2],
            per_score: 0.0,
            offset: 0.0,
            last: 1.0,
            halvings: 1,
        };
        margin.place(&pieces);
        margin
    }

    /// Cut the scores into equal buckets, enough for at most one piece to begin in each where that is possible.
    fn place(&mut self, pieces: &[Piece]) {
        let first = pieces.get(1).map_or(0.0, |piece| piece.start);
        let last = pieces.last().map_or(0.0, |piece| piece.start).max(first);
        let mut count = pieces.len().next_power_of_two().clamp(16, MOST_BUCKETS);
        loop {
            self.per_score = count as f64 / (last - first).max(LEAST_WIDTH);
            self.offset = 1.0 - first * self.per_score;
            self.buckets = vec![0; count + 2];
            self.last = (count + 1) as f64;
            self.pieces = self.placed(pieces);
            let mut begun = vec![0_u32; count + 2];
            for piece in &self.pieces[1..] {
                begun[bucket(piece.start, self.last)] += 1;
            }
            let most = begun.iter().copied().max().unwrap_or(0);
            if most <= 1 || 2 * count > MOST_BUCKETS {
                let mut piece = 0;
                for (bucket, begun) in self.buckets.iter_mut().zip(&begun) {
                    *bucket = piece;
                    piece += begun;
                }
                self.halvings = most.max(1).ilog2() + 1;
                break;
            }
            count *= 2;
        }
        // So that no halving looks past the end.
        let after = Piece { start: f64::INFINITY, ..self.pieces[self.pieces.len() - 1] };
        self.pieces.resize(self.pieces.len() + (1 << self.halvings), after);
    }

    /// The pieces at positions in place of scores; of those that begin at one position the last counts.
    fn placed(&self, pieces: &[Piece]) -> Vec<Piece> {
        let mut placed = vec![pieces[0]];
        for piece in &pieces[1..] {
            let start = piece.start * self.per_score + self.offset;
            let piece = Piece { start, slope: piece.slope / self.per_score, ..*piece };
            if placed.len() > 1 && placed[placed.len() - 1].start >= start {
                placed.pop();
            }
            placed.push(piece);
        }
        for at in 1..placed.len() {
            let (known, next) = placed.split_at_mut(at);
            let piece = &mut known[at - 1];
            // Rounding must not pass the next value; positions rise, and so does what is computed from them.
            let end = next[0].start.next_down() - piece.start;
            let mut less = f64::EPSILON;
            while piece.slope > 0.0 && piece.value + end * piece.slope > next[0].value {
                piece.slope *= 1.0 - less.min(1.0);
                less *= 2.0;
            }
        }
        placed
    }

    /// From scores to positions: the factor and what is added.
    pub(super) fn positions(&self) -> (f64, f64) {
        (self.per_score, self.offset)
    }

    /// Write the values at positions plus a shift to one column of rows of `n`.
    pub(super) fn fill(&self, out: &mut [f64], positions: &[f64], shift: f64, column: usize, n: usize) {
        let cells = out.chunks_exact_mut(n).zip(positions.chunks_exact(n));
        if self.halvings == 1 {
            cells.for_each(|(out, positions)| out[column] = self.value(positions[column] + shift, 1));
        } else {
            cells.for_each(|(out, positions)| {
                out[column] = self.value(positions[column] + shift, self.halvings);
            });
        }
    }

    /// The value that stands at a position.
    #[inline]
    fn value(&self, position: f64, halvings: u32) -> f64 {
        let mut at = self.buckets[bucket(position, self.last)] as usize;
        for halving in (0..halvings).rev() {
            // Added up, because a branch would be mispredicted every other time.
            at += usize::from(self.pieces[at + (1 << halving)].start <= position) << halving;
        }
        let piece = &self.pieces[at];
        piece.value + (position - piece.start) * piece.slope
    }

    /// The score of a value: between those of its neighbours in the data, in proportion; beyond all, that of half a
    /// rank.
    #[expect(clippy::float_cmp, reason = "the very value of the data")]
    fn score(&self, value: f64) -> f64 {
        let after = self.values.partition_point(|&known| known <= value);
        if after == 0 {
            return self.ends.0;
        }
        let (low, score) = (self.values[after - 1], self.scores[after - 1]);
        if low == value {
            return score;
        }
        if after == self.values.len() {
            return self.ends.1;
        }
        // Halved, because the difference of two numbers can overflow.
        let share = (value / 2.0 - low / 2.0) / (self.values[after] / 2.0 - low / 2.0);
        score + share * (self.scores[after] - score)
    }
}

#[expect(clippy::float_cmp, reason = "ties are values that are the same")]
fn places(sorted: &[(f64, f64)]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut below = 0.0;
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let weight: f64 = tied.iter().map(|(_, weight)| weight).sum();
        places.push(Place { value: tied[0].0, below, weight, is_tied: tied.len() > 1 });
        below += weight;
    }
    places
}

/// Values at the scores from `start` to the next piece's.
fn pieces(places: &[Place], scores: &[f64], quantile: impl Fn(f64) -> f64) -> Vec<Piece> {
    let flat = |start, value| Piece { start, value, slope: 0.0 };
    let mut pieces = vec![flat(BELOW_ALL, places[0].value)];
    for (pair, scores) in places.windows(2).zip(scores.windows(2)) {
        let (low, high) = (&pair[0], &pair[1]);
        if low.is_tied || high.is_tied {
            pieces.push(flat(quantile(high.below), high.value));
            continue;
        }
        let slope = (high.value - low.value) / (scores[1] - scores[0]);
        if slope.is_finite() {
            pieces.push(Piece { start: scores[0], value: low.value, slope });
        }
        pieces.push(flat(scores[1], high.value));
    }
    pieces
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "values of the data come back as they are")]
mod tests {
    use super::*;

    fn margin(values: &[f64]) -> Margin {
        let weight = 1.0 / values.len() as f64;
        Margin::new(values.iter().map(|&value| (value, weight)).collect())
    }

    fn at(margin: &Margin, score: f64) -> f64 {
        let (per_score, offset) = margin.positions();
        margin.value(score * per_score + offset, margin.halvings)
    }

    #[test]
    fn scores_and_values_undo_each_other_and_rise() {
        let values: Vec<f64> = (0..500).map(|k| f64::from(k * k % 1009).powf(1.5)).collect();
        let margin = margin(&values);
        for &value in &values {
            let score = margin.score(value);
            assert!((at(&margin, score) - value).abs() <= 1e-12 * value.abs());
        }
        let mut last = f64::NEG_INFINITY;
        for k in -5000..=5000 {
            let value = at(&margin, f64::from(k) / 1000.0);
            assert!(value >= last);
            last = value;
        }
        assert_eq!(at(&margin, -40.0), margin.values[0]);
        assert_eq!(at(&margin, 40.0), last);
        assert_eq!(margin.score(-1.0), margin.score(margin.values[0]));
    }

    #[test]
    fn tied_values_stand_for_their_share_of_the_scores_and_no_others_exist() {
        let margin = margin(&[0.0, 0.0, 0.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0, 5.0]);
        for k in 0..2000 {
            let p = (f64::from(k) + 0.5) / 2000.0;
            let expected = if p < 0.3 {
                0.0
            } else if p < 0.5 {
                1.0
            } else {
                5.0
            };
            assert_eq!(at(&margin, normal_quantile(p)), expected);
        }
        assert_eq!(margin.score(1.0), normal_quantile(0.4));
        // Half a rank, although the largest value has many.
        assert_eq!(margin.score(7.0), -normal_quantile(0.05));
    }

    #[test]
    fn a_column_that_never_changes_stays() {
        let margin = margin(&[0.1, 0.1, 0.1]);
        assert_eq!([at(&margin, -3.0), at(&margin, 0.0), at(&margin, 9.0)], [0.1; 3]);
        assert_eq!(margin.score(0.1), 0.0);
    }
}
