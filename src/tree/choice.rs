//! Which kernels explain a forest. The choice depends on forest and background alone, never on the rows to explain, so that
//! a row's bits do not change with the batch that it comes in.

use std::sync::Arc;

use super::encode::{EncodedRows, Encoding};
use super::forest::{Forest, Precision};
use super::reference::Reference;
use super::saabas::Saabas;
use super::sweep::{Kernel, Section, Slots};
use crate::error::{Error, ModelError};

/// Which game the leaves play.
#[derive(Debug)]
pub(super) enum Game {
    /// Covers stand for absent players.
    PathDependent { precision: Precision },
    /// Saabas's approximation of it.
    Saabas,
    /// Background rows stand in, with weights that sum to 1.
    Interventional { precision: Precision, rows: EncodedRows, weights: Vec<f64> },
}

/// Kernels that together explain all leaves.
#[derive(Debug)]
pub(super) struct Kernels {
    kernels: Vec<Box<dyn Kernel>>,
    words: Vec<String>,
}

impl Kernels {
    /// Choose and prepare.
    pub(super) fn new(
        forest: &Arc<Forest>,
        encoding: &Arc<Encoding>,
        game: &Game,
        slots: Slots<'_>,
    ) -> Result<Self, Error> {
        if forest.trees.iter().any(|tree| !tree.linear.is_empty()) {
            return Err(Error::Model(ModelError::Unsupported {
                library: "trees",
                what: "a model with linear leaves".to_owned(),
                remedy: "explain it as a black box: algorithm='permutation'",
            }));
        }
        let (forest, encoding) = (Arc::clone(forest), Arc::clone(encoding));
        let background = match game {
            Game::Saabas if matches!(slots, Slots::Pairs(_)) => {
                return Err(Error::Parameter {
                    argument: "approximate",
                    got: "True".to_owned(),
                    accepted: "False for interactions: the approximation has none",
                });
            }
            Game::Saabas => {
                let words = "Saabas's approximation: one step in the mean a split; not Shapley values";
                return Ok(Self {
                    kernels: vec![Box::new(Saabas::new(forest, encoding))],
                    words: vec![words.to_owned()],
                });
            }
            Game::PathDependent { .. } => None,
            Game::Interventional { rows, weights, .. } => Some((rows.clone(), weights.clone())),
        };
        let (reference, words) = match background {
            None => (
                Reference::path_dependent(forest, encoding, slots),
                "path-dependent: leaf by leaf, the slow reference",
            ),
            Some((rows, weights)) => (
                Reference::interventional(forest, encoding, rows, weights, slots),
                "background: row by row, the slow reference",
            ),
        };
        Ok(Self { kernels: vec![Box::new(reference)], words: vec![words.to_owned()] })
    }

    pub(super) fn section(&self, n_slots: usize) -> Section<'_> {
        Section { kernels: self.kernels.iter().map(|kernel| &**kernel).collect(), n_slots }
    }

    /// What was chosen, in words.
    pub(super) fn describe(&self) -> &[String] {
        &self.words
    }
}
