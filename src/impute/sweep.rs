//! Regression on one more column at a time, shared by coalitions that begin alike.

use multiversion::multiversion;

use super::Covariance;

/// Rows that take a column's news together: their sums do not wait for each other.
const ABREAST: usize = 4;

/// What rows are expected to be, given some of their columns, as deviations from the mean in units of the scales.
///
/// Columns are told in the order of the list given; coalitions list theirs from the last to the first, so that
/// consecutive numbers share long beginnings. Being told column `m` moves what is expected of the others by
/// `gain (x_m - expected x_m)`: Gauss's elimination, one column a step. All that a list yields depends on
/// that list alone, however much of it was there before.
///
/// A step costs `n (rows + steps before)`.
pub(super) struct Sweep<'a> {
    covariance: &'a Covariance,
    /// Scaled deviations from the mean, `(rows, n)`.
    known: &'a [f64],
    told: Vec<usize>,
    /// For each column told, a row of `L^-1 C`, `L L'` the correlations of those told, `C` all rows of them.
    whitened: Vec<f64>,
    /// For each column told, the moves of all columns.
    gains: Vec<f64>,
    levels: Vec<Level>,
    last: Vec<f64>,
    spare: Vec<Vec<f64>>,
}

/// What is expected after the first `depth` columns were told, `(rows, n)`.
struct Level {
    depth: usize,
    expected: Vec<f64>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(covariance: &'a Covariance, known: &'a [f64]) -> Self {
        let nothing = Level { depth: 0, expected: vec![0.0; known.len()] };
        Self {
            covariance,
            known,
            told: Vec::new(),
            whitened: Vec::new(),
            gains: Vec::new(),
            levels: vec![nothing],
            last: vec![0.0; known.len()],
            spare: Vec::new(),
        }
    }

    /// What is expected of all rows once the columns of this list are told, `(rows, n)`; of those columns nothing
    /// is said. The next list to come shares its first `shared` columns.
    pub(super) fn expect(&mut self, list: &[usize], shared: usize) -> &[f64] {
        let common = self.told.iter().zip(list).take_while(|(known, new)| known == new).count();
        self.forget(common);
        list[common..].iter().for_each(|&column| self.tell(column));
        let mut top = self.levels.len() - 1;
        if shared > self.levels[top].depth {
            let mut expected = self.spare.pop().unwrap_or_else(|| vec![0.0; self.known.len()]);
            self.advance(&self.levels[top], shared, &mut expected);
            self.levels.push(Level { depth: shared, expected });
            top += 1;
        }
        if self.levels[top].depth == list.len() {
            return &self.levels[top].expected;
        }
        let mut last = std::mem::take(&mut self.last);
        self.advance(&self.levels[top], list.len(), &mut last);
        self.last = last;
        &self.last
    }

    fn forget(&mut self, depth: usize) {
        let n = self.covariance.n();
        self.told.truncate(depth);
        self.whitened.truncate(depth * n);
        self.gains.truncate(depth * n);
        while let Some(level) = self.levels.pop_if(|level| level.depth > depth) {
            self.spare.push(level.expected);
        }
    }

    /// The row of one more column, and its gains.
    fn tell(&mut self, column: usize) {
        let n = self.covariance.n();
        self.told.push(column);
        if self.covariance.scale()[column] == 0.0 {
            // It never changes: it says nothing, however far off the explained row is.
            self.whitened.resize(self.told.len() * n, 0.0);
            self.gains.resize(self.told.len() * n, 0.0);
            return;
        }
        let mut row = self.covariance.correlation(column).to_vec();
        row[column] += self.covariance.ridge();
        subtract_known(&mut row, &self.whitened, column);
        let pivot = row[column];
        self.gains.extend(row.iter().map(|cell| cell / pivot));
        self.whitened.extend(row.iter().map(|cell| cell / pivot.sqrt()));
    }

    /// From what is expected at a level to what is after `depth` columns.
    fn advance(&self, from: &Level, depth: usize, to: &mut [f64]) {
        let n = self.covariance.n();
        let steps = from.depth..depth;
        let gains = &self.gains[steps.start * n..steps.end * n];
        advance(to, &from.expected, self.known, &self.told[steps], gains, n);
    }
}

/// Take from a row of correlations what the rows of whitened ones explain of it, given those of `column`.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub(super) fn subtract_known(row: &mut [f64], whitened: &[f64], column: usize) {
    for before in whitened.chunks_exact(row.len()) {
        let part = before[column];
        row.iter_mut().zip(before).for_each(|(cell, known)| *cell -= part * known);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn advance(to: &mut [f64], from: &[f64], known: &[f64], columns: &[usize], gains: &[f64], n: usize) {
    to.copy_from_slice(from);
    let mut groups = to.chunks_exact_mut(ABREAST * n);
    let mut known_groups = known.chunks_exact(ABREAST * n);
    for (to, known) in (&mut groups).zip(&mut known_groups) {
        let (first, rest) = to.split_at_mut(n);
        let (second, rest) = rest.split_at_mut(n);
        let (third, fourth) = rest.split_at_mut(n);
        for (&column, gains) in columns.iter().zip(gains.chunks_exact(n)) {
            let news = |row: usize, expected: &[f64]| known[row * n + column] - expected[column];
            let (a, b, c, d) = (news(0, first), news(1, second), news(2, third), news(3, fourth));
            let (first, second) = (&mut first[..n], &mut second[..n]);
            let (third, fourth) = (&mut third[..n], &mut fourth[..n]);
            for (at, &gain) in gains.iter().enumerate() {
                first[at] += a * gain;
                second[at] += b * gain;
                third[at] += c * gain;
                fourth[at] += d * gain;
            }
        }
    }
    let rest = groups.into_remainder().chunks_exact_mut(n).zip(known_groups.remainder().chunks_exact(n));
    for (to, known) in rest {
        for (&column, gains) in columns.iter().zip(gains.chunks_exact(n)) {
            let news = known[column] - to[column];
            to.iter_mut().zip(gains).for_each(|(to, gain)| *to += news * gain);
        }
    }
}
