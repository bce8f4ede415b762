//! The kernels of a few passes: tables for short paths, the cohort walk for long ones.

use std::sync::Arc;

use super::passes::Pass;
use crate::error::Error;
use crate::parallel::Workers;
use crate::simd::InstructionSet;
use crate::tree::choice::{FEW_ROWS, Game, Kernels, Want};
use crate::tree::cohorts::{Background, Cohorts};
use crate::tree::encode::{EncodedRows, Encoding};
use crate::tree::forest::{Forest, Precision};
use crate::tree::patterns::{self, Request, Weights};
use crate::tree::rows::Rows;
use crate::tree::sweep::{Kernel, Section, Slots};

/// The kernels of one pass.
#[derive(Debug)]
pub(super) enum PassKernels {
    /// Those of an ordinary background: where the pass has few rows.
    Chosen(Kernels),
    /// Tables that are made for several passes at once, and the walk.
    Own(Vec<Box<dyn Kernel>>),
}

impl PassKernels {
    pub(super) fn section(&self, n_slots: usize) -> Section<'_> {
        match self {
            Self::Chosen(kernels) => kernels.values(n_slots),
            Self::Own(kernels) => {
                Section { kernels: kernels.iter().map(|kernel| &**kernel).collect(), n_slots }
            }
        }
    }
}

/// The background, kept for kernels that are made when they are needed.
#[derive(Debug)]
pub(super) struct Stand {
    forest: Arc<Forest>,
    encoding: Arc<Encoding>,
    precision: Precision,
    rows: EncodedRows,
    /// For each tree the leaves that no table covers.
    long: Vec<Vec<u32>>,
}

impl Stand {
    pub(super) fn new(
        forest: Arc<Forest>,
        encoding: Arc<Encoding>,
        rows: &Rows<'_>,
        precision: Precision,
    ) -> Self {
        let mut encoded = EncodedRows::default();
        encoding.encode(rows, 0..rows.n_rows(), &mut encoded);
        let long = (0..forest.trees.len()).map(|tree| {
            let tree = u32::try_from(tree).expect("a forest has fewer than 2^32 trees");
            if is_linear(&forest, tree) {
                return (0..number_of_leaves(&forest, tree)).collect();
            }
            patterns::uncovered_leaves(&forest, tree, false)
        });
        let long = long.collect();
        Self { forest, encoding, precision, rows: encoded, long }
    }

    /// The kernels of each pass.
    pub(super) fn kernels(&self, passes: &[Pass], workers: &Workers<'_>) -> Result<Vec<PassKernels>, Error> {
        let is_few = |pass: &Pass| pass.weights.iter().filter(|&&weight| weight != 0.0).count() <= FEW_ROWS;
        let many = passes.iter().filter(|pass| !is_few(pass)).map(|pass| pass.weights.clone());
        let mut tables = self.tables(&many.collect::<Vec<_>>(), workers)?.into_iter();
        let kernels = passes.iter().map(|pass| {
            workers.check()?;
            if is_few(pass) {
                return self.chosen(pass, workers).map(PassKernels::Chosen);
            }
            let mut kernels: Vec<Box<dyn Kernel>> = tables.next().into_iter().collect();
            if self.long.iter().any(|leaves| !leaves.is_empty()) {
                let background = Background::new(&self.encoding, &self.rows, &pass.weights);
                let forest = Arc::clone(&self.forest);
                let (encoding, long) = (&self.encoding, Some(&self.long[..]));
                kernels.push(Box::new(Cohorts::new(forest, encoding, background, long, Slots::Players)));
            }
            Ok(PassKernels::Own(kernels))
        });
        kernels.collect()
    }

    fn chosen(&self, pass: &Pass, workers: &Workers<'_>) -> Result<Kernels, Error> {
        let (precision, weights) = (self.precision, pass.weights.clone());
        let game = Game::Interventional { precision, rows: self.rows.clone(), weights };
        Kernels::new(&self.forest, &self.encoding, &game, Want::Values, workers)
    }

    /// Tables of the short paths, for each vector of weights.
    fn tables(&self, weights: &[Vec<f64>], workers: &Workers<'_>) -> Result<Vec<Box<dyn Kernel>>, Error> {
        if weights.is_empty() {
            return Ok(Vec::new());
        }
        let trees = (0..).take(self.forest.trees.len());
        let trees: Vec<u32> = trees.filter(|&tree| !is_linear(&self.forest, tree)).collect();
        let request = Request {
            forest: &self.forest,
            encoding: &self.encoding,
            trees: &trees,
            pairs: None,
            background: &Rows::Encoded(&self.rows),
            weights: Weights::Given(weights),
            table_bytes: usize::MAX, // the caller lets go of them after the sweep
            set: InstructionSet::chosen()?,
        };
        Ok(match self.precision {
            Precision::F32 => boxed(patterns::prepare::<f32>(&request, workers)?),
            Precision::F64 => boxed(patterns::prepare::<f64>(&request, workers)?),
        })
    }
}

fn is_linear(forest: &Forest, tree: u32) -> bool {
    !forest.trees[tree as usize].linear.is_empty()
}

fn number_of_leaves(forest: &Forest, tree: u32) -> u32 {
    u32::try_from(forest.trees[tree as usize].n_leaves()).expect("leaves are counted in 32 bits")
}

fn boxed<K: Kernel + 'static>(kernels: Vec<K>) -> Vec<Box<dyn Kernel>> {
    kernels.into_iter().map(|kernel| Box::new(kernel) as Box<dyn Kernel>).collect()
}
