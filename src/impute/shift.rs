//! Rows given some of their columns: draws of all columns, shifted by regression.

use multiversion::multiversion;

use super::conditioned::Spare;
use super::sweep::Sweep;
use super::{Conditioned, Covariance, Margins};
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Numbers that one unit of parallel work writes at each step: some tens of microseconds.
const UNIT: usize = 1 << 16;
/// Operations below which a second thread costs more than it saves.
const ALONE: usize = 1 << 18;

/// Draws that stand for a distribution, and how its columns go together.
///
/// Draw `b`, given that the columns `S` are `x_S`, becomes `b_rest + A_S (x_S - b_S)` with
/// `A_S = Sigma_rest,S Sigma_SS^-1`. Of draws of a normal distribution, these are draws of the conditional one, with
/// exactly its mean and covariance where the draws have those of the whole. The same draws serve all coalitions
/// and rows.
#[derive(Debug, Clone)]
pub struct Shift {
    covariance: Covariance,
    /// `(draws, n)`.
    draws: Vec<f64>,
    /// Where draws are normal scores: what they stand for.
    margins: Option<Margins>,
    /// Of batches that are done, for those to come.
    spare: Spare,
}

impl Shift {
    /// Draws `(draws, n)`; of normal scores where there are `margins`.
    pub fn new(covariance: Covariance, draws: Vec<f64>, margins: Option<Margins>) -> Result<Self, Error> {
        let n = covariance.n();
        if n == 0 || draws.is_empty() || !draws.len().is_multiple_of(n) {
            return Err(Error::Length { argument: "draws", got: draws.len(), want: n });
        }
        Ok(Self { covariance, draws, margins, spare: Spare::default() })
    }

    /// How the columns go together.
    pub fn covariance(&self) -> &Covariance {
        &self.covariance
    }

    /// `(draws, n)`.
    pub fn draws(&self) -> &[f64] {
        &self.draws
    }

    /// What normal scores stand for, where draws are such.
    pub fn margins(&self) -> Option<&Margins> {
        self.margins.as_ref()
    }

    /// Number of draws.
    pub fn n_draws(&self) -> usize {
        self.draws.len() / self.covariance.n()
    }

    /// What takes to write the rows of coalitions of columns (`words_per_coalition` words each), given what
    /// explained rows `(rows, n)` have there.
    ///
    /// With `s` columns in a coalition `s n (draws + rows + s)` operations, less what it shares with the one
    /// that precedes it among those sorted. Its bits depend on the coalition and the row alone.
    pub fn condition(
        &self,
        words: &[u64],
        words_per_coalition: usize,
        rows: &[f64],
        workers: &Workers<'_>,
    ) -> Result<Conditioned, Error> {
        let n = self.covariance.n();
        let n_rows = rows.len() / n;
        if words_per_coalition != coalition::words_for(n) || !words.len().is_multiple_of(words_per_coalition)
        {
            let want = coalition::words_for(n);
            return Err(Error::Length { argument: "words", got: words_per_coalition, want });
        }
        let scores = self.margins.as_ref().map(|margins| margins.scores(rows));
        let known = self.deviations(scores.as_deref().unwrap_or(rows));
        let mut conditioned =
            Conditioned::new(words, words_per_coalition, rows, (self.n_draws(), n), &self.spare);
        let mut slots = conditioned.slots();
        slots.sort_by(|a, b| a.coalition.iter().rev().cmp(b.coalition.iter().rev()));
        let per_unit = (UNIT / known.len().max(1)).max(1);
        let work = slots.len() * known.len() * (n / 2 + 1);
        let workers = if work < ALONE { workers.alone() } else { *workers };
        workers.for_each_unit(slots.chunks_mut(per_unit), |_, unit| {
            let mut sweep = Sweep::new(&self.covariance, &known);
            let lists: Vec<Vec<usize>> = unit.iter().map(|slot| falling(slot.coalition)).collect();
            for (at, slot) in unit.iter_mut().enumerate() {
                let next = lists.get(at + 1).map_or(&[][..], Vec::as_slice);
                let shared = lists[at].iter().zip(next).take_while(|(a, b)| a == b).count();
                let expected = sweep.expect(&lists[at], shared);
                if workers.check().is_err() {
                    return;
                }
                let (of_draws, of_rows) = expected.split_at(self.draws.len());
                let is_present: Vec<bool> = (0..n).map(|j| coalition::contains(slot.coalition, j)).collect();
                let scale = self.covariance.scale();
                bring(slot.base, &self.draws, of_draws, &Pattern::new(scale, &is_present));
                move_by(slot.shift, rows, of_rows, scale, &is_present);
                if let Some(margins) = &self.margins {
                    margins.place(slot.base, slot.shift);
                }
            }
        })?;
        drop(slots);
        debug_assert_eq!(n_rows, conditioned.n_rows());
        Ok(conditioned)
    }

