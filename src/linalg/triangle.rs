//! The loops of the Cholesky factor: blocks of 64 columns, tiles of eight rows.

use std::ops::Range;

use super::kernel::{Job, Vector, tile, tile_across};
use super::panels::Panels;
use super::{LANES, Lanes};

/// Columns of `L` that are brought up to date together.
const BLOCK: usize = 64;
/// Terms that are summed before they are taken from a cell: three panels of them stay in the first cache.
const TERMS: usize = 128;

/// Call `$name::<V, WIDTH>` with as many panels as there are, `V::WIDTH` at a time.
macro_rules! by_width {
    ($panels:expr, $depth:expr, |$first:ident, $group:ident| $name:ident ( $($argument:expr),* )) => {
        for (number, $group) in $panels.chunks_mut(V::WIDTH * $depth).enumerate() {
            let $first = number * V::WIDTH;
            match $group.len() / $depth {
                1 => $name::<V, 1>($($argument),*),
                2 => $name::<V, 2>($($argument),*),
                _ => $name::<V, 3>($($argument),*),
            }
        }
    };
}

/// Replace the panels of a symmetric matrix, given by its lower triangle, by those of `L`; false if that cannot be.
pub(super) struct Factor<'a> {
    pub(super) depth: usize,
    pub(super) rows: &'a mut [Lanes],
}

impl Job for Factor<'_> {
    type Output = bool;

    #[inline(always)]
    fn work<V: Vector>(self) -> bool {
        let depth = self.depth;
        for begin in (0..depth).step_by(BLOCK) {
            let block = begin..depth.min(begin + BLOCK);
            let (done, below) = self.rows.split_at_mut(block.end / LANES * depth);
            for row in block.clone().step_by(LANES) {
                let (pivots, rest) = done[row / LANES * depth..].split_at_mut(depth);
                let (known, cells) = pivots.split_at_mut(row);
                tile::<V, 1>(known, [known], |i, _, sum| subtract(&mut cells[i], sum));
                if !factor_tile(&mut cells[..LANES]) {
                    return false;
                }
                by_width!(rest, depth, |_first, group| near(pivots, row, 0..row, group));
            }
            by_width!(below, depth, |_first, group| far_and_near(done, depth, block.clone(), 0, group));
        }
        true
    }
}

/// Replace the columns of `B` by those of `L^-1 B`.
pub(super) struct Forward<'a> {
    pub(super) factor: &'a Panels,
    pub(super) columns: &'a mut [Lanes],
    /// Are the columns zero above the diagonal?
    pub(super) is_triangle: bool,
}

impl Job for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn work<V: Vector>(self) {
        let depth = self.factor.depth();
        for begin in (0..depth).step_by(BLOCK) {
            let block = begin..depth.min(begin + BLOCK);
            let n_panels = if self.is_triangle { block.end / LANES } else { self.columns.len() / depth };
            let columns = &mut self.columns[..n_panels * depth];
            let start = |panel: usize| if self.is_triangle { panel * LANES } else { 0 };
            by_width!(columns, depth, |first, group| far_and_near(
                self.factor.cells(),
                depth,
                block.clone(),
                start(first),
                group
            ));
        }
    }
}

/// Replace the columns of `B` by those of `L'^-1 B`.
pub(super) struct Backward<'a> {
    pub(super) factor: &'a Panels,
    pub(super) columns: &'a mut [Lanes],
}

impl Job for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn work<V: Vector>(self) {
        let depth = self.factor.depth();
        for row in (0..depth).step_by(LANES).rev() {
            by_width!(self.columns, depth, |_first, group| back(self.factor, row, group));
        }
    }
}

/// `X' X` of a lower triangular `X`, given by its columns: the lower triangle; cells above it are not told.
pub(super) struct Gram<'a> {
    pub(super) columns: &'a Panels,
    /// Rows of `stride` lanes.
    pub(super) cells: &'a mut [Lanes],
    pub(super) stride: usize,
}

impl Job for Gram<'_> {
    type Output = ();

    #[inline(always)]
    fn work<V: Vector>(mut self) {
        let n_panels = self.columns.n_panels();
        for first in (0..n_panels).step_by(V::WIDTH) {
            match V::WIDTH.min(n_panels - first) {
                1 => self.columns::<V, 1>(first),
                2 => self.columns::<V, 2>(first),
                _ => self.columns::<V, 3>(first),
            }
        }
    }
}

