//! Which kernels explain a forest. The choice depends on forest and background alone, never on the rows to explain, so that
//! a row's bits do not change with the batch that it comes in.
//!
//! | game | trees | kernel |
//! |---|---|---|
//! | no background | oblivious, few levels | tables of leaf numbers |
//! | no background | all others | quadrature |
//! | background of few rows | all | quadrature, row by row of the background |
//! | background | oblivious, few levels | tables of leaf numbers |
//! | background | all others: leaves of short paths | tables of patterns |
//! | background | all others: leaves of long paths, deep trees whose tables would not fit | leaf by leaf, past 32 players cohort walk |
//! | background of any size | linear leaves | cohort walk |

use std::sync::Arc;

use super::cohorts::{Background, Cohorts};
use super::encode::{EncodedRows, Encoding};
use super::forest::{Forest, Precision};
use super::oblivious::{self, Oblivious};
use super::patterns::{self, Patterns, Weights};
use super::quadrature::{self, Quadrature};
use super::rows::Rows;
use super::saabas::Saabas;
use super::sweep::{Kernel, Section, Slots};
use crate::error::{Error, ModelError};
use crate::parallel::Workers;
use crate::simd::InstructionSet;

/// Backgrounds of so few rows are explained row by row: on trees of depth 6 and 8 one row costs as much as tables for
/// hundreds of them, four rows cost three to four times as much.
pub(super) const FEW_ROWS: usize = 1;
/// Pattern tables are kept up to here; beyond it they are made again for each chunk of rows.
const TABLE_BYTES: usize = 1 << 30;

/// Leaves are done one by one against backgrounds of up to so many rows.
const MOST_ROWS_ONE_BY_ONE: usize = 4096;

/// One in so many leaves of a deep tree is on a path too long for tables.
const DEEP_SHARE: usize = 4;

/// Which game the leaves play.
#[derive(Debug)]
pub(super) enum Game {
    /// Covers stand for absent players.
    PathDependent { precision: Precision },
    /// Saabas's approximation of it.
    Saabas,
    /// Background rows stand in, with their weights, of any sign and sum.
    Interventional { precision: Precision, rows: EncodedRows, weights: Vec<f64> },
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want<'a> {
    Values,
    /// Undivided interactions of these pairs, which are all that share a path.
    Pairs(&'a [(u32, u32)]),
    /// Both at once.
    ValuesAndPairs(&'a [(u32, u32)]),
}

impl Game {
    /// Is the background so small that each of its rows is explained alone?
    fn is_few(&self) -> bool {
        match self {
            Self::Interventional { weights, .. } => {
                weights.iter().filter(|&&weight| weight != 0.0).count() <= FEW_ROWS
            }
            Self::PathDependent { .. } | Self::Saabas => false,
        }
    }

    /// Do values come from the descent that gives interactions?
    pub(super) fn gives_both(&self) -> bool {
        matches!(self, Self::PathDependent { .. }) || self.is_few()
    }
}

impl<'a> Want<'a> {
    /// The slots that kernels of one kind of slots are asked for.
    fn slots(self) -> Vec<Slots<'a>> {
        match self {
            Self::Values => vec![Slots::Players],
            Self::Pairs(pairs) => vec![Slots::Pairs(pairs)],
            Self::ValuesAndPairs(pairs) => vec![Slots::Players, Slots::Pairs(pairs)],
        }
    }
}

/// Kernels that together explain all leaves, by what their slots are.
#[derive(Debug, Default)]
pub(super) struct Kernels {
    values: Vec<Box<dyn Kernel>>,
    pairs: Vec<Box<dyn Kernel>>,
    both: Vec<Box<dyn Kernel>>, // players, then pairs
    words: Vec<String>,
}

/// What all choices look at.
struct Chooser<'a> {
    forest: &'a Arc<Forest>,
    encoding: &'a Arc<Encoding>,
    set: InstructionSet,
    workers: &'a Workers<'a>,
}

