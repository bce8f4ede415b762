//! Masked rows that come again are not asked again: only what differs between row and background tells them apart.

use std::collections::HashMap;
use std::hash::Hash;

use super::layout::Layout;
use crate::error::Error;

/// Differing players up to which all masks have a cell: 64 KB each. With more, few of them come twice.
const MOST_DIFFERING: u32 = 14;
/// Cells of all tables together, 16 MB; pairs of rows beyond go without.
const MOST_CELLS: usize = 1 << 22;
/// Outputs that are kept, 64 MB; what comes later is asked anew each time.
const MOST_KEPT: usize = 1 << 23;
/// Coalitions that the gain is predicted for.
const TYPICAL_EVALUATIONS: f64 = 512.0;
/// Share of the model rows that must be saved, as predicted: looking for one costs about 25 ns, asking a cheap
/// model about one some 100 ns.
const LEAST_SAVED: f64 = 0.2;
/// No cell, or a source in the batch itself.
const NONE: u32 = u32::MAX;
const FRESH: u32 = 1 << 31;

/// In which players explained rows and background rows differ.
#[derive(Debug, Clone)]
pub struct Differences {
    n_rows: usize,
    n_players: usize,
    /// `(rows, background rows)`, a bit a player.
    differing: Vec<u64>,
    /// For each background row the number of those that are equal to it.
    alike: Vec<u32>,
}

impl Differences {
    /// Nothing compared yet: no differences. At most 64 players.
    pub fn new(n_rows: usize, n_background: usize, n_players: usize) -> Result<Self, Error> {
        if n_players > 64 {
            return Err(Error::Parameter {
                argument: "n_players",
                got: n_players.to_string(),
                accepted: "at most 64",
            });
        }
        Ok(Self {
            n_rows,
            n_players,
            differing: vec![0; n_rows * n_background],
            alike: vec![0; n_background],
        })
    }

    /// Compare some columns bit by bit; each belongs to a player or, where negative, to nobody: `(rows, columns)`.
    pub fn compare<T: Copy + Eq + Hash>(
        &mut self,
        background: &[T],
        rows: &[T],
        players: &[i32],
        n_columns: usize,
    ) {
        if n_columns == 0 {
            return;
        }
        let n_background = self.alike.len();
        for (row, (own, players)) in
            rows.chunks_exact(n_columns).zip(players.chunks_exact(n_columns)).enumerate()
        {
            let differing = &mut self.differing[row * n_background..(row + 1) * n_background];
            for (differing, other) in differing.iter_mut().zip(background.chunks_exact(n_columns)) {
                for ((value, other), &player) in own.iter().zip(other).zip(players) {
                    *differing |= u64::from(player >= 0 && value != other) << (player.max(0) % 64);
                }
            }
        }
        let mut known: HashMap<(u32, &[T]), u32> = HashMap::new();
        for (alike, row) in self.alike.iter_mut().zip(background.chunks_exact(n_columns)) {
            let next = u32::try_from(known.len()).unwrap_or(NONE);
            *alike = *known.entry((*alike, row)).or_insert(next);
        }
    }

    /// Is looking for equal masked rows worth its time? Judged by sizes alone, so that nothing depends on a clock.
    ///
    /// Of `m` masks drawn among `2^d` about `2^d (1 - e^(-m / 2^d))` are distinct.
    pub fn are_worthwhile(&self) -> bool {
        let saved = |d: u32| {
            let load = TYPICAL_EVALUATIONS / f64::from(d).exp2();
            1.0 - (1.0 - (-load).exp()) / load
        };
        let all_differ = u32::try_from(self.n_players).unwrap_or(NONE);
        let of_pair = |&differing: &u64| {
            let d = differing.count_ones();
            // Coalitions themselves hardly come twice.
            if d == all_differ || d > MOST_DIFFERING { 0.0 } else { saved(d) }
        };
        let by_masks = self.differing.iter().map(of_pair).sum::<f64>() / self.differing.len().max(1) as f64;
        let n_alike = self.alike.iter().max().map_or(0, |most| *most as usize + 1);
        let by_repetition = 1.0 - n_alike as f64 / self.alike.len().max(1) as f64;
        by_masks.max(by_repetition) >= LEAST_SAVED
    }
}