impl Gram<'_> {
    /// The columns of some panels.
    #[inline(always)]
    fn columns<V: Vector, const WIDTH: usize>(&mut self, first: usize) {
        let depth = self.columns.depth();
        for begin in (first * LANES / TERMS * TERMS..depth).step_by(TERMS) {
            let end = depth.min(begin + TERMS);
            for row in first..end / LANES {
                let terms = begin.max(row * LANES)..end;
                let b = std::array::from_fn(|w| &self.columns.panel(first + w)[terms.clone()]);
                let cells = &mut self.cells[row * LANES * self.stride + first..];
                tile::<V, WIDTH>(&self.columns.panel(row)[terms.clone()], b, |i, w, sum| {
                    let cell = &mut cells[i * self.stride + w];
                    V::load(cell).add(sum).store(cell);
                });
            }
        }
    }
}

/// Solve for the rows `block` of some columns, those before them being solved; zero before row `start`.
#[inline(always)]
fn far_and_near<V: Vector, const WIDTH: usize>(
    factor: &[Lanes],
    depth: usize,
    block: Range<usize>,
    start: usize,
    columns: &mut [Lanes],
) {
    let start = start.min(block.start);
    for begin in (start / TERMS * TERMS..block.start).step_by(TERMS) {
        let terms = begin.max(start)..block.start.min(begin + TERMS);
        for row in block.clone().step_by(LANES) {
            let l = &factor[row / LANES * depth..][..depth];
            let (known, mut cells) = split(columns, depth, row);
            let known = known.map(|known| &known[terms.clone()]);
            tile::<V, WIDTH>(&l[terms.clone()], known, |i, w, sum| subtract(&mut cells[w][i], sum));
        }
    }
    for row in block.clone().step_by(LANES) {
        let l = &factor[row / LANES * depth..][..depth];
        near::<V, WIDTH>(l, row, block.start..row, columns);
    }
}

/// Solve for eight rows, by the rows `terms` and themselves.
#[inline(always)]
fn near<V: Vector, const WIDTH: usize>(l: &[Lanes], row: usize, terms: Range<usize>, columns: &mut [Lanes]) {
    let depth = l.len();
    let (known, mut cells) = split(columns, depth, row);
    let known = known.map(|known| &known[terms.clone()]);
    tile::<V, WIDTH>(&l[terms], known, |i, w, sum| subtract(&mut cells[w][i], sum));
    let pivots = &l[row..row + LANES];
    for cells in &mut cells {
        for i in 0..LANES {
            let cell = V::load(&cells[i]).mul(V::splat(1.0 / pivots[i][i]));
            cell.store(&mut cells[i]);
            for below in i + 1..LANES {
                V::splat(pivots[i][below]).neg_mul_add(cell, V::load(&cells[below])).store(&mut cells[below]);
            }
        }
    }
}

/// Solve for eight rows, those after them being solved.
#[inline(always)]
fn back<V: Vector, const WIDTH: usize>(factor: &Panels, row: usize, columns: &mut [Lanes]) {
    let depth = factor.depth();
    let after = row + LANES;
    let (mut cells, known) = split_after(columns, depth, after);
    for begin in (after..depth).step_by(TERMS) {
        let terms = begin..depth.min(begin + TERMS);
        let blocks = (terms.start / LANES..terms.end / LANES)
            .map(|panel| factor.panel(panel)[row..].first_chunk().unwrap_or(&[[0.0; LANES]; LANES]));
        let known = known.map(|known| &known[terms.start - after..terms.end - after]);
        tile_across::<V, WIDTH>(blocks, known, |i, w, sum| subtract(&mut cells[w][i], sum));
    }
    let pivots = &factor.panel(row / LANES)[row..after];
    for cells in &mut cells {
        for i in (0..LANES).rev() {
            let cell = V::load(&cells[i]).mul(V::splat(1.0 / pivots[i][i]));
            cell.store(&mut cells[i]);
            for above in 0..i {
                V::splat(pivots[above][i]).neg_mul_add(cell, V::load(&cells[above])).store(&mut cells[above]);
            }
        }
    }
}