impl Kernels {
    /// Choose and prepare.
    pub(super) fn new(
        forest: &Arc<Forest>,
        encoding: &Arc<Encoding>,
        game: &Game,
        want: Want<'_>,
        workers: &Workers<'_>,
    ) -> Result<Self, Error> {
        let chooser = Chooser { forest, encoding, set: InstructionSet::chosen()?, workers };
        let mut kernels = Self::default();
        let is_pairs = !matches!(want, Want::Values);
        if is_pairs && !chooser.linear_trees().is_empty() {
            return Err(Error::Model(ModelError::Unsupported {
                library: "interactions",
                what: "a model with linear leaves".to_owned(),
                remedy: "ask for values alone",
            }));
        }
        match game {
            Game::Saabas => chooser.add_saabas(want, &mut kernels)?,
            Game::PathDependent { precision } => {
                let (tables, others) = chooser.split(is_pairs);
                for slots in want.slots() {
                    let absent = oblivious::Absent::Covers;
                    chooser.add_oblivious(&tables, absent, slots, *precision, &mut kernels)?;
                }
                chooser.add_quadrature(&others, None, want, *precision, &mut kernels);
            }
            Game::Interventional { precision, rows, weights } if game.is_few() => {
                let present: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] != 0.0).collect();
                let (mut trees, others) = chooser.split(is_pairs);
                trees.extend(others);
                trees.sort_unstable();
                let linear = chooser.linear_leaves();
                chooser.add_cohorts(&linear, rows, weights, Slots::Players, &mut kernels);
                let weights = present.iter().map(|&row| weights[row]).collect();
                let baselines = Some((rows.selected(&present), weights));
                chooser.add_quadrature(&trees, baselines, want, *precision, &mut kernels);
            }
            Game::Interventional { precision, rows, weights } => {
                for slots in want.slots() {
                    chooser.add_background(*precision, rows, weights, slots, &mut kernels)?;
                }
            }
        }
        Ok(kernels)
    }

    /// What their sums are: values.
    pub(super) fn values(&self, n_players: usize) -> Section<'_> {
        Section { kernels: self.values.iter().map(|kernel| &**kernel).collect(), n_slots: n_players }
    }

    /// What their sums are: undivided interactions.
    pub(super) fn pairs(&self, n_pairs: usize) -> Section<'_> {
        Section { kernels: self.pairs.iter().map(|kernel| &**kernel).collect(), n_slots: n_pairs }
    }

    /// What their sums are: values, then undivided interactions.
    pub(super) fn both(&self, n_slots: usize) -> Section<'_> {
        Section { kernels: self.both.iter().map(|kernel| &**kernel).collect(), n_slots }
    }

    /// What was chosen, in words.
    pub(super) fn describe(&self) -> &[String] {
        &self.words
    }

    fn push(&mut self, kernel: impl Kernel + 'static, slots: Slots<'_>, words: String) {
        match slots {
            Slots::Players => self.values.push(Box::new(kernel)),
            Slots::Pairs(_) => self.pairs.push(Box::new(kernel)),
        }
        self.words.push(match slots {
            Slots::Players => words,
            Slots::Pairs(_) => format!("interactions: {words}"),
        });
    }
}