/// Outputs of masked rows that were asked before.
///
/// The masked row of coalition `S`, row `x` and background row `b` depends on `S & {j : x_j != b_j}` only. Each pair
/// `(x, b)` that differs in at most 14 players has a table of all those masks, and equal background rows share one.
/// A model whose answer for a row does not depend on the rows beside it gives the same bits with or without.
#[derive(Debug)]
pub struct Distinct {
    differences: Differences,
    n_outputs: usize,
    /// First cell of the table of each pair: `(rows, background rows)`; [`NONE`] where there is none.
    tables: Vec<u32>,
    /// 0, or 1 + the number of the kept outputs.
    cells: Vec<u32>,
    /// `(kept, outputs)`.
    kept: Vec<f64>,
    /// For each group of equal background rows, where the row under way took its outputs from last.
    last: Vec<(usize, u32)>,
}

/// The model rows of some evaluations, and where the outputs of each come from.
#[derive(Debug, Default)]
pub struct Looked {
    /// Model rows to ask about, ascending.
    pub numbers: Vec<u32>,
    /// The cell of each, or [`NONE`].
    cells: Vec<u32>,
    /// For every model row a number of kept outputs, or [`FRESH`] and a position in `numbers`.
    sources: Vec<u32>,
}

impl Distinct {
    /// Nothing asked yet.
    pub fn new(differences: Differences, n_outputs: usize) -> Self {
        let n_background = differences.alike.len();
        let mut tables = Vec::with_capacity(differences.differing.len());
        let mut n_cells = 0;
        for differing in differences.differing.chunks(n_background.max(1)) {
            let mut of_group = vec![None; n_background];
            for (differing, &group) in differing.iter().zip(&differences.alike) {
                let d = differing.count_ones();
                let fits = d <= MOST_DIFFERING && n_cells + (1 << d) <= MOST_CELLS;
                tables.push(*of_group[group as usize].get_or_insert_with(|| {
                    let first = if fits { u32::try_from(n_cells).unwrap_or(NONE) } else { NONE };
                    n_cells += if fits { 1 << d } else { 0 };
                    first
                }));
            }
        }
        let last = vec![(usize::MAX, 0); n_background];
        Self { differences, n_outputs, tables, cells: vec![0; n_cells], kept: Vec::new(), last }
    }

    /// Find what must be asked for a batch of evaluations, one word a coalition.
    pub fn look(&mut self, words: &[u64], layout: &Layout) -> Result<Looked, Error> {
        let (n_rows, n_background) = (self.differences.n_rows, self.differences.alike.len());
        if layout.n_rows() != n_rows || layout.n_background() != n_background {
            let (got, want) = (layout.n_rows() * layout.n_background(), n_rows * n_background);
            return Err(Error::Length { argument: "rows and background", got, want });
        }
        if words.len() != layout.n_evaluations() {
            return Err(Error::Length { argument: "words", got: words.len(), want: layout.n_evaluations() });
        }
        if layout.n_model_rows() >= FRESH as usize {
            let (got, want) = (layout.n_model_rows(), FRESH as usize - 1);
            return Err(Error::Length { argument: "model rows", got, want });
        }
        let mut looked = Looked::default();
        self.last.fill((usize::MAX, 0));
        looked.sources.reserve(layout.n_model_rows());
        for (stamp, segment) in layout.segments(0, layout.n_model_rows()).enumerate() {
            let coalition = words[segment.evaluation];
            for number in segment.first..segment.end {
                let source = self.source(&mut looked, coalition, segment.row * n_background + number, stamp);
                looked.sources.push(source);
            }
        }
        // What is pending belongs to this batch alone: nobody else may count on it, for the model may fail.
        for &cell in looked.cells.iter().filter(|&&cell| cell != NONE) {
            self.cells[cell as usize] = 0;
        }
        Ok(looked)
    }

