//! Random forests by number: shapes, repeats, categories, missing values, zero covers, several outputs, groups.

use ferroshap::random::{Purpose, Stream};
use ferroshap::tree::{
    Builder, CategoryCodes, CategorySet, Column, Forest, Linear, Output, Precision, Predicate, RawNode,
    RawTree, Split, Step, Transform,
};

use super::brute_force::Background;

/// How the nodes of a tree hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One split a level.
    Chain,
    /// All leaves at the same depth.
    Complete,
    /// A random leaf is split until there are enough.
    LeafWise,
    /// Complete, and all nodes of a level have one split.
    Oblivious,
}

/// What a forest is made of.
#[expect(clippy::struct_excessive_bools, reason = "each switches one oddity of a forest on")]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    pub(super) shape: Shape,
    /// Depth of a chain or a complete tree; leaf-wise trees get about `2^depth` leaves, at most 40.
    pub(super) depth: usize,
    pub(super) n_trees: usize,
    pub(super) n_columns: usize,
    /// At most so many players: columns beyond share one.
    pub(super) n_players: usize,
    pub(super) n_outputs: usize,
    /// Every second tree has a value for each output.
    pub(super) has_vectors: bool,
    /// May a path ask twice about a column?
    pub(super) repeats: bool,
    pub(super) has_categories: bool,
    /// Missing values, zeros as missing, equality.
    pub(super) has_oddities: bool,
    pub(super) has_zero_covers: bool,
    pub(super) has_linear_leaves: bool,
    /// The arithmetic of the library; single in all columns or a mix.
    pub(super) predicts_in: Precision,
}

impl Recipe {
    /// What forest `number` is made of: small enough for brute force.
    pub(super) fn numbered(number: u64) -> Self {
        let shapes = [Shape::Chain, Shape::Complete, Shape::LeafWise, Shape::LeafWise, Shape::Oblivious];
        let at = |step: u64, n: u64| (number / step % n) as usize;
        Self {
            shape: shapes[at(1, 5)],
            depth: 1 + at(1, 6),
            n_trees: [1, 3, 5, 20, 0, 2, 4][at(1, 7)],
            n_columns: 2 + at(1, 7),
            n_players: [10, 10, 3][at(1, 3)],
            n_outputs: [1, 1, 3, 5][at(1, 4)],
            has_vectors: at(1, 8) == 3 || at(1, 8) == 6,
            repeats: !number.is_multiple_of(3),
            has_categories: at(2, 2) == 1,
            has_oddities: at(3, 2) == 1,
            has_zero_covers: at(5, 2) == 1,
            has_linear_leaves: false,
            predicts_in: if number.is_multiple_of(2) { Precision::F64 } else { Precision::F32 },
        }
    }
}

/// Forest `number`.
pub(super) fn forest(number: u64) -> Forest {
    made(number, &Recipe::numbered(number))
}

/// A forest of a recipe.
pub(super) fn made(number: u64, recipe: &Recipe) -> Forest {
    let mut stream = Stream::new(number, Purpose::Order, 3, 0);
    let is_grouped = |column: usize| column >= recipe.n_players;
    let player = |column: usize| if is_grouped(column) { column % recipe.n_players } else { column } as u32;
    let empty = Forest {
        library: "random".to_owned(),
        predicts_in: recipe.predicts_in,
        columns: (0..recipe.n_columns).map(|_| column(&mut stream, recipe)).collect(),
        names: Vec::new(),
        player: (0..recipe.n_columns).map(player).collect(),
        offset: (0..recipe.n_outputs).map(|_| normal(&mut stream)).collect(),
        trees: Vec::new(),
        sets: Vec::new(),
        transform: Transform::Identity,
        has_cover: true,
        absent: if stream.below(2) == 0 { 0.0 } else { f64::NAN },
        trees_per_round: 1,
    };
    let columns = empty.columns.clone();
    let mut builder = Builder::new(empty);
    for number in 0..recipe.n_trees {
        let tree =
            Grower { stream: &mut stream, recipe, columns: &columns, builder: &mut builder }.tree(number);
        builder.tree(tree).unwrap();
    }
    builder.finish().unwrap()
}

/// About normal: enough for tests.
fn normal(stream: &mut Stream) -> f64 {
    (0..4).map(|_| stream.uniform() - 0.5).sum::<f64>() * 1.7
}

fn chance(stream: &mut Stream, probability: f64) -> bool {
    stream.uniform() < probability
}

fn column(stream: &mut Stream, recipe: &Recipe) -> Column {
    let missing = (recipe.has_oddities && chance(stream, 0.3)).then_some(0.3);
    if recipe.has_categories && chance(stream, 0.5) {
        let known = 5;
        let rules = [
            CategoryCodes::NegativeFirst,
            CategoryCodes::TruncateFirst,
            CategoryCodes::KnownOrMissing { known },
            CategoryCodes::KnownOrInvalid { known },
        ];
        let codes = rules[stream.index_below(4)];
        return Column::Category {
            codes,
            missing: missing.map(|_| 2.0),
            dictionary: Vec::new(),
            is_numeric: false,
        };
    }
    let is_single = recipe.predicts_in == Precision::F32 || (recipe.has_oddities && chance(stream, 0.3));
    Column::Numeric { cast: if is_single { Precision::F32 } else { Precision::F64 }, missing }
}

