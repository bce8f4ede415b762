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
//! | background | all others: leaves of long paths | cohort walk |

use std::sync::Arc;

use super::cohorts::{Background, Cohorts};
use super::encode::{EncodedRows, Encoding};
use super::forest::{Forest, Precision};
use super::oblivious::{self, Oblivious};
use super::patterns::{self, Patterns, Weights};
use super::reference::Reference;
use super::rows::Rows;
use super::saabas::Saabas;
use super::sweep::{Kernel, Section, Slots};
use crate::error::{Error, ModelError};
use crate::parallel::Workers;
use crate::simd::InstructionSet;

/// Backgrounds of so few rows are explained row by row.
const FEW_ROWS: usize = 4;
/// Pattern tables are kept up to here; beyond it they are made again for each chunk of rows.
const TABLE_BYTES: usize = 1 << 30;

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

/// Kernels that together explain all leaves, by what their slots are.
#[derive(Debug, Default)]
pub(super) struct Kernels {
    values: Vec<Box<dyn Kernel>>,
    pairs: Vec<Box<dyn Kernel>>,
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
        match want {
            Want::Values => chooser.add(game, Slots::Players, &mut kernels)?,
            Want::Pairs(pairs) => chooser.add(game, Slots::Pairs(pairs), &mut kernels)?,
            Want::ValuesAndPairs(pairs) => {
                chooser.add(game, Slots::Players, &mut kernels)?;
                chooser.add(game, Slots::Pairs(pairs), &mut kernels)?;
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
    fn add(&self, game: &Game, slots: Slots<'_>, kernels: &mut Kernels) -> Result<(), Error> {
        if self.forest.trees.iter().any(|tree| !tree.linear.is_empty()) {
            return Err(Error::Model(ModelError::Unsupported {
                library: "trees",
                what: "a model with linear leaves".to_owned(),
                remedy: "explain it as a black box: algorithm='permutation'",
            }));
        }
        match game {
            Game::Saabas => self.add_saabas(slots, kernels),
            Game::PathDependent { precision } => {
                let (tables, others) = self.split(matches!(slots, Slots::Pairs(_)));
                self.add_oblivious(&tables, oblivious::Absent::Covers, slots, *precision, kernels)?;
                self.add_quadrature(&others, slots, kernels);
                Ok(())
            }
            Game::Interventional { precision, rows, weights } => {
                let present: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] != 0.0).collect();
                if present.len() <= FEW_ROWS {
                    let all: Vec<u32> = (0..).take(self.forest.trees.len()).collect();
                    let rows = rows.selected(&present);
                    let weights = present.iter().map(|&row| weights[row]).collect();
                    self.add_baselines(&all, rows, weights, slots, kernels);
                    return Ok(());
                }
                let (tables, others) = self.split(matches!(slots, Slots::Pairs(_)));
                let absent = oblivious::Absent::Background(rows, weights);
                self.add_oblivious(&tables, absent, slots, *precision, kernels)?;
                match precision {
                    Precision::F32 => self.add_patterns::<f32>(&others, rows, weights, slots, kernels)?,
                    Precision::F64 => self.add_patterns::<f64>(&others, rows, weights, slots, kernels)?,
                }
                self.add_cohorts(&others, rows, weights, slots, kernels);
                Ok(())
            }
        }
    }

    /// Trees for tables of leaf numbers, and all others.
    fn split(&self, is_pairs: bool) -> (Vec<u32>, Vec<u32>) {
        let trees = (0..).take(self.forest.trees.len());
        trees.partition(|&tree| oblivious::takes(&self.forest.trees[tree as usize], is_pairs))
    }

    fn add_saabas(&self, slots: Slots<'_>, kernels: &mut Kernels) -> Result<(), Error> {
        if matches!(slots, Slots::Pairs(_)) {
            return Err(Error::Parameter {
                argument: "approximate",
                got: "True".to_owned(),
                accepted: "False for interactions: the approximation has none",
            });
        }
        let kernel = Saabas::new(Arc::clone(self.forest), Arc::clone(self.encoding));
        let words = "Saabas's approximation: one step in the mean a split; not Shapley values";
        kernels.push(kernel, slots, words.to_owned());
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

    fn add_quadrature(&self, trees: &[u32], slots: Slots<'_>, kernels: &mut Kernels) {
        if trees.is_empty() {
            return;
        }
        let (forest, encoding) = (Arc::clone(self.forest), Arc::clone(self.encoding));
        let kernel = Reference::path_dependent(forest, encoding, slots).of_trees(trees);
        kernels.push(kernel, slots, format!("{}: the slow reference", counted(trees.len(), "tree")));
    }

    fn add_baselines(
        &self,
        trees: &[u32],
        rows: EncodedRows,
        weights: Vec<f64>,
        slots: Slots<'_>,
        kernels: &mut Kernels,
    ) {
        let words = format!(
            "{}: the slow reference, {}",
            counted(trees.len(), "tree"),
            counted(weights.len(), "background row")
        );
        let (forest, encoding) = (Arc::clone(self.forest), Arc::clone(self.encoding));
        let kernel = Reference::interventional(forest, encoding, rows, weights, slots).of_trees(trees);
        kernels.push(kernel, slots, words);
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
        let is_equal = weights.iter().all(|&weight| weight == share);
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

    /// The walk for the leaves of long paths.
    fn add_cohorts(
        &self,
        trees: &[u32],
        rows: &EncodedRows,
        weights: &[f64],
        slots: Slots<'_>,
        kernels: &mut Kernels,
    ) {
        let is_pairs = matches!(slots, Slots::Pairs(_));
        let mut leaves = vec![Vec::new(); self.forest.trees.len()];
        for &tree in trees {
            leaves[tree as usize] = patterns::uncovered_leaves(self.forest, tree, is_pairs);
        }
        let n_leaves: usize = leaves.iter().map(Vec::len).sum();
        if n_leaves == 0 {
            return;
        }
        let background = Background::new(self.encoding, rows, weights);
        let words = format!(
            "{}: cohort walk with {}",
            counted(n_leaves, "leaf on a long path").replace("leaf on a long paths", "leaves on long paths"),
            counted(background.n_rows(), "distinct background row")
        );
        let forest = Arc::clone(self.forest);
        kernels.push(Cohorts::new(forest, self.encoding, background, Some(&leaves), slots), slots, words);
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn size(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64)
}