    /// Where the outputs of the next model row come from.
    fn source(&mut self, looked: &mut Looked, coalition: u64, pair: usize, stamp: usize) -> u32 {
        let group = self.differences.alike[pair % self.differences.alike.len()] as usize;
        let cell = match self.tables[pair] {
            NONE if self.last[group].0 == stamp => return self.last[group].1,
            NONE => NONE,
            // Below 2^22: no table reaches beyond.
            first => first + gathered(coalition, self.differences.differing[pair]),
        };
        if cell != NONE && self.cells[cell as usize] != 0 {
            let known = self.cells[cell as usize];
            return if known >= FRESH { known } else { known - 1 };
        }
        #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^31 model rows, as was checked")]
        let (source, number) = (FRESH | looked.numbers.len() as u32, looked.sources.len() as u32);
        looked.numbers.push(number);
        looked.cells.push(cell);
        if cell != NONE {
            self.cells[cell as usize] = source;
        }
        self.last[group] = (stamp, source);
        source
    }

    /// Keep what the model said about the rows to ask about, `(numbers, outputs)`, and return the outputs of all
    /// model rows, `(model rows, outputs)`.
    pub fn tell(&mut self, looked: &Looked, outputs: &[f64]) -> Result<Vec<f64>, Error> {
        let width = self.n_outputs;
        if outputs.len() != looked.numbers.len() * width {
            let want = looked.numbers.len() * width;
            return Err(Error::Length { argument: "outputs", got: outputs.len(), want });
        }
        let mut all = Vec::with_capacity(looked.sources.len() * width);
        for &source in &looked.sources {
            let (from, first) = if source >= FRESH {
                (outputs, (source - FRESH) as usize)
            } else {
                (&self.kept[..], source as usize)
            };
            all.extend_from_slice(&from[first * width..(first + 1) * width]);
        }
        for (&cell, outputs) in looked.cells.iter().zip(outputs.chunks_exact(width)) {
            if cell != NONE && self.cells[cell as usize] == 0 && self.kept.len() + width <= MOST_KEPT {
                self.kept.extend_from_slice(outputs);
                self.cells[cell as usize] = u32::try_from(self.kept.len() / width).unwrap_or(0);
            }
        }
        Ok(all)
    }
}

