//! The best split of the rows of a node by one column.

use super::columns::{Columns, Feature, MISSING};
use super::tree::Test;

/// The fewest rows in a leaf, of those that a tree is grown on.
pub(super) const LEAST_ROWS: usize = 10;

/// A split and how good it is: the sum of squares that the means of its two sides explain.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) score: f64,
    pub(super) test: Test,
}

/// Finds splits; the memory is used from node to node.
pub(super) struct Search<'a> {
    columns: &'a Columns,
    /// A random direction in the space of all columns, for each row: categories are put in its order.
    projection: Vec<f64>,
    /// The share of each column of categories in it.
    signs: Vec<Vec<f64>>,
    /// Rows of the node by rank, those without one last.
    order: Vec<(u32, u32)>,
    total: Sums,
    left: Sums,
}

/// Sums over rows: of weights, of standardised numbers, and of squares of the weights of categories.
#[derive(Debug, Clone)]
struct Sums {
    weight: f64,
    numbers: Vec<f64>,
    /// The weights of the codes of each column of categories.
    codes: Vec<Vec<f64>>,
    /// The scaled sum of their squares, and that of their products with the node's.
    squares: f64,
    products: f64,
}

impl<'a> Search<'a> {
    pub(super) fn new(columns: &'a Columns, mut sign: impl FnMut() -> f64) -> Self {
        let signs: Vec<Vec<f64>> = (columns.categories.iter())
            .map(|&(column, scale)| {
                let n_codes = match &columns.features[column] {
                    Feature::Categories { n_codes, .. } => *n_codes,
                    Feature::Numbers { .. } => 0,
                };
                (0..n_codes).map(|_| sign() * scale.sqrt()).collect()
            })
            .collect();
        let of_numbers: Vec<f64> = (0..columns.n_numbers).map(|_| sign()).collect();
        let mut projection = vec![0.0; if signs.is_empty() { 0 } else { columns.n_rows() }];
        for (row, sum) in (0..).zip(&mut projection) {
            *sum = columns.numbers_of(row).iter().zip(&of_numbers).map(|(number, sign)| number * sign).sum();
            for (&(column, _), signs) in columns.categories.iter().zip(&signs) {
                *sum += signs[code(columns, column, row)];
            }
        }
        let empty = Sums {
            weight: 0.0,
            numbers: vec![0.0; columns.n_numbers],
            codes: signs.iter().map(|signs| vec![0.0; signs.len()]).collect(),
            squares: 0.0,
            products: 0.0,
        };
        Self { columns, projection, signs, order: Vec::new(), total: empty.clone(), left: empty }
    }

    /// Begin a node: the columns are then tried on its rows.
    pub(super) fn begin(&mut self, rows: &[u32]) {
        self.total.clear();
        for &row in rows {
            self.total.add(self.columns, row, None);
        }
    }

    /// The best split of the rows of the node by a column; None where the column is constant there, or none leaves
    /// enough rows on both sides. The second tells whether it was constant.
    pub(super) fn best(&mut self, column: usize, rows: &[u32]) -> (Option<Candidate>, bool) {
        self.order.clear();
        let groups = match &self.columns.features[column] {
            Feature::Numbers { ranks, .. } => {
                self.order.extend(rows.iter().map(|&row| (ranks[row as usize], row)));
                None
            }
            Feature::Categories { codes, n_codes } => {
                let places = self.places(column, codes, *n_codes, rows);
                self.order.extend(rows.iter().map(|&row| (places[codes[row as usize] as usize], row)));
                Some(places)
            }
        };
        let first = self.order[0].0;
        if self.order.iter().all(|&(rank, _)| rank == first) {
            return (None, true);
        }
        self.order.sort_unstable();
        let n_known = self.order.partition_point(|&(rank, _)| rank != MISSING);
        let Some((score, position, is_missing_left)) = self.scan(n_known) else { return (None, false) };
        let test = match (groups, &self.columns.features[column]) {
            (Some(places), _) => among(&places, self.order[position - 1].0),
            (None, Feature::Numbers { values, .. }) => {
                let at = |position: usize| self.order.get(position).map(|&(_, row)| values[row as usize]);
                let below = at(position - 1).unwrap_or(f64::INFINITY);
                let threshold = if position == n_known {
                    f64::INFINITY // the missing ones on their own
                } else {
                    between(below, at(position).unwrap_or(below))
                };
                Test::Below { threshold, is_missing_left }
            }
            (None, Feature::Categories { .. }) => return (None, false),
        };
        (Some(Candidate { score, test }), false)
    }