struct Grower<'a> {
    stream: &'a mut Stream,
    recipe: &'a Recipe,
    columns: &'a [Column],
    builder: &'a mut Builder,
}

impl Grower<'_> {
    fn tree(&mut self, number: usize) -> RawTree {
        let recipe = self.recipe;
        let mut nodes = vec![None];
        let mut paths = vec![Vec::new()]; // columns above each node
        let mut leaves = vec![0_usize];
        let n_splits = match recipe.shape {
            Shape::Chain => recipe.depth,
            Shape::Complete | Shape::Oblivious => (1 << recipe.depth) - 1,
            Shape::LeafWise => ((1 << recipe.depth) - 1).min(39),
        };
        let levels: Vec<Split> = (0..recipe.depth)
            .scan(Vec::new(), |path, _| {
                let split = self.split(path)?;
                path.push(split.column);
                Some(split)
            })
            .collect();
        for _ in 0..n_splits {
            if leaves.is_empty() {
                break; // no column is left for any of them
            }
            let taken = match recipe.shape {
                Shape::Chain => leaves.len() - 1 - self.stream.index_below(leaves.len().min(2)),
                Shape::Complete | Shape::Oblivious => 0, // first come, first split
                Shape::LeafWise => self.stream.index_below(leaves.len()),
            };
            let node = leaves.remove(taken);
            let split = match recipe.shape {
                Shape::Oblivious => levels.get(paths[node].len()).copied(),
                _ => self.split(&paths[node]),
            };
            let Some(split) = split else { continue }; // all columns are used up: it stays a leaf
            let (left, right) = (nodes.len() as u32, nodes.len() as u32 + 1);
            nodes[node] = Some((left, Split { right, ..split }));
            let mut path = paths[node].clone();
            path.push(split.column);
            paths.extend([path.clone(), path]);
            nodes.extend([None, None]);
            leaves.extend([left as usize, right as usize]);
        }
        self.finished(number, &nodes)
    }

    fn finished(&mut self, number: usize, nodes: &[Option<(u32, Split)>]) -> RawTree {
        let recipe = self.recipe;
        let is_vector = recipe.has_vectors && number.is_multiple_of(2);
        let width = if is_vector { recipe.n_outputs } else { 1 };
        let mut n_leaves = 0;
        let raw = nodes.iter().map(|node| {
            if let Some((left, split)) = *node {
                RawNode::Split { left, split }
            } else {
                n_leaves += 1;
                RawNode::Leaf(n_leaves - 1)
            }
        });
        let raw: Vec<RawNode> = raw.collect();
        let values = (0..n_leaves as usize * width).map(|_| normal(self.stream)).collect();
        let linear = if recipe.has_linear_leaves && !is_vector {
            (0..n_leaves).map(|_| self.linear()).collect()
        } else {
            Vec::new()
        };
        let output = if is_vector {
            Output::All
        } else {
            Output::One(self.stream.below(recipe.n_outputs as u64) as u32)
        };
        let is_oblivious = recipe.shape == Shape::Oblivious;
        RawTree { covers: self.covers(nodes), nodes: raw, values, linear, output, is_oblivious }
    }

    /// Each node shares its cover among its children; now and then one gets nothing.
    fn covers(&mut self, nodes: &[Option<(u32, Split)>]) -> Vec<f64> {
        let mut covers = vec![1000.0; nodes.len()];
        for (node, step) in nodes.iter().enumerate() {
            let Some((left, split)) = step else { continue };
            let is_empty = self.recipe.has_zero_covers && chance(self.stream, 0.3);
            let share =
                if is_empty { f64::from(u8::from(chance(self.stream, 0.5))) } else { self.stream.uniform() };
            covers[*left as usize] = covers[node] * share;
            covers[split.right as usize] = covers[node] * (1.0 - share);
        }
        covers
    }

    fn linear(&mut self) -> Linear {
        let numeric: Vec<u32> = (0..self.columns.len() as u32)
            .filter(|&column| matches!(self.columns[column as usize], Column::Numeric { .. }))
            .collect();
        let mut terms: Vec<(u32, f64)> = Vec::new();
        for column in numeric {
            if chance(self.stream, 0.4) {
                terms.push((column, normal(self.stream)));
            }
        }
        Linear { constant: normal(self.stream), terms, if_nan: normal(self.stream) }
    }

    /// A split for a path that has asked about some columns; none if all are used up.
    fn split(&mut self, path: &[u32]) -> Option<Split> {
        let is_open = |column: &u32| self.recipe.repeats || !path.contains(column);
        let open: Vec<u32> = (0..self.columns.len() as u32).filter(is_open).collect();
        if open.is_empty() {
            return None;
        }
        let column = open[self.stream.index_below(open.len())];
        let nan_left = chance(self.stream, 0.5);
        let odd = self.recipe.has_oddities;
        let (predicate, zero_is_missing) = match self.columns[column as usize] {
            Column::Category { .. } => (self.set_predicate(), false),
            Column::Numeric { .. } => {
                let threshold = self.threshold();
                let predicate = match self.stream.below(if odd { 5 } else { 4 }) {
                    0 | 1 => Predicate::Le(threshold),
                    2 | 3 => Predicate::Lt(threshold),
                    _ => Predicate::Eq(threshold),
                };
                (predicate, odd && chance(self.stream, 0.3))
            }
        };
        Some(Split { predicate, column, right: 0, nan_left, zero_is_missing })
    }

    /// Few distinct numbers, so that splits repeat them; now and then an extreme one.
    fn threshold(&mut self) -> f64 {
        let corners =
            [0.0, -0.0, 5e-324, 1e-40, -1e-45, f64::INFINITY, f64::NEG_INFINITY, 1e39, -1e300, 1e-36];
        if self.recipe.has_oddities && chance(self.stream, 0.1) {
            return corners[self.stream.index_below(corners.len())];
        }
        let step = self.stream.below(9) as f64 - 4.0;
        if chance(self.stream, 0.5) { step / 4.0 } else { step / 10.0 }
    }

    fn set_predicate(&mut self) -> Predicate {
        let n_words = [1, 1, 2, 20][self.stream.index_below(4)];
        let words = (0..n_words).map(|_| self.stream.word() as u32).collect();
        let set = self.builder.set(CategorySet { words });
        Predicate::InSet {
            set,
            in_set_left: chance(self.stream, 0.5),
            invalid_left: chance(self.stream, 0.5),
        }
    }
}

