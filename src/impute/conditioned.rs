//! The conditional rows of a batch of coalitions.

use multiversion::multiversion;

use super::Margins;
use crate::coalition;
use crate::error::Error;
use crate::parallel::Workers;

/// Bytes that one unit of parallel work writes.
const UNIT_BYTES: usize = 1 << 18;
/// Numbers that a pattern spans: short rows are written several at a time.
const PATTERN: usize = 64;

/// Of each coalition: what each draw brings, and by what each explained row shifts it. A model row is their sum.
///
/// Model rows stand in the order (coalition, explained row, draw).
#[derive(Debug, Clone)]
pub struct Conditioned {
    words: Vec<u64>,
    words_per_coalition: usize,
    n: usize,
    n_draws: usize,
    /// The explained rows as they are, `(rows, n)`.
    rows: Vec<f64>,
    /// `(coalitions, draws, n)`, negative zero at present columns.
    base: Vec<f64>,
    /// `(coalitions, rows, n)`, the row itself at present columns.
    shift: Vec<f64>,
}

/// Where the parts of one coalition go.
pub(super) struct Slot<'a> {
    pub(super) coalition: &'a [u64],
    pub(super) base: &'a mut [f64],
    pub(super) shift: &'a mut [f64],
}

impl Conditioned {
    pub(super) fn new(
        words: &[u64],
        words_per_coalition: usize,
        rows: &[f64],
        n_draws: usize,
        n: usize,
    ) -> Self {
        let count = words.len() / words_per_coalition;
        Self {
            words: words.to_vec(),
            words_per_coalition,
            n,
            n_draws,
            rows: rows.to_vec(),
            base: vec![0.0; count * n_draws * n],
            shift: vec![0.0; count * rows.len()],
        }
    }

    pub(super) fn slots(&mut self) -> Vec<Slot<'_>> {
        let (per_draws, per_rows) = (self.n_draws * self.n, self.rows.len());
        if per_rows == 0 {
            return Vec::new();
        }
        let parts = self.base.chunks_exact_mut(per_draws).zip(self.shift.chunks_exact_mut(per_rows));
        let coalitions = self.words.chunks_exact(self.words_per_coalition);
        coalitions.zip(parts).map(|(coalition, (base, shift))| Slot { coalition, base, shift }).collect()
    }

    /// Explained rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len() / self.n
    }

    /// Coalitions.
    pub fn n_coalitions(&self) -> usize {
        self.words.len() / self.words_per_coalition
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.n
    }

    /// Model rows of the whole batch.
    pub fn n_model_rows(&self) -> usize {
        self.n_coalitions() * self.n_rows() * self.n_draws
    }

    /// Write the model rows from `first` on, as many as `out` holds. With `margins`, what is absent is a normal score
    /// and becomes the value that it stands for.
    ///
    /// One addition a number, and with margins one look-up.
    pub fn fill(
        &self,
        first: usize,
        out: &mut [f64],
        margins: Option<&Margins>,
        workers: &Workers<'_>,
    ) -> Result<(), Error> {
        let n = self.n;
        if !out.len().is_multiple_of(n) || first + out.len() / n > self.n_model_rows() {
            let want = self.n_model_rows().saturating_sub(first) * n;
            return Err(Error::Length { argument: "out", got: out.len(), want });
        }
        let unit_rows = (UNIT_BYTES / (n * size_of::<f64>())).max(1);
        workers.for_each_unit(out.chunks_mut(unit_rows * n), |number, unit| {
            let mut position = first + number * unit_rows;
            let mut rest = unit;
            while !rest.is_empty() {
                let (pair, draw) = (position / self.n_draws, position % self.n_draws);
                let count = (self.n_draws - draw).min(rest.len() / n);
                let (part, after) = rest.split_at_mut(count * n);
                self.fill_pair(pair, draw, part, margins);
                position += count;
                rest = after;
            }
        })
    }

    /// The rows of one coalition and explained row, numbered together as `pair`, from `draw` on.
    fn fill_pair(&self, pair: usize, draw: usize, out: &mut [f64], margins: Option<&Margins>) {
        let (n, n_rows) = (self.n, self.n_rows());
        let number = pair / n_rows;
        let base = &self.base[(number * self.n_draws + draw) * n..][..out.len()];
        let shift = &self.shift[pair * n..(pair + 1) * n];
        let Some(margins) = margins else {
            return add(out, base, shift);
        };
        let coalition = &self.words[number * self.words_per_coalition..][..self.words_per_coalition];
        let row = &self.rows[pair % n_rows * n..][..n];
        for column in 0..n {
            let cells = out.iter_mut().skip(column).step_by(n);
            if coalition::contains(coalition, column) {
                cells.for_each(|cell| *cell = row[column]);
            } else {
                let scores = base.iter().skip(column).step_by(n);
                let margin = margins.column(column);
                for (cell, score) in cells.zip(scores) {
                    *cell = margin.value(score + shift[column]);
                }
            }
        }
    }
}

/// `out = base + shift`, the latter repeating.
fn add(out: &mut [f64], base: &[f64], shift: &[f64]) {
    let n = shift.len();
    let repeats = (PATTERN / n).clamp(1, (out.len() / n).max(1));
    if repeats == 1 {
        return add_pattern(out, base, shift);
    }
    let pattern: Vec<f64> = shift.iter().copied().cycle().take(repeats * n).collect();
    add_pattern(out, base, &pattern);
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn add_pattern(out: &mut [f64], base: &[f64], pattern: &[f64]) {
    for (out, base) in out.chunks_mut(pattern.len()).zip(base.chunks(pattern.len())) {
        for ((out, base), shift) in out.iter_mut().zip(base).zip(pattern) {
            *out = base + shift;
        }
    }
}
