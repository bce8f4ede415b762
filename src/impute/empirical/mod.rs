//! Conditional rows by nearness: rows of the background, weighted by a kernel on their distance from the explained
//! row over the present columns.
//!
//! Aas, Jullum, Loland 2021, "Explaining individual predictions when features are dependent", section 3.3.

mod bandwidth;
mod distance;
mod nearest;

use nearest::Nearest;

use self::distance::{Factor, PANEL_POINTS};
use super::covariance::Covariance;
use super::selection::{Selection, Thinning, gather, list_key, row_key};
use crate::coalition;
use crate::error::Error;
use crate::linalg::{LANES, Lanes, Square};
use crate::parallel::Workers;

/// Explained rows are this many standard deviations away at most: squares of more might overflow, and beside so much
/// the rows of the background do not differ.
const FARTHEST: f64 = 1e100;
/// Distances that one unit of parallel work computes at most: some milliseconds.
const UNIT_DISTANCES: usize = 1 << 21;

/// A background ready to be searched.
#[derive(Debug, Clone)]
pub struct Empirical {
    n_columns: usize,
    weights: Vec<f64>,
    /// The columns that vary: others tell nothing.
    scales: Vec<Scale>,
    /// The background in standard units, eight rows side by side: `(panels, columns that vary)`.
    panels: Vec<Lanes>,
    /// Correlations of the columns that vary, with what was added to the diagonal.
    correlations: Square,
}

/// A column in standard units is `(x - centre) / spread`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    column: usize,
    centre: f64,
    spread: f64,
}

/// Rows to explain, in standard units.
#[derive(Debug, Clone)]
pub struct StandardRows {
    /// `(rows, columns that vary)`.
    cells: Vec<f64>,
    /// What each row is called in random streams.
    keys: Vec<u64>,
}

/// How rows are chosen.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The kernel's bandwidth for coalitions of 0, 1, ... columns that vary; the last one serves larger ones.
    pub bandwidths: &'a [f64],
    /// The most rows of a list.
    pub n_samples: usize,
    /// Where the choice among more rows starts from.
    pub seed: u64,
}

impl Empirical {
    /// Read a background: finite `values` `(rows, columns)`, positive `weights` of the rows that sum to 1.
    pub fn new(values: &[f64], n_columns: usize, weights: &[f64]) -> Result<Self, Error> {
        let n_rows = weights.len();
        if n_rows == 0 || values.len() != n_rows * n_columns {
            return Err(Error::Length { argument: "values", got: values.len(), want: n_rows * n_columns });
        }
        let moments = Covariance::of_rows(values, weights, n_columns)?;
        let scale =
            |column| Scale { column, centre: moments.mean()[column], spread: moments.scale()[column] };
        // A spread may also be beyond all numbers: then the column's own are too wide apart to be told apart.
        let scales: Vec<Scale> = (0..n_columns)
            .map(scale)
            .filter(|scale| scale.spread > 0.0 && scale.spread.is_finite())
            .collect();
        let panels = side_by_side(n_rows, scales.len(), |row, place| {
            scales[place].apply(values[row * n_columns + scales[place].column])
        });
        let mut correlations = Square::zeros(scales.len());
        for (i, scale) in scales.iter().enumerate() {
            let known = moments.correlation(scale.column);
            let row = correlations.row_mut(i);
            row.iter_mut().zip(&scales).for_each(|(cell, other)| *cell = known[other.column]);
            row[i] += moments.ridge();
        }
        Ok(Self { n_columns, weights: weights.to_vec(), scales, panels, correlations })
    }

    /// Columns that vary.
    pub fn n_varying(&self) -> usize {
        self.scales.len()
    }

    /// Rows of the background.
    pub fn n_background(&self) -> usize {
        self.weights.len()
    }

    /// Read finite rows to explain: `(rows, columns)`.
    pub fn rows(&self, values: &[f64]) -> Result<StandardRows, Error> {
        if !values.len().is_multiple_of(self.n_columns) {
            let want = values.len().next_multiple_of(self.n_columns);
            return Err(Error::Length { argument: "rows", got: values.len(), want });
        }
        let rows = values.chunks_exact(self.n_columns);
        let cells: Vec<f64> = rows
            .clone()
            .flat_map(|row| self.scales.iter().map(|scale| scale.apply(row[scale.column])))
            .collect();
        Ok(StandardRows { cells, keys: rows.map(|row| row_key(row.iter().copied())).collect() })
    }