    /// The draws and then the rows, as deviations from the mean in units of the scales.
    fn deviations(&self, rows: &[f64]) -> Vec<f64> {
        let (mean, scale) = (self.covariance.mean(), self.covariance.scale());
        let all = self.draws.chunks_exact(mean.len()).chain(rows.chunks_exact(mean.len()));
        let scaled = |((value, mean), scale): ((&f64, &f64), &f64)| {
            if *scale > 0.0 { (value - mean) / scale } else { 0.0 }
        };
        all.flat_map(|row| row.iter().zip(mean).zip(scale).map(scaled)).collect()
    }
}

/// Numbers that a pattern spans: short rows are written several at a time.
const PATTERN: usize = 64;

/// The columns of one coalition, repeated for several rows.
struct Pattern {
    scale: Vec<f64>,
    /// All bits at absent columns, none at present ones.
    absent: Vec<u64>,
    /// The sign bit at present columns.
    sign: Vec<u64>,
}

impl Pattern {
    fn new(scale: &[f64], is_present: &[bool]) -> Self {
        let length = (PATTERN / scale.len()).max(1) * scale.len();
        let bits = |present, absent| {
            let one = is_present.iter().map(move |&is| if is { present } else { absent });
            one.cycle().take(length).collect::<Vec<u64>>()
        };
        let scale = scale.iter().copied().cycle().take(length).collect();
        Self { scale, absent: bits(0, !0), sign: bits((-0.0_f64).to_bits(), 0) }
    }
}

/// What draws bring beside what is expected of them; negative zero at present columns: added to any number, it leaves
/// every bit.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn bring(base: &mut [f64], draws: &[f64], expected: &[f64], pattern: &Pattern) {
    let length = pattern.scale.len();
    let draws = draws.chunks(length).zip(expected.chunks(length));
    for (base, (draws, expected)) in base.chunks_mut(length).zip(draws) {
        let count = base.len();
        let (draws, expected, scale) = (&draws[..count], &expected[..count], &pattern.scale[..count]);
        let (absent, sign) = (&pattern.absent[..count], &pattern.sign[..count]);
        for at in 0..count {
            let rest = draws[at] - expected[at] * scale[at];
            base[at] = f64::from_bits(rest.to_bits() & absent[at] | sign[at]);
        }
    }
}

/// What is expected of explained rows; the rows themselves at present columns.
fn move_by(shift: &mut [f64], rows: &[f64], expected: &[f64], scale: &[f64], is_present: &[bool]) {
    let n = scale.len();
    for ((shift, row), expected) in
        shift.chunks_exact_mut(n).zip(rows.chunks_exact(n)).zip(expected.chunks_exact(n))
    {
        for (column, cell) in shift.iter_mut().enumerate() {
            *cell = if is_present[column] { row[column] } else { expected[column] * scale[column] };
        }
    }
}