/// Rows for a forest, row after row: thresholds, their neighbours, missing and extreme values.
pub(super) fn rows(number: u64, forest: &Forest, n_rows: usize) -> Vec<f64> {
    let mut stream = Stream::new(number, Purpose::Order, 4, 0);
    let thresholds = thresholds(forest);
    let mut rows = Vec::new();
    for _ in 0..n_rows {
        for (column, thresholds) in forest.columns.iter().zip(&thresholds) {
            rows.push(match column {
                Column::Numeric { .. } => number_near(&mut stream, thresholds),
                Column::Category { .. } => code(&mut stream),
            });
        }
    }
    rows
}

/// A background: rows, some of them twice, with weights, some of them 0.
pub(super) fn background(number: u64, forest: &Forest, n_rows: usize) -> Background {
    let mut stream = Stream::new(number, Purpose::Order, 5, 0);
    let mut rows = rows(number + 1_000_003, forest, n_rows);
    let n_columns = forest.n_columns();
    for row in 1..n_rows {
        if chance(&mut stream, 0.2) {
            rows.copy_within((row - 1) * n_columns..row * n_columns, row * n_columns);
        }
    }
    let weight = |row: usize| if row % 5 == 3 { 0.0 } else { 0.1 + stream.uniform() };
    Background { rows, weights: (0..n_rows).map(weight).collect() }
}

/// The numbers that the splits of each column compare with.
pub(super) fn thresholds(forest: &Forest) -> Vec<Vec<f64>> {
    let mut thresholds = vec![Vec::new(); forest.n_columns()];
    for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
        let Step::Split(split) = node.step else { continue };
        if let Predicate::Lt(t) | Predicate::Le(t) | Predicate::Eq(t) = split.predicate {
            thresholds[split.column as usize].push(t);
        }
    }
    thresholds
}

fn number_near(stream: &mut Stream, thresholds: &[f64]) -> f64 {
    let corners =
        [f64::NAN, f64::NAN, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, -1e-40, 1e-36, 0.3, 1e300];
    match stream.below(10) {
        0 | 1 => corners[stream.index_below(corners.len())],
        2..=5 if !thresholds.is_empty() => {
            let threshold = thresholds[stream.index_below(thresholds.len())];
            match stream.below(6) {
                0 => threshold.next_up(),
                1 => threshold.next_down(),
                2 => f64::from((threshold as f32).next_up()),
                3 => f64::from((threshold as f32).next_down()),
                _ => threshold,
            }
        }
        _ => normal(stream),
    }
}

fn code(stream: &mut Stream) -> f64 {
    let corners = [f64::NAN, -1.0, -0.5, 0.7, 31.0, 32.0, 639.0, 640.0, 1e7, 16_777_216.0, 1e30, -1e30, 4.9];
    if chance(stream, 0.3) { corners[stream.index_below(corners.len())] } else { stream.below(8) as f64 }
}
