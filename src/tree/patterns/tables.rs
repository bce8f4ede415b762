//! The tables of a tree: what each lane of each group receives in each pattern.

use super::MOST_PLAYERS;
use super::game::{self, Factors, LANES, Received};
use super::groups::{Group, Program};
use super::lookup::{Layout, Line, Number, to_planes};
use crate::simd::InstructionSet;
use crate::tree::forest::Tree;

/// The tables of a tree, `[group][value of a leaf][lane]`.
#[derive(Debug, Default)]
pub(super) struct Tables<T> {
    lines: Vec<Line>,
    plain: Vec<T>,
    /// Where each group begins, among the lines or the plain numbers.
    first: Vec<usize>,
}

/// One lane's table.
pub(super) enum Table<'a, T> {
    Plain(&'a [T]),
    Planes(&'a [Line]),
}

/// Everything that building needs besides the tree.
pub(super) struct Builder {
    set: InstructionSet,
    layout: Layout,
    factors: Vec<Factors>,
    projection: Vec<u16>,
    satisfied: Vec<f64>,
    received: Vec<Received>,
    table: Vec<Received>, // [value of a leaf][eight lanes][pattern]
}

impl Builder {
    pub(super) fn new(set: InstructionSet, layout: Layout, pairs: bool) -> Self {
        let factors = (0..=MOST_PLAYERS).map(|n| Factors::new(n, pairs)).collect();
        let (projection, satisfied, received, table) = Default::default();
        Self { set, layout, factors, projection, satisfied, received, table }
    }

    /// Build the tables of a tree from its weighted pattern counts.
    pub(super) fn build<T: Number>(
        &mut self,
        program: &Program,
        tree: &Tree,
        histogram: &[f64],
    ) -> Tables<T> {
        let width = tree.values.len() / tree.n_leaves();
        let mut tables = Tables { lines: Vec::new(), plain: Vec::new(), first: Vec::new() };
        for group in &program.groups {
            let histogram = &histogram[group.first_entry..][..group.n_patterns()];
            match self.set {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "entry into code for this instruction set")]
                // SAFETY: `InstructionSet` is one that this processor has.
                InstructionSet::Avx512 => unsafe { self.group_avx512(group, tree, width, histogram) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "entry into code for this instruction set")]
                // SAFETY: as above.
                InstructionSet::Avx2 => unsafe { self.group_avx2(group, tree, width, histogram) },
                _ => self.group(group, tree, width, histogram),
            }
            self.store(group, width, &mut tables);
        }
        tables
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn group_avx512(&mut self, group: &Group, tree: &Tree, width: usize, histogram: &[f64]) {
        self.group(group, tree, width, histogram);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn group_avx2(&mut self, group: &Group, tree: &Tree, width: usize, histogram: &[f64]) {
        self.group(group, tree, width, histogram);
    }

    /// Sum the leaves of a group. Multiplies and adds stay apart: the same bits in every instruction set.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the instruction set of its caller")]
    fn group(&mut self, group: &Group, tree: &Tree, width: usize, histogram: &[f64]) {
        let n_patterns = group.n_patterns();
        let octets = group.lanes.len().div_ceil(LANES);
        self.table.clear();
        self.table.resize(width * octets * n_patterns, [0.0; LANES]);
        for leaf in &group.leaves {
            let n_players = leaf.conditions.len();
            game::project(&leaf.conditions, n_patterns, &mut self.projection);
            game::satisfied(&self.projection, histogram, n_players, &mut self.satisfied);
            let factors = &self.factors[n_players];
            for (octet, lanes) in group.lanes.chunks(LANES).enumerate() {
                game::receive(lanes, &leaf.conditions, &self.satisfied, factors, &mut self.received);
                for (output, &value) in tree.leaf(leaf.number).iter().enumerate() {
                    let table = &mut self.table[(output * octets + octet) * n_patterns..][..n_patterns];
                    game::spread(value, &self.projection, &self.received, table);
                }
            }
        }
    }

    /// Round the sums of a group and lay them out.
    fn store<T: Number>(&self, group: &Group, width: usize, tables: &mut Tables<T>) {
        let n_patterns = group.n_patterns();
        let octets = group.lanes.len().div_ceil(LANES);
        let planes = is_planes(self.layout, group);
        tables.first.push(if planes { tables.lines.len() } else { tables.plain.len() });
        for output in 0..width {
            for lane in 0..group.lanes.len() {
                let table = &self.table[(output * octets + lane / LANES) * n_patterns..][..n_patterns];
                let numbers = table.iter().map(|lanes| T::of(lanes[lane % LANES]));
                if planes {
                    let first = tables.lines.len();
                    tables.lines.resize(first + lines::<T>(n_patterns), Line([0; 64]));
                    to_planes(numbers, &mut tables.lines[first..]);
                } else {
                    tables.plain.extend(numbers);
                }
            }
        }
    }
}

impl<T: Number> Tables<T> {
    /// The table of a lane for the value `output` of the leaves.
    pub(super) fn lane(
        &self,
        layout: Layout,
        (number, group): (usize, &Group),
        output: usize,
        lane: usize,
    ) -> Table<'_, T> {
        let (first, n_patterns) = (self.first[number], group.n_patterns());
        let number = output * group.lanes.len() + lane;
        if is_planes(layout, group) {
            let lines = lines::<T>(n_patterns);
            Table::Planes(&self.lines[first + number * lines..][..lines])
        } else {
            Table::Plain(&self.plain[first + number * n_patterns..][..n_patterns])
        }
    }
}

/// Bytes that the tables of a tree take.
pub(super) fn bytes<T: Number>(program: &Program, width: usize, layout: Layout) -> usize {
    let of_group = |group: &Group| {
        let one = if is_planes(layout, group) {
            lines::<T>(group.n_patterns()) * size_of::<Line>()
        } else {
            group.n_patterns() * size_of::<T>()
        };
        one * group.lanes.len() * width
    };
    program.groups.iter().map(of_group).sum()
}

/// What a tree adds to the base value: the weight of the background rows that reach each leaf, times its value.
pub(super) fn add_base(program: &Program, tree: &Tree, histogram: &[f64], base: &mut [f64]) {
    for group in &program.groups {
        for leaf in &group.leaves {
            let reached = (0_u16..).zip(&histogram[group.first_entry..][..group.n_patterns()]);
            let all = |pattern: u16| {
                leaf.conditions.iter().all(|condition| pattern & condition.care == condition.want)
            };
            let weight: f64 = reached.filter(|&(pattern, _)| all(pattern)).map(|(_, weight)| weight).sum();
            base.iter_mut().zip(tree.leaf(leaf.number)).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}

fn is_planes(layout: Layout, group: &Group) -> bool {
    layout == Layout::Planes && !group.is_wide()
}

/// Lines of one lane's planes: at least one for each byte.
fn lines<T>(n_patterns: usize) -> usize {
    size_of::<T>() * n_patterns.div_ceil(64)
}
