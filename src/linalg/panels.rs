//! Matrices as the kernel reads them: eight rows, or eight columns, side by side.

use std::ops::Range;

use super::{LANES, Lanes, Matrix, Square};

/// Eight vectors a panel: entry `k` of the panel holds the `k`-th number of each.
#[derive(Debug, Clone)]
pub(super) struct Panels {
    depth: usize,
    cells: Vec<f64>,
}

impl Panels {
    /// Zeros: `n_panels` panels of `depth` entries, in the memory of `cells`.
    pub(super) fn zeros_in(mut cells: Vec<f64>, n_panels: usize, depth: usize) -> Self {
        cells.clear();
        cells.resize(n_panels * depth * LANES, 0.0);
        Self { depth, cells }
    }

    /// The columns of a matrix, padded with zeros to `depth` rows.
    pub(super) fn of_columns(matrix: &Matrix, depth: usize) -> Self {
        let mut panels = Self::zeros_in(Vec::new(), matrix.n_columns().div_ceil(LANES), depth);
        let cells = panels.cells_mut();
        for k in 0..matrix.n_rows() {
            for (panel, lanes) in matrix.lanes(k).iter().enumerate() {
                cells[panel * depth + k] = *lanes;
            }
        }
        panels
    }

    /// The rows of a square matrix, in its own memory; those of its padding are rows of the identity.
    pub(super) fn of_square(square: Square) -> Self {
        let n = square.n();
        let (mut cells, depth) = square.into_cells();
        let mut rows = vec![0.0; LANES * depth];
        for (number, panel) in cells.chunks_exact_mut(LANES * depth).enumerate() {
            rows.copy_from_slice(panel);
            for i in n.max(number * LANES)..(number + 1) * LANES {
                let row = &mut rows[i % LANES * depth..][..depth];
                row.fill(0.0);
                row[i] = 1.0;
            }
            transpose(&rows, depth, 0..(number + 1) * LANES, panel.as_chunks_mut().0);
        }
        Self { depth, cells }
    }

    /// A square matrix, in the memory of these panels: its cells are not told.
    pub(super) fn into_cells(self) -> Vec<f64> {
        self.cells
    }

    /// Entries of a panel.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Number of panels.
    pub(super) fn n_panels(&self) -> usize {
        if self.depth == 0 { 0 } else { self.cells.len() / (self.depth * LANES) }
    }

    /// One panel.
    pub(super) fn panel(&self, panel: usize) -> &[Lanes] {
        &self.cells()[panel * self.depth..][..self.depth]
    }

    /// All panels, one after the other.
    pub(super) fn cells(&self) -> &[Lanes] {
        self.cells.as_chunks().0
    }

    /// All panels, to be written.
    pub(super) fn cells_mut(&mut self) -> &mut [Lanes] {
        self.cells.as_chunks_mut().0
    }

    /// Write the vectors as columns of a matrix.
    pub(super) fn write_columns(&self, matrix: &mut Matrix) {
        let cells = self.cells();
        for k in 0..matrix.n_rows() {
            for (panel, lanes) in matrix.lanes_mut(k).iter_mut().enumerate() {
                *lanes = cells[panel * self.depth + k];
            }
        }
    }
}

/// Columns `columns` of eight rows of `stride` numbers, side by side.
#[inline(always)]
pub(super) fn transpose(rows: &[f64], stride: usize, columns: Range<usize>, panel: &mut [Lanes]) {
    let rows: [&[f64]; LANES] = std::array::from_fn(|i| &rows[i * stride..][columns.clone()]);
    for (k, lanes) in panel.iter_mut().enumerate().take(columns.len()) {
        for (lane, row) in lanes.iter_mut().zip(&rows) {
            *lane = row[k];
        }
    }
}
