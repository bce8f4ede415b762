//! The neutral representation of a tree ensemble: what every reader gives and every kernel takes.

use crate::error::Error;

/// An ensemble: the output `k` of a row is `offset[k]` plus what its trees say, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Which library grew it, with its version where the file says so: "XGBoost 3.4.1".
    pub library: String,
    /// The arithmetic of the library's own prediction.
    pub predicts_in: Precision,
    /// Columns of a row.
    pub columns: Vec<Column>,
    /// Names of the columns; empty where the model knows none.
    pub names: Vec<String>,
    /// The player that each column belongs to, numbered from 0 without gaps.
    pub player: Vec<u32>,
    /// What every output starts from; its length is the number of outputs.
    pub offset: Vec<f64>,
    /// The trees.
    pub trees: Vec<Tree>,
    /// The category sets that splits refer to by number.
    pub sets: Vec<CategorySet>,
    /// From the raw margin to what the library's `predict` gives.
    pub transform: Transform,
    /// Whether the covers of the nodes are known; without them there are no path-dependent values.
    pub has_cover: bool,
    /// What an entry that a sparse matrix does not store stands for: NaN in XGBoost, 0 in all other libraries.
    pub absent: f64,
    /// Trees that one round of boosting adds (outputs times parallel trees); 0 where rounds have no meaning.
    pub trees_per_round: u32,
}

/// The arithmetic that a library predicts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Precision {
    F32,
    F64,
}

/// How the numbers of a column are read before a split compares them.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// A number: cast to `cast`, and missing when NaN or (after the cast) equal to `missing`.
    Numeric {
        /// The type that the library compares in.
        cast: Precision,
        /// A value that stands for "missing", besides NaN.
        missing: Option<f64>,
    },
    /// A category code: truncated to an integer.
    Category {
        /// How a number becomes a code.
        codes: CategoryCodes,
        /// A value that stands for "missing", besides NaN.
        missing: Option<f64>,
        /// The categories by code, as text, where the model stores them; empty where rows bring codes.
        dictionary: Vec<String>,
        /// Whether the dictionary's texts are numbers.
        is_numeric: bool,
    },
}

/// How a number becomes a category code. NaN is missing under every rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CategoryCodes {
    /// Negative numbers are invalid, tested before truncating: -0.5 is invalid (XGBoost).
    NegativeFirst,
    /// Truncated first, so -0.5 is code 0; negative codes are invalid (LightGBM).
    TruncateFirst,
    /// Only the codes `0..dictionary length` are known, all else is missing (HistGradientBoosting).
    KnownOrMissing {
        /// How many codes are known.
        known: u32,
    },
    /// Only the codes `0..dictionary length` are known, all else is invalid (CatBoost's one-hot splits).
    KnownOrInvalid {
        /// How many codes are known.
        known: u32,
    },
}

/// From the raw margin to the library's prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the formulas say it")]
#[non_exhaustive]
pub enum Transform {
    Identity,
    /// `1 / (1 + exp(-scale * margin))`
    Sigmoid {
        scale: f64,
    },
    Softmax,
    Exp,
    /// Something that this crate has no formula for: only raw outputs are explained.
    Other,
}

/// One tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// In preorder: node 0 is the root, the left child of node `i` is `i + 1`.
    pub nodes: Vec<Node>,
    /// `[leaf][value]`: one value a leaf, or one for each output of the forest. Leaves are numbered in preorder.
    pub values: Vec<f64>,
    /// Where the values go.
    pub output: Output,
    /// For each leaf the linear function that replaces its value, where leaves are linear; else empty.
    pub linear: Vec<Linear>,
    /// Whether all nodes of a level have one split, so that node `i < depth` is the split of level `i`, and the
    /// leaf's number has the root's decision as its highest bit (1 = right).
    pub is_oblivious: bool,
}

/// Where the values of a tree go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To one output.
    One(u32),
    /// One value for each output of the forest.
    All,
}

impl Default for Output {
    /// The output of a forest that has one.
    fn default() -> Self {
        Self::One(0)
    }
}

/// A node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Weight of the training rows that came through, as the library counts it; 0 where unknown.
    pub cover: f64,
    /// What happens here.
    pub step: Step,
}

/// What happens at a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// The number of the leaf in its tree.
    Leaf(u32),
    /// A split.
    Split(Split),
}