    /// Where to cut the ordered rows: score, rows before the cut, and whether the missing ones go with them.
    fn scan(&mut self, n_known: usize) -> Option<(f64, usize, bool)> {
        let mut best: Option<(f64, usize, bool)> = None;
        let n_missing = self.order.len() - n_known;
        for is_missing_left in [false, true].into_iter().take(1 + usize::from(n_missing > 0)) {
            let Self { columns, order, total, left, .. } = self;
            left.clear();
            let n_before = if is_missing_left { n_missing } else { 0 };
            order[order.len() - n_before..].iter().for_each(|&(_, row)| left.add(columns, row, Some(total)));
            for position in 1..=n_known {
                let (rank, row) = order[position - 1];
                left.add(columns, row, Some(total));
                let (n_left, n_right) = (position + n_before, order.len() - position - n_before);
                let is_tie = position < n_known && order[position].0 == rank;
                if is_tie || n_left < LEAST_ROWS || n_right < LEAST_ROWS {
                    continue;
                }
                let score = score(left, total);
                if best.is_none_or(|(most, ..)| score > most) {
                    best = Some((score, position, is_missing_left));
                }
            }
        }
        best
    }

    /// The places of the codes of a column in the order of the mean projection of their rows, the column itself left
    /// out; codes without rows come last.
    fn places(&self, column: usize, codes: &[u32], n_codes: usize, rows: &[u32]) -> Vec<u32> {
        let own = self.columns.categories.iter().position(|&(other, _)| other == column).unwrap_or(0);
        let mut sums = vec![(0.0, 0.0); n_codes];
        for &row in rows {
            let code = codes[row as usize] as usize;
            let weight = self.columns.weights[row as usize];
            sums[code].0 += weight;
            sums[code].1 += weight * (self.projection[row as usize] - self.signs[own][code]);
        }
        let mean = |code: usize| sums[code].1 / sums[code].0;
        let mut order: Vec<usize> = (0..n_codes).filter(|&code| sums[code].0 > 0.0).collect();
        order.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)).then(a.cmp(&b)));
        let mut places = vec![MISSING; n_codes];
        for (place, code) in (0..).zip(order) {
            places[code] = place;
        }
        places
    }
}

impl Sums {
    fn clear(&mut self) {
        self.weight = 0.0;
        self.numbers.fill(0.0);
        self.codes.iter_mut().for_each(|codes| codes.fill(0.0));
        (self.squares, self.products) = (0.0, 0.0);
    }

    /// Add a row; `node` has the sums over all rows of the node.
    #[inline]
    fn add(&mut self, columns: &Columns, row: u32, node: Option<&Self>) {
        let weight = columns.weights[row as usize];
        self.weight += weight;
        for (sum, number) in self.numbers.iter_mut().zip(columns.numbers_of(row)) {
            *sum += weight * number;
        }
        for (number, &(column, scale)) in columns.categories.iter().enumerate() {
            let code = code(columns, column, row);
            let sum = &mut self.codes[number][code];
            self.squares += scale * weight * (2.0 * *sum + weight);
            *sum += weight;
            self.products += node.map_or(0.0, |node| scale * weight * node.codes[number][code]);
        }
    }
}

fn code(columns: &Columns, column: usize, row: u32) -> usize {
    match &columns.features[column] {
        Feature::Categories { codes, .. } => codes[row as usize] as usize,
        Feature::Numbers { .. } => 0,
    }
}

