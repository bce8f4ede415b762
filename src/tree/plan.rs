//! The calls that the front door makes: a forest, a background or none, and the kernels that explain them.

use std::sync::{Arc, OnceLock};

use super::choice::{Game, Kernels, Want};
use super::encode::{EncodedRows, Encoding};
use super::forest::{Forest, Precision};
use super::pairs::shared_pairs;
use super::predict::predict;
use super::rows::Rows;
use super::sweep::{Section, Sums, Sweep};
use crate::error::{Error, ModelError};
use crate::parallel::{Cancel, Workers};

/// A forest ready to be explained: kernels chosen and prepared, for one background or none.
#[derive(Debug)]
pub struct Plan {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    game: Game,
    base_values: Vec<f64>,
    values: Kernels,
    pairs: OnceLock<Vec<(u32, u32)>>,
    pair_interactions: OnceLock<Kernels>,
    matrices: OnceLock<Kernels>,
}

/// A float that results come in.
pub trait Real: Copy + Send + Sync + 'static {
    /// Round to it.
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what was asked for")]
    fn of(value: f64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
}

impl Plan {
    /// Path-dependent values: covers stand for absent players.
    ///
    /// Refuses a forest without covers, and linear leaves: no file holds the mean of each column in each leaf.
    pub fn path_dependent(forest: Arc<Forest>, precision: Precision) -> Result<Self, Error> {
        check_covers(&forest)?;
        let encoding = Arc::new(Encoding::new(&forest)?);
        let base_values = forest.expected_values();
        let cancel = Cancel::default();
        let workers = Workers::serial(&cancel);
        Self::new(forest, encoding, Game::PathDependent { precision }, base_values, &workers)
    }

    /// Saabas's approximation (`approximate=True`): path-dependent, not Shapley values, and without interactions.
    pub fn saabas(forest: Arc<Forest>) -> Result<Self, Error> {
        check_covers(&forest)?;
        let encoding = Arc::new(Encoding::new(&forest)?);
        let base_values = forest.expected_values();
        let cancel = Cancel::default();
        Self::new(forest, encoding, Game::Saabas, base_values, &Workers::serial(&cancel))
    }

    /// Interventional values over a weighted background (no weights: all rows alike).
    pub fn interventional(
        forest: Arc<Forest>,
        background: &Rows<'_>,
        weights: Option<&[f64]>,
        precision: Precision,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        check_rows(&forest, background)?;
        let mut weights = checked_weights(background.n_rows(), weights)?;
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let encoding = Arc::new(Encoding::new(&forest)?);
        let mut rows = EncodedRows::default();
        encoding.encode(background, 0..background.n_rows(), &mut rows);
        let margins = predict(&forest, &encoding, background, workers)?;
        let mut base_values = vec![0.0; forest.n_outputs()];
        for (margins, weight) in margins.chunks(base_values.len()).zip(&weights) {
            base_values.iter_mut().zip(margins).for_each(|(base, margin)| *base += weight * margin);
        }
        let game = Game::Interventional { precision, rows, weights };
        Self::new(forest, encoding, game, base_values, workers)
    }