/// Of each panel the rows before `row`, and the eight from there on.
#[inline(always)]
fn split<const WIDTH: usize>(
    columns: &mut [Lanes],
    depth: usize,
    row: usize,
) -> ([&[Lanes]; WIDTH], [&mut [Lanes]; WIDTH]) {
    let mut panels = columns.chunks_exact_mut(depth).map(|panel| panel.split_at_mut(row));
    let mut known: [&[Lanes]; WIDTH] = [&[]; WIDTH];
    let cells = std::array::from_fn(|w| {
        let (before, rest) = panels.next().unwrap_or_default();
        known[w] = before;
        &mut rest[..LANES]
    });
    (known, cells)
}

/// Of each panel the eight rows before `row`, and those from there on.
#[inline(always)]
fn split_after<const WIDTH: usize>(
    columns: &mut [Lanes],
    depth: usize,
    row: usize,
) -> ([&mut [Lanes]; WIDTH], [&[Lanes]; WIDTH]) {
    let mut panels = columns.chunks_exact_mut(depth).map(|panel| panel.split_at_mut(row));
    let mut known: [&[Lanes]; WIDTH] = [&[]; WIDTH];
    let cells = std::array::from_fn(|w| {
        let (before, rest) = panels.next().unwrap_or_default();
        known[w] = rest;
        &mut before[row - LANES..]
    });
    (cells, known)
}

#[inline(always)]
fn subtract<V: Vector>(cell: &mut Lanes, sum: V) {
    V::load(cell).sub(sum).store(cell);
}

/// The factor of eight by eight cells, zero above the diagonal; false unless every pivot is positive and finite.
#[inline(always)]
fn factor_tile(cells: &mut [Lanes]) -> bool {
    for j in 0..LANES {
        cells[j][..j].fill(0.0);
        let pivot = cells[j][j];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        let root = pivot.sqrt();
        let column = cells[j].map(|cell| cell / root);
        cells[j] = column;
        cells[j][j] = root;
        for (k, cells) in cells.iter_mut().enumerate().skip(j + 1) {
            for (cell, &factor) in cells.iter_mut().zip(&column) {
                *cell = (-column[k]).mul_add(factor, *cell);
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::kernel::run_on;
    use crate::linalg::matrix::random;
    use crate::linalg::{Square, symmetric_product};
    use crate::simd::{InstructionSet, supported};

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let n = 203;
        let x = random(n, 2 * n, 7);
        let mut matrix = Square::zeros(n);
        symmetric_product(&x, &x, &mut matrix);
        let b = random(n, n, 8);
        let on = |set| {
            let mut factor = Panels::of_square(matrix.clone());
            let depth = factor.depth();
            assert!(run_on(set, Factor { depth, rows: factor.cells_mut() }));
            let solve = |is_triangle| {
                let mut columns = Panels::of_columns(&b, depth);
                let of_columns = columns.cells_mut();
                if is_triangle {
                    of_columns
                        .chunks_mut(depth)
                        .enumerate()
                        .for_each(|(w, c)| c[..w * LANES].fill([0.0; LANES]));
                }
                run_on(set, Forward { factor: &factor, columns: of_columns, is_triangle });
                columns
            };
            let (all, triangle, mut upper) = (solve(false), solve(true), Panels::of_columns(&b, depth));
            run_on(set, Backward { factor: &factor, columns: upper.cells_mut() });
            let stride = n.div_ceil(LANES);
            let mut gram = vec![[0.0; LANES]; depth * stride];
            run_on(set, Gram { columns: &triangle, cells: &mut gram, stride });
            for (i, row) in gram.chunks_exact_mut(stride).enumerate() {
                row[i / LANES + 1..].fill([0.0; LANES]); // not told
            }
            let cells = [all.cells(), triangle.cells(), upper.cells(), &gram].concat();
            cells.as_flattened().iter().map(|cell| cell.to_bits()).collect::<Vec<_>>()
        };
        let expected = on(InstructionSet::Portable);
        for set in supported() {
            assert!(on(set) == expected, "{set:?}");
        }
    }
}