impl Chooser<'_> {
    /// Against a background of many rows: tables for what is short, the walk for what is long.
    fn add_background(
        &self,
        precision: Precision,
        rows: &EncodedRows,
        weights: &[f64],
        slots: Slots<'_>,
        kernels: &mut Kernels,
    ) -> Result<(), Error> {
        let (tables, others) = self.split(matches!(slots, Slots::Pairs(_)));
        self.add_oblivious(&tables, oblivious::Absent::Background(rows, weights), slots, precision, kernels)?;
        let (deep, others) = self.split_deep(others, precision, rows, weights, slots);
        match precision {
            Precision::F32 => self.add_patterns::<f32>(&others, rows, weights, slots, kernels)?,
            Precision::F64 => self.add_patterns::<f64>(&others, rows, weights, slots, kernels)?,
        }
        let mut leaves = self.linear_leaves();
        for tree in others {
            leaves[tree as usize] =
                patterns::uncovered_leaves(self.forest, tree, matches!(slots, Slots::Pairs(_)));
        }
        for tree in deep {
            leaves[tree as usize] = (0..).take(self.forest.trees[tree as usize].n_leaves()).collect();
        }
        self.add_cohorts(&leaves, rows, weights, slots, kernels);
        Ok(())
    }

    /// Deep trees whose leaves are done one by one, and all others. A random forest of depth 27 takes 63 us a row and tree
    /// against 100 background rows so, and 286 us by tables that are made again for each chunk; where tables can be kept,
    /// they are as fast at depth 12, and three times as fast against 1,000 rows.
    fn split_deep(
        &self,
        trees: Vec<u32>,
        precision: Precision,
        rows: &EncodedRows,
        weights: &[f64],
        slots: Slots<'_>,
    ) -> (Vec<u32>, Vec<u32>) {
        if matches!(slots, Slots::Pairs(_)) || weights.len() > MOST_ROWS_ONE_BY_ONE {
            return (Vec::new(), trees);
        }
        let request = patterns::Request {
            forest: self.forest,
            encoding: self.encoding,
            trees: &trees,
            pairs: None,
            background: &Rows::Encoded(rows),
            weights: Weights::Equal,
            table_bytes: TABLE_BYTES,
            set: self.set,
        };
        let n_bytes = match precision {
            Precision::F32 => patterns::table_bytes::<f32>(&request),
            Precision::F64 => patterns::table_bytes::<f64>(&request),
        };
        if n_bytes <= TABLE_BYTES {
            return (Vec::new(), trees);
        }
        trees.into_iter().partition(|&tree| {
            let n_long = patterns::uncovered_leaves(self.forest, tree, false).len();
            DEEP_SHARE * n_long > self.forest.trees[tree as usize].n_leaves()
        })
    }

    fn linear_trees(&self) -> Vec<u32> {
        let trees = (0..).take(self.forest.trees.len());
        trees.filter(|&tree| !self.forest.trees[tree as usize].linear.is_empty()).collect()
    }

    /// For each tree its leaves, if they are linear; none otherwise.
    fn linear_leaves(&self) -> Vec<Vec<u32>> {
        let mut leaves = vec![Vec::new(); self.forest.trees.len()];
        for tree in self.linear_trees() {
            let n_leaves = self.forest.trees[tree as usize].n_leaves();
            leaves[tree as usize] = (0..).take(n_leaves).collect();
        }
        leaves
    }

    /// Trees for tables of leaf numbers, and all others whose leaves are numbers.
    fn split(&self, is_pairs: bool) -> (Vec<u32>, Vec<u32>) {
        let trees = (0..).take(self.forest.trees.len());
        let trees = trees.filter(|&tree: &u32| self.forest.trees[tree as usize].linear.is_empty());
        trees.partition(|&tree| oblivious::takes(&self.forest.trees[tree as usize], is_pairs))
    }

    fn add_saabas(&self, want: Want<'_>, kernels: &mut Kernels) -> Result<(), Error> {
        if !matches!(want, Want::Values) {
            return Err(Error::Parameter {
                argument: "approximate",
                got: "True".to_owned(),
                accepted: "False for interactions: the approximation has none",
            });
        }
        let kernel = Saabas::new(Arc::clone(self.forest), Arc::clone(self.encoding));
        let words = "Saabas's approximation: one step in the mean a split; not Shapley values";
        kernels.push(kernel, Slots::Players, words.to_owned());
        Ok(())
    }

    fn add_oblivious(
        &self,
        trees: &[u32],
        absent: oblivious::Absent<'_>,
        slots: Slots<'_>,
        precision: Precision,
        kernels: &mut Kernels,
    ) -> Result<(), Error> {
        if trees.is_empty() {
            return Ok(());
        }
        let trees = trees.iter().copied();
        let (forest, encoding) = (self.forest, self.encoding);
        let kernel =
            Oblivious::new(forest, encoding, trees, absent, slots, precision, self.set, self.workers)?;
        let words = format!(
            "{}: tables of leaf numbers, {}",
            counted(kernel.n_trees(), "oblivious tree"),
            size(kernel.n_bytes())
        );
        kernels.push(kernel, slots, words);
        Ok(())
    }

    /// One descent for all that is wanted, of covers or of each of a few background rows.
    fn add_quadrature(
        &self,
        trees: &[u32],
        baselines: Option<(EncodedRows, Vec<f64>)>,
        want: Want<'_>,
        precision: Precision,
        kernels: &mut Kernels,
    ) {
        if trees.is_empty() {
            return;
        }
        let mut words = format!("{}: quadrature", counted(trees.len(), "tree"));
        let absent = match baselines {
            None => quadrature::Absent::Covers,
            Some((rows, weights)) => {
                words = format!("{words} for {}", counted(weights.len(), "background row"));
                quadrature::Absent::Rows { rows, weights }
            }
        };
        let request = |slots| quadrature::Request {
            forest: Arc::clone(self.forest),
            encoding: Arc::clone(self.encoding),
            trees,
            absent,
            slots,
            precision,
            set: self.set,
        };
        match want {
            Want::Values => {
                let kernel = Quadrature::new(request(quadrature::Slots::Players));
                kernels.push(kernel, Slots::Players, words);
            }
            Want::Pairs(pairs) => {
                let kernel = Quadrature::new(request(quadrature::Slots::Pairs(pairs)));
                kernels.push(kernel, Slots::Pairs(pairs), words);
            }
            Want::ValuesAndPairs(pairs) => {
                kernels.words.push(format!("values and interactions: {words}"));
                let kernel = Quadrature::new(request(quadrature::Slots::PlayersAndPairs(pairs)));
                kernels.both.push(Box::new(kernel));
            }
        }
    }

    /// Tables for the leaves of short paths.
    fn add_patterns<T: patterns::Number>(
        &self,
        trees: &[u32],
        rows: &EncodedRows,
        weights: &[f64],
        slots: Slots<'_>,
        kernels: &mut Kernels,
    ) -> Result<(), Error>
    where
        Patterns<T>: Kernel + 'static,
    {
        if trees.is_empty() {
            return Ok(());
        }
        let share = 1.0 / weights.len() as f64;
        let given = [weights.to_vec()];
        let is_equal = weights.iter().all(|weight| weight.to_bits() == share.to_bits());
        let request = patterns::Request {
            forest: self.forest,
            encoding: self.encoding,
            trees,
            pairs: match slots {
                Slots::Players => None,
                Slots::Pairs(pairs) => Some(pairs),
            },
            background: &Rows::Encoded(rows),
            weights: if is_equal { Weights::Equal } else { Weights::Given(&given) },
            table_bytes: TABLE_BYTES,
            set: self.set,
        };
        for kernel in patterns::prepare::<T>(&request, self.workers)? {
            let memory = match kernel.table_bytes() {
                0 => "made again for each chunk of rows".to_owned(),
                bytes => size(bytes),
            };
            kernels.push(
                kernel,
                slots,
                format!("{}: tables of patterns, {memory}", counted(trees.len(), "tree")),
            );
        }
        Ok(())
    }

    /// The walk for some leaves of each tree.
    fn add_cohorts(
        &self,
        leaves: &[Vec<u32>],
        rows: &EncodedRows,
        weights: &[f64],
        slots: Slots<'_>,
        kernels: &mut Kernels,
    ) {
        let n_leaves: usize = leaves.iter().map(Vec::len).sum();
        if n_leaves == 0 {
            return;
        }
        let background = Background::new(self.encoding, rows, weights);
        let words = format!(
            "{n_leaves} leaves on long paths or with linear functions: leaf by leaf or cohort walk with {}",
            counted(background.n_rows(), "distinct background row")
        );
        let forest = Arc::clone(self.forest);
        kernels.push(Cohorts::new(forest, self.encoding, background, Some(leaves), slots), slots, words);
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn size(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