/// The sum of squares that two means explain: of the rows on the left and of the rest.
fn score(left: &Sums, total: &Sums) -> f64 {
    let (on_left, on_right) = (1.0 / left.weight, 1.0 / (total.weight - left.weight));
    let rest = total.squares - 2.0 * left.products + left.squares;
    let mut explained = left.squares * on_left + rest * on_right;
    for (&sum, &total) in left.numbers.iter().zip(&total.numbers) {
        explained += sum * sum * on_left + (total - sum) * (total - sum) * on_right;
    }
    explained
}

/// The codes up to a place, as bits. Codes without rows in the node are on neither side of anything: they go right.
fn among(places: &[u32], last: u32) -> Test {
    let mut bits = vec![0; places.len().div_ceil(64)];
    for (code, &place) in places.iter().enumerate() {
        bits[code / 64] |= u64::from(place <= last) << (code % 64);
    }
    Test::Among(bits)
}

/// A threshold that keeps two numbers apart, half-way where that is a number.
fn between(below: f64, above: f64) -> f64 {
    let middle = below + (above - below) / 2.0;
    if below <= middle && middle < above { middle } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_keep_numbers_apart() {
        let numbers = [
            f64::NEG_INFINITY,
            -f64::MAX,
            -1.0,
            -0.0,
            5e-324,
            1.0,
            1.0 + f64::EPSILON,
            f64::MAX,
            f64::INFINITY,
        ];
        for pair in numbers.windows(2) {
            let threshold = between(pair[0], pair[1]);
            assert!(pair[0] <= threshold && threshold < pair[1], "{pair:?}: {threshold}");
        }
    }

    #[test]
    fn the_best_split_is_that_of_all_splits() {
        // Two columns of numbers and one of categories; the first is tried.
        let mut stream = crate::random::Stream::new(1, crate::random::Purpose::Order, 0, 0);
        let n_rows = 60;
        let values: Vec<f64> = (0..n_rows)
            .flat_map(|_| [stream.uniform(), stream.uniform() * 3.0, stream.index_below(3) as f64])
            .collect();
        let weights: Vec<f64> = (0..n_rows).map(|_| stream.uniform() + 0.1).collect();
        let columns = Columns::new(&values, &[0, 0, 3], &weights).unwrap();
        let rows: Vec<u32> = (0..).take(n_rows).collect();
        let mut search = Search::new(&columns, || 1.0);
        search.begin(&rows);
        let found = search.best(0, &rows).0.unwrap();
        let explained = |threshold: f64| {
            let side = |is_left: bool| {
                let members =
                    || rows.iter().filter(|&&row| (values[row as usize * 3] <= threshold) == is_left);
                let weight: f64 = members().map(|&row| columns.weights[row as usize]).sum();
                let mut squares = 0.0;
                for number in 0..2 {
                    let terms =
                        members().map(|&row| columns.weights[row as usize] * columns.numbers_of(row)[number]);
                    squares += terms.sum::<f64>().powi(2);
                }
                for wanted in 0..3 {
                    let terms = members().filter(|&&row| code(&columns, 2, row) == wanted);
                    let sum: f64 = terms.map(|&row| columns.weights[row as usize]).sum();
                    squares += columns.categories[0].1 * sum.powi(2);
                }
                (members().count(), squares / weight)
            };
            let (left, right) = (side(true), side(false));
            (left.0 >= LEAST_ROWS && right.0 >= LEAST_ROWS).then_some(left.1 + right.1)
        };
        let best = rows.iter().filter_map(|&row| explained(values[row as usize * 3])).fold(0.0, f64::max);
        let Test::Below { threshold, .. } = found.test else { panic!("numbers") };
        // Three columns, 60 terms each, of numbers below 10.
        assert!(
            (best - found.score).abs() < 1e-11 * best
                && (explained(threshold).unwrap() - best).abs() < 1e-11 * best
        );
    }
}