/// A row goes left where the predicate is true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// What is asked.
    pub predicate: Predicate,
    /// The column that is asked about.
    pub column: u32,
    /// The right child; the left one is the next node.
    pub right: u32,
    /// Whether a missing value goes left.
    pub nan_left: bool,
    /// Whether `|x| <= 1e-35` is missing too (LightGBM's `zero_as_missing`).
    pub zero_is_missing: bool,
}

/// What a split asks; true goes left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Predicate {
    /// `x < threshold`
    Lt(f64),
    /// `x <= threshold`
    Le(f64),
    /// `x == value`
    Eq(f64),
    /// Whether the category is in a set.
    InSet {
        /// Number of the set in [`Forest::sets`].
        set: u32,
        /// Whether members go left (else all valid others do).
        in_set_left: bool,
        /// Whether an invalid code goes left.
        invalid_left: bool,
    },
}

/// Category codes, as bits; codes past the end are not members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategorySet {
    /// Bit `c % 32` of word `c / 32` is code `c`.
    pub words: Box<[u32]>,
}

/// A linear leaf: `constant + sum of coefficient * x[column]`, and `if_nan` when one of these is NaN.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the formula names the fields")]
pub struct Linear {
    pub constant: f64,
    pub terms: Vec<(u32, f64)>, // (column, coefficient)
    pub if_nan: f64,
}

impl Forest {
    /// Columns that a row must have.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Outputs, at least one.
    pub fn n_outputs(&self) -> usize {
        self.offset.len()
    }

    /// Players who share the worth: as many as columns, unless columns are grouped.
    pub fn n_players(&self) -> usize {
        self.player.iter().max().map_or(0, |&last| last as usize + 1)
    }

    /// Leaves of all trees.
    pub fn n_leaves(&self) -> usize {
        self.trees.iter().map(Tree::n_leaves).sum()
    }

    /// Check everything that kernels rely on, in time linear in the forest. Every reader ends here.
    ///
    /// Nodes in preorder, at most 4,096 deep; leaves numbered in order; columns, outputs, sets and players that
    /// exist; finite values; thresholds that are not NaN; sets of at most 2^24 codes. Two claims are taken back rather
    /// than refused: covers that are negative or not finite ([`Forest::has_cover`] becomes false), and
    /// [`Tree::is_oblivious`] of a tree that is none.
    pub fn validated(self) -> Result<Self, Error> {
        super::validation::validated(self)
    }

    /// The largest gap between a node's cover and the sum of its children's, relative to the larger of the two. Above
    /// 1e-3 the file's covers are doubtful, and a warning is due; they are normalised by the children's own sum.
    pub fn cover_gap(&self) -> f64 {
        let gap_at = |tree: &Tree, number: usize, node: &Node| match node.step {
            Step::Leaf(_) => 0.0,
            Step::Split(split) => {
                let below = tree.nodes[number + 1].cover + tree.nodes[split.right as usize].cover;
                let larger = below.max(node.cover);
                if larger > 0.0 { (node.cover - below).abs() / larger } else { 0.0 }
            }
        };
        let gaps = self.trees.iter().flat_map(|tree| {
            tree.nodes.iter().enumerate().map(move |(number, node)| gap_at(tree, number, node))
        });
        gaps.fold(0.0, f64::max)
    }
}

impl Tree {
    /// Leaves of this tree, at least one.
    pub fn n_leaves(&self) -> usize {
        self.nodes.len() / 2 + 1
    }

    /// Values of one leaf: one, or one for each output.
    pub fn leaf(&self, number: u32) -> &[f64] {
        let width = self.values.len() / self.n_leaves();
        &self.values[number as usize * width..][..width]
    }

    /// The share of the cover that goes left at `node`, which splits: left / (left + right), 1/2 if both are 0.
    pub fn fraction_left(&self, node: usize, split: &Split) -> f64 {
        let (left, right) = (self.nodes[node + 1].cover, self.nodes[split.right as usize].cover);
        if left + right > 0.0 { left / (left + right) } else { 0.5 }
    }
}

impl CategorySet {
    /// Is the code a member?
    pub fn contains(&self, code: u32) -> bool {
        self.words.get(code as usize / 32).is_some_and(|word| word >> (code % 32) & 1 == 1)
    }
}