    fn new(
        forest: Arc<Forest>,
        encoding: Arc<Encoding>,
        game: Game,
        base_values: Vec<f64>,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        let values = Kernels::new(&forest, &encoding, &game, Want::Values, workers)?;
        let (pairs, pair_interactions, matrices) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { forest, encoding, game, base_values, values, pairs, pair_interactions, matrices })
    }

    /// What every output is worth before anybody joins: `[output]`.
    pub fn base_values(&self) -> Vec<f64> {
        self.base_values.clone()
    }

    /// Values of all rows: `[row][player][output]` into `out`.
    pub fn values<T: Real>(
        &self,
        rows: &Rows<'_>,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        out: &mut [T],
    ) -> Result<(), Error> {
        let (n_players, n_outputs) = (self.forest.n_players(), self.forest.n_outputs());
        let row_length = n_players * n_outputs;
        self.sweep(
            &[self.values.values(n_players)],
            rows,
            workers,
            progress,
            (out, row_length),
            &|sums, part| {
                write_slots(sums, 0, n_players, n_outputs, part);
            },
        )
    }

    /// Pairs of players `(i, j)`, `i < j`, that share a path somewhere; all others have interaction 0.
    pub fn pairs(&self) -> Vec<(u32, u32)> {
        self.shared_pairs().to_vec()
    }

    fn shared_pairs(&self) -> &[(u32, u32)] {
        self.pairs.get_or_init(|| shared_pairs(&self.forest))
    }

    /// Kernels that are made when they are first asked for. An interrupt is not kept.
    fn kernels<'a>(
        &self,
        place: &'a OnceLock<Kernels>,
        want: Want<'_>,
        workers: &Workers<'_>,
    ) -> Result<&'a Kernels, Error> {
        if let Some(kernels) = place.get() {
            return Ok(kernels);
        }
        let kernels = Kernels::new(&self.forest, &self.encoding, &self.game, want, workers)?;
        Ok(place.get_or_init(|| kernels))
    }

    /// Interaction matrices of all rows: `[row][player][player][output]` into `out`; an off-diagonal entry is half
    /// of the pair's interaction, rows of a matrix sum to the values.
    pub fn interactions<T: Real>(
        &self,
        rows: &Rows<'_>,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        out: &mut [T],
    ) -> Result<(), Error> {
        let (n_players, n_outputs) = (self.forest.n_players(), self.forest.n_outputs());
        let pairs = self.shared_pairs();
        let (values, kernels) = if self.game.gives_both() {
            let kernels = self.kernels(&self.matrices, Want::ValuesAndPairs(pairs), workers)?;
            (kernels.values(n_players), kernels)
        } else {
            let kernels = self.kernels(&self.pair_interactions, Want::Pairs(pairs), workers)?;
            (self.values.values(n_players), kernels)
        };
        let sections = [values, kernels.pairs(pairs.len()), kernels.both(n_players + pairs.len())];
        let sections = sections.map(without_idle_slots);
        let row_length = n_players * n_players * n_outputs;
        self.sweep(&sections, rows, workers, progress, (out, row_length), &|sums, part| {
            write_matrices(sums, pairs, n_players, n_outputs, part);
        })
    }

    /// Undivided interactions of [`Plan::pairs`] alone: `[row][pair][output]` into `out`.
    pub fn pair_interactions<T: Real>(
        &self,
        rows: &Rows<'_>,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        out: &mut [T],
    ) -> Result<(), Error> {
        let (n_pairs, n_outputs) = (self.shared_pairs().len(), self.forest.n_outputs());
        let want = Want::Pairs(self.shared_pairs());
        let sections = [self.kernels(&self.pair_interactions, want, workers)?.pairs(n_pairs)];
        self.sweep(&sections, rows, workers, progress, (out, n_pairs * n_outputs), &|sums, part| {
            write_slots(sums, 0, n_pairs, n_outputs, part);
        })
    }

    fn sweep<T: Real>(
        &self,
        sections: &[Section<'_>],
        rows: &Rows<'_>,
        workers: &Workers<'_>,
        progress: &(dyn Fn(usize) + Sync),
        (out, row_length): (&mut [T], usize),
        write: &(dyn Fn(&Sums<'_>, &mut [T]) + Sync),
    ) -> Result<(), Error> {
        check_rows(&self.forest, rows)?;
        let want = rows.n_rows() * row_length;
        if out.len() != want {
            return Err(Error::Length { argument: "out", got: out.len(), want });
        }
        let sweep = Sweep::new(sections, &self.encoding, rows, self.forest.n_outputs());
        sweep.run(workers, progress, (out, row_length), write)
    }

    /// The kernels, in words: for `explainer.plan`.
    pub fn describe(&self) -> Vec<String> {
        let later = [&self.pair_interactions, &self.matrices];
        let later = later.into_iter().filter_map(OnceLock::get).flat_map(Kernels::describe);
        self.values.describe().iter().chain(later).cloned().collect()
    }
}

/// `[row][slot][output]` from a section's sums.
fn write_slots<T: Real>(sums: &Sums<'_>, section: usize, n_slots: usize, n_outputs: usize, part: &mut [T]) {
    for (place, output) in sums.outputs.clone().enumerate() {
        for slot in 0..n_slots {
            let places = part[slot * n_outputs + output..].iter_mut().step_by(n_slots * n_outputs);
            places.zip(sums.slot_of(section, place, slot)).for_each(|(to, &from)| *to = T::of(from));
        }
    }
}

/// `[row][player][player][output]` from the sums of values (section 0), pairs (section 1), and both (section 2: players, then
/// pairs).
fn write_matrices<T: Real>(
    sums: &Sums<'_>,
    pairs: &[(u32, u32)],
    n_players: usize,
    n_outputs: usize,
    part: &mut [T],
) {
    let row_length = n_players * n_players * n_outputs;
    let place = |i: usize, j: usize, output: usize| (i * n_players + j) * n_outputs + output;
    let mut diagonal = vec![0.0; n_players];
    for (number, output) in sums.outputs.clone().enumerate() {
        let values: Vec<_> = (0..n_players).map(|i| sums.two(number, (0, i), (2, i))).collect();
        let halves: Vec<_> =
            (0..pairs.len()).map(|slot| sums.two(number, (1, slot), (2, n_players + slot))).collect();
        for (row, matrix) in part.chunks_mut(row_length).enumerate() {
            matrix.iter_mut().skip(output).step_by(n_outputs).for_each(|entry| *entry = T::of(0.0));
            for (rest, (a, b)) in diagonal.iter_mut().zip(&values) {
                *rest = at(a, row) + at(b, row);
            }
            for (&(i, j), (a, b)) in pairs.iter().zip(&halves) {
                let (i, j) = (i as usize, j as usize);
                let half = 0.5 * (at(a, row) + at(b, row));
                matrix[place(i, j, output)] = T::of(half);
                matrix[place(j, i, output)] = T::of(half);
                diagonal[i] -= half;
                diagonal[j] -= half;
            }
            for (player, &rest) in diagonal.iter().enumerate() {
                matrix[place(player, player, output)] = T::of(rest);
            }
        }
    }
}

/// A section without kernels needs no sums.
fn without_idle_slots(section: Section<'_>) -> Section<'_> {
    Section { n_slots: if section.kernels.is_empty() { 0 } else { section.n_slots }, ..section }
}

/// A row's sum; 0 in a section without kernels.
fn at(slot: &[f64], row: usize) -> f64 {
    slot.get(row).copied().unwrap_or(0.0)
}

/// Path-dependent games need covers, and leaves that are numbers.
fn check_covers(forest: &Forest) -> Result<(), Error> {
    let has_linear_leaves = forest.trees.iter().any(|tree| !tree.linear.is_empty());
    let what = match (forest.has_cover, has_linear_leaves) {
        (true, false) => return Ok(()),
        (false, _) => "a model without the covers of its nodes",
        (true, true) => "a model with linear leaves",
    };
    Err(Error::Model(ModelError::Unsupported {
        library: "path-dependent values",
        what: what.to_owned(),
        remedy: "pass a background, for feature_perturbation='interventional'",
    }))
}

/// Rows must have the columns of the forest.
pub(super) fn check_rows(forest: &Forest, rows: &Rows<'_>) -> Result<(), Error> {
    let (got, want) = (rows.n_columns(), forest.n_columns());
    if got == want { Ok(()) } else { Err(Error::Length { argument: "a row", got, want }) }
}

/// One weight a row, finite, none below 0, not all 0.
pub(super) fn checked_weights(n_rows: usize, weights: Option<&[f64]>) -> Result<Vec<f64>, Error> {
    let weights = weights.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec);
    if weights.len() != n_rows {
        return Err(Error::Length { argument: "weights", got: weights.len(), want: n_rows });
    }
    let refuse = |got: String| {
        Err(Error::Parameter { argument: "weights", got, accepted: "finite, none negative, not all 0" })
    };
    if let Some(bad) = weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
        return refuse(bad.to_string());
    }
    if n_rows == 0 {
        return Err(Error::Parameter {
            argument: "background",
            got: "empty".to_owned(),
            accepted: "at least one row",
        });
    }
    let total: f64 = weights.iter().sum();
    if total > 0.0 && total.is_finite() { Ok(weights) } else { refuse(format!("in sum {total}")) }
}
