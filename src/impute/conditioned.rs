//! The conditional rows of a batch of coalitions.

use std::sync::{Arc, Mutex, PoisonError};

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
#[derive(Debug)]
pub struct Conditioned {
    words: Vec<u64>,
    words_per_coalition: usize,
    n: usize,
    n_draws: usize,
    /// The explained rows as they are, `(rows, n)`.
    rows: Vec<f64>,
    /// `(coalitions, draws, n)`, negative zero at present columns; positions in look-ups where there are margins.
    base: Vec<f64>,
    /// `(coalitions, rows, n)`, the row itself at present columns.
    shift: Vec<f64>,
    spare: Spare,
}

/// Memory of batches that are done: the system takes longer to hand out megabytes than it takes to fill them.
#[derive(Debug, Clone, Default)]
pub(super) struct Spare(Arc<Mutex<Vec<Vec<f64>>>>);

impl Spare {
    /// Batches of which memory is kept: one is filled while the next is conditioned.
    const MOST: usize = 2;
    /// Numbers of a batch that is kept, 32 MB: what takes longer to fill may wait for its memory.
    const LARGEST: usize = 1 << 22;

    /// Numbers of any kind, to be written over.
    fn take(&self, length: usize) -> Vec<f64> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_default();
        memory.resize(length, 0.0);
        memory
    }

    fn give_back(&self, memory: Vec<f64>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < Self::MOST && memory.capacity() <= Self::LARGEST {
            kept.push(memory);
        }
    }
}

impl Drop for Conditioned {
    fn drop(&mut self) {
        self.spare.give_back(std::mem::take(&mut self.base));
    }
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
        (n_draws, n): (usize, usize),
        spare: &Spare,
    ) -> Self {
        let count = words.len() / words_per_coalition;
        Self {
            words: words.to_vec(),
            words_per_coalition,
            n,
            n_draws,
            rows: rows.to_vec(),
            base: spare.take(count * n_draws * n),
            shift: vec![0.0; count * rows.len()],
            spare: spare.clone(),
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
            let start = first + number * unit_rows;
            let parts = self.parts(start, start + unit.len() / n);
            if let Some(margins) = margins {
                return self.fill_values(&parts, unit, margins);
            }
            let mut rest = unit;
            for part in parts {
                let (out, after) = rest.split_at_mut(part.count * n);
                add(out, &self.base[part.base..][..out.len()], &self.shift[part.pair * n..][..n]);
                rest = after;
            }
        })
    }

    /// The model rows `first..end`, cut where a coalition or an explained row ends.
    fn parts(&self, first: usize, end: usize) -> Vec<Part> {
        let mut parts = Vec::with_capacity((end - first) / self.n_draws + 2);
        let mut position = first;
        while position < end {
            let (pair, draw) = (position / self.n_draws, position % self.n_draws);
            let count = (self.n_draws - draw).min(end - position);
            let base = (pair / self.n_rows() * self.n_draws + draw) * self.n;
            parts.push(Part { pair, base, count });
            position += count;
        }
        parts
    }

    /// Write model rows whose absent columns are positions of normal scores: column after column, because the
    /// look-up of one column alone fits into the nearest cache.
    fn fill_values(&self, parts: &[Part], out: &mut [f64], margins: &Margins) {
        let (n, n_rows) = (self.n, self.n_rows());
        for column in 0..n {
            let margin = margins.column(column);
            let mut rest = &mut *out;
            for part in parts {
                let (out, after) = rest.split_at_mut(part.count * n);
                let coalition = &self.words[part.pair / n_rows * self.words_per_coalition..];
                if coalition::contains(coalition, column) {
                    let value = self.rows[part.pair % n_rows * n + column];
                    out.chunks_exact_mut(n).for_each(|out| out[column] = value);
                } else {
                    let positions = &self.base[part.base..][..out.len()];
                    margin.fill(out, positions, self.shift[part.pair * n + column], column, n);
                }
                rest = after;
            }
        }
    }
}

/// Consecutive model rows of one coalition and one explained row, numbered together as `pair`.
struct Part {
    pair: usize,
    /// Where the first of their draws begins in `base`.
    base: usize,
    count: usize,
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