    /// Choose background rows for coalitions of columns (`words_per_coalition` words each) and the explained rows
    /// at the positions `rows`.
    ///
    /// A coalition costs `rows * background * size` multiply-adds; a list depends on nothing but its coalition and
    /// its row.
    pub fn draw(
        &self,
        explained: &StandardRows,
        words: &[u64],
        words_per_coalition: usize,
        rows: &[usize],
        choice: &Choice<'_>,
        workers: &Workers<'_>,
    ) -> Result<Selection, Error> {
        if words_per_coalition != coalition::words_for(self.n_columns)
            || !words.len().is_multiple_of(words_per_coalition)
        {
            let want = words.len().next_multiple_of(words_per_coalition.max(1));
            return Err(Error::Length { argument: "words", got: words.len(), want });
        }
        if let Some(&row) = rows.iter().find(|&&row| row >= explained.keys.len()) {
            return Err(Error::Length { argument: "rows", got: explained.keys.len(), want: row + 1 });
        }
        let thinning = Thinning { n_samples: choice.n_samples, seed: choice.seed };
        let rows_per_unit = (UNIT_DISTANCES / self.n_background()).max(PANEL_POINTS);
        let n_coalitions = words.len() / words_per_coalition;
        gather(n_coalitions, rows.len(), rows_per_unit, workers, |evaluation, unit, lists| {
            let coalition = &words[evaluation * words_per_coalition..][..words_per_coalition];
            self.choose(explained, coalition, &rows[unit], choice.bandwidths, thinning, lists);
        })
    }

    /// Append the lists of one coalition.
    fn choose(
        &self,
        explained: &StandardRows,
        coalition: &[u64],
        rows: &[usize],
        bandwidths: &[f64],
        thinning: Thinning,
        lists: &mut Selection,
    ) {
        let places = self.present(coalition);
        let number = list_key(coalition);
        let bandwidth = bandwidths[places.len().min(bandwidths.len() - 1)];
        let factor = self.factor(&places);
        let background = factor.whiten(&self.panels, self.n_varying(), self.n_background());
        let mut nearest = Nearest::new(&self.weights, sharpness(bandwidth, places.len()), thinning);
        let mut distances = vec![0.0; PANEL_POINTS * background.padded_rows()];
        for rows in rows.chunks(PANEL_POINTS) {
            let points =
                rows.iter().map(|&row| &explained.cells[row * self.n_varying()..][..self.n_varying()]);
            factor.distances(&background, points, &mut distances);
            for (&row, distances) in rows.iter().zip(distances.chunks_exact(background.padded_rows())) {
                let key = explained.keys[row];
                nearest.choose(
                    &distances[..self.n_background()],
                    || thinning.stream(key, number).uniform(),
                    lists,
                );
            }
        }
    }

    /// Places of the columns of a coalition among those that vary.
    fn present(&self, coalition: &[u64]) -> Vec<usize> {
        (0..self.scales.len())
            .filter(|&place| coalition::contains(coalition, self.scales[place].column))
            .collect()
    }

    /// A row of the background in standard units.
    fn coordinates(&self, row: usize) -> Vec<f64> {
        let n = self.n_varying();
        self.panels[row / LANES * n..][..n].iter().map(|lanes| lanes[row % LANES]).collect()
    }

    fn factor(&self, places: &[usize]) -> Factor {
        Factor::new(&self.correlations, places)
    }
}

impl Scale {
    fn apply(&self, value: f64) -> f64 {
        ((value - self.centre) / self.spread).clamp(-FARTHEST, FARTHEST)
    }
}

/// Rows eight side by side, `n_columns` lanes a panel; the last panel is padded with zeros.
fn side_by_side(n_rows: usize, n_columns: usize, cell: impl Fn(usize, usize) -> f64) -> Vec<Lanes> {
    let mut panels = vec![[0.0; LANES]; n_rows.div_ceil(LANES) * n_columns];
    for row in 0..n_rows {
        for column in 0..n_columns {
            panels[row / LANES * n_columns + column][row % LANES] = cell(row, column);
        }
    }
    panels
}

/// What a squared distance is multiplied by in the exponent: `1 / (2 h^2 |S|)`.
fn sharpness(bandwidth: f64, size: usize) -> f64 {
    (0.5 / (bandwidth * bandwidth) / size.max(1) as f64).min(1e300)
}

#[cfg(test)]
mod tests;