/// The bits of `word` at the places where `mask` has ones, moved together.
fn gathered(word: u64, mut mask: u64) -> u32 {
    let (mut bits, mut place) = (0, 0);
    while mask != 0 {
        #[expect(clippy::cast_possible_truncation, reason = "one bit")]
        let bit = (word >> mask.trailing_zeros()) as u32 & 1;
        bits |= bit << place;
        place += 1;
        mask &= mask - 1;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// Rows and background of few values, so that many entries are equal; the last two background rows are equal.
    fn table(n_rows: usize, n_columns: usize, seed: u64) -> Vec<u8> {
        let mut stream = Stream::new(seed, Purpose::Order, 0, 0);
        (0..n_rows * n_columns).map(|_| u8::try_from(stream.below(2)).unwrap()).collect()
    }

    /// What a model says of a masked row: any number that tells rows apart.
    fn model(row: &[u8]) -> f64 {
        row.iter().fold(0.0, |number, &value| 3.0 * number + f64::from(value))
    }

    fn masked(background: &[u8], row: &[u8], coalition: u64) -> Vec<u8> {
        let of_column = |(j, (&b, &x))| if coalition >> j & 1 == 1 { x } else { b };
        background.iter().zip(row).enumerate().map(of_column).collect()
    }

    #[test]
    fn all_outputs_are_those_of_asking_every_row_and_no_row_is_asked_twice() {
        let (n_columns, n_rows, starts) = (5, 3, [0_usize, 4, 9]);
        let mut background = table(9, n_columns, 1);
        background.copy_within(35..40, 40);
        let rows = table(n_rows, n_columns, 2);
        let players: Vec<i32> = (0..n_rows).flat_map(|_| 0..5).collect();
        let mut differences = Differences::new(n_rows, 9, n_columns).unwrap();
        differences.compare(&background, &rows, &players, n_columns);
        assert!(differences.are_worthwhile());
        let mut distinct = Distinct::new(differences, 1);
        let mut asked = 0;
        for batch in 0..3_u64 {
            let words: Vec<u64> = (0..12).map(|i| (i * 7 + batch * 5) % 32).collect();
            let blocks: Vec<u32> = (0..12).map(|i| i % 2).collect();
            let layout = Layout::new(n_rows, &starts, &blocks).unwrap();
            let truth: Vec<f64> = layout
                .segments(0, layout.n_model_rows())
                .flat_map(|s| (s.first..s.end).map(move |b| (s.evaluation, s.row, b)))
                .map(|(e, row, b)| {
                    model(&masked(&background[5 * b..5 * b + 5], &rows[5 * row..5 * row + 5], words[e]))
                })
                .collect();
            let looked = distinct.look(&words, &layout).unwrap();
            // A model that fails changes nothing: the same is asked again.
            assert_eq!(distinct.look(&words, &layout).unwrap().numbers, looked.numbers);
            let outputs: Vec<f64> = looked.numbers.iter().map(|&number| truth[number as usize]).collect();
            assert_eq!(distinct.tell(&looked, &outputs).unwrap(), truth);
            asked += outputs.len();
            assert!(distinct.look(&words, &layout).unwrap().numbers.is_empty());
        }
        let distinct_rows: std::collections::BTreeSet<(usize, Vec<u8>)> = (0..32_u64)
            .flat_map(|s| (0..n_rows).map(move |row| (s, row)))
            .flat_map(|(s, row)| (0..9).map(move |b| (s, row, b)))
            .map(|(s, row, b)| (row, masked(&background[5 * b..5 * b + 5], &rows[5 * row..5 * row + 5], s)))
            .collect();
        // Never fewer than there are, and far fewer than 3 * 12 * 3 * 4.5 model rows.
        assert!(asked <= 200 && asked <= distinct_rows.len() * 9, "{asked}");
    }

    #[test]
    fn rows_that_differ_everywhere_are_not_looked_for() {
        let background: Vec<u32> = (0..40).collect();
        let rows: Vec<u32> = (100..108).collect();
        let mut differences = Differences::new(2, 10, 4).unwrap();
        differences.compare(&background, &rows, &[0, 1, 2, 3, 0, 1, 2, 3], 4);
        assert!(!differences.are_worthwhile());
        let mut repeated = Differences::new(2, 10, 4).unwrap();
        repeated.compare(&[5_u32; 40], &rows, &[0, 1, 2, 3, 0, 1, 2, 3], 4);
        assert!(repeated.are_worthwhile());
        assert!(Differences::new(1, 1, 65).is_err());
    }

    #[test]
    fn equal_background_rows_with_too_many_masks_are_asked_once_an_evaluation() {
        let background: Vec<u8> = [vec![0; 20], vec![1; 20], vec![0; 20]].concat();
        let mut differences = Differences::new(1, 3, 20).unwrap();
        differences.compare(&background, &[2; 20], &(0..20).collect::<Vec<i32>>(), 20);
        assert!(differences.are_worthwhile());
        let mut distinct = Distinct::new(differences, 2);
        let layout = Layout::new(1, &[0, 3], &[0, 0]).unwrap();
        let looked = distinct.look(&[1, 1], &layout).unwrap();
        assert_eq!(looked.numbers, [0, 1, 3, 4]);
        let outputs: Vec<f64> = (0..8).map(f64::from).collect();
        let all = distinct.tell(&looked, &outputs).unwrap();
        assert_eq!(all, [0.0, 1.0, 2.0, 3.0, 0.0, 1.0, 4.0, 5.0, 6.0, 7.0, 4.0, 5.0]);
    }

    #[test]
    fn bits_are_moved_together() {
        assert_eq!(gathered(0b1011_0110, 0b1100_1010), 0b1001);
        assert_eq!(gathered(u64::MAX, 1 << 63 | 1), 0b11);
        assert_eq!(gathered(u64::MAX, 0), 0);
    }
}