/// The members of a coalition from the last to the first.
fn falling(coalition: &[u64]) -> Vec<usize> {
    let mut members: Vec<usize> = coalition::members(coalition).collect();
    members.reverse();
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::impute::normal_rows;
    use crate::parallel::Cancel;
    use crate::random::{Purpose, Stream};

    fn rows(count: usize, n: usize, seed: u64) -> Vec<f64> {
        let mut stream = Stream::new(seed, Purpose::Order, 0, 0);
        let mut rows = Vec::new();
        for _ in 0..count {
            let shared = stream.uniform();
            rows.extend((0..n).map(|j| shared * (j % 3) as f64 + stream.uniform()));
        }
        rows
    }

    fn shift(n: usize, n_draws: usize) -> Shift {
        let background = rows(60, n, 1);
        let covariance = Covariance::of_rows(&background, &[1.0 / 60.0; 60], n).unwrap();
        let draws = normal_rows(&covariance, n_draws, 5);
        Shift::new(covariance, draws, None).unwrap()
    }

    fn filled(shift: &Shift, words: &[u64], rows: &[f64], n_threads: usize) -> Vec<f64> {
        let cancel = Cancel::default();
        let workers = Workers::new(n_threads, &cancel);
        let width = coalition::words_for(shift.covariance().n());
        let conditioned = shift.condition(words, width, rows, &workers).unwrap();
        let mut out = vec![0.0; conditioned.n_model_rows() * conditioned.n_columns()];
        conditioned.fill(0, &mut out, shift.margins(), &workers).unwrap();
        out
    }

    #[test]
    fn rows_have_the_conditional_mean_and_covariance_and_keep_what_is_present() {
        let (n, n_draws) = (6, 40);
        let (shift, explained) = (shift(n, n_draws), rows(3, n, 2));
        let sigma = shift.covariance().covariance();
        let mean = shift.covariance().mean();
        // Given columns 1 and 4, by Cramer's rule.
        let (a, b) = (1, 4);
        let cell = |i: usize, j: usize| sigma[i * n + j];
        let determinant = cell(a, a) * cell(b, b) - cell(a, b).powi(2);
        let slopes = |i: usize| {
            let first = (cell(i, a) * cell(b, b) - cell(i, b) * cell(a, b)) / determinant;
            (first, (cell(i, b) * cell(a, a) - cell(i, a) * cell(a, b)) / determinant)
        };
        let out = filled(&shift, &[0b01_0010], &explained, 1);
        for (row, out) in explained.chunks_exact(n).zip(out.chunks_exact(n_draws * n)) {
            let column = |j: usize| out.iter().skip(j).step_by(n);
            let mean_of = |j: usize| column(j).sum::<f64>() / n_draws as f64;
            for j in [a, b] {
                assert!(column(j).all(|value| value.to_bits() == row[j].to_bits()));
            }
            for i in [0, 2, 3, 5] {
                let (first, second) = slopes(i);
                let want = mean[i] + first * (row[a] - mean[a]) + second * (row[b] - mean[b]);
                assert!((mean_of(i) - want).abs() < 1e-12);
                for j in [0, 2, 3, 5] {
                    let product = column(i).zip(column(j)).map(|(u, v)| (u - mean_of(i)) * (v - mean_of(j)));
                    let want = cell(i, j) - first * cell(a, j) - second * cell(b, j);
                    assert!((product.sum::<f64>() / n_draws as f64 - want).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads_on_other_coalitions_or_on_other_rows() {
        for n in [3, 9, 70] {
            let (shift, explained) = (shift(n, 7), rows(3, n, 2));
            let width = coalition::words_for(n);
            let mut words: Vec<u64> =
                (0..200 * width as u64).map(|i| crate::random::mix(i / 3 + 1)).collect();
            words.chunks_exact_mut(width).for_each(|c| c[width - 1] &= (1 << (n % 64)) - 1);
            let whole = filled(&shift, &words, &explained, 1);
            assert_eq!(whole, filled(&shift, &words, &explained, 7));
            let size = 3 * 7 * n;
            for (coalition, whole) in words.chunks_exact(width).zip(whole.chunks_exact(size)) {
                assert_eq!(filled(&shift, coalition, &explained, 2), whole);
                for (row, whole) in explained.chunks_exact(n).zip(whole.chunks_exact(7 * n)) {
                    assert_eq!(filled(&shift, coalition, row, 1), whole);
                }
            }
        }
    }

    #[test]
    fn any_cut_of_a_batch_fills_the_same_rows() {
        let (shift, explained, words) = (shift(4, 5), rows(2, 4, 3), [1, 6, 0, 15]);
        let whole = filled(&shift, &words, &explained, 1);
        let cancel = Cancel::default();
        let conditioned = shift.condition(&words, 1, &explained, &Workers::serial(&cancel)).unwrap();
        for cut in 0..=40 {
            let mut out = vec![0.0; whole.len()];
            let (head, tail) = out.split_at_mut(cut * 4);
            conditioned.fill(0, head, None, &Workers::new(2, &cancel)).unwrap();
            conditioned.fill(cut, tail, None, &Workers::serial(&cancel)).unwrap();
            assert_eq!(out, whole);
        }
        assert!(conditioned.fill(1, &mut [0.0; 160], None, &Workers::serial(&cancel)).is_err());
    }
}
