//! A tree of rectangles that knows nothing of the picture: the incumbent's, kept for comparison.

use super::linkage::Linkage;
use super::shape::Shape;
use crate::error::Error;

/// Halve the rectangle of cells again and again: its longer side at `ceil(n / 2)`, rows where both are equal.
///
/// O(cells). With cells of one pixel these are the nodes of shap's `maskers.Image`, down to pixels; shap goes on and
/// cuts pixels into channels. (Shap halves at `floor(n / 2)`, but numbers the leaves from the end: its tree is that of
/// the picture turned upside down.)
pub fn axis_tree(height: usize, width: usize, cell: usize) -> Result<Linkage, Error> {
    Shape { height, width, n_channels: 1 }.check()?;
    if cell == 0 {
        let got = cell.to_string();
        return Err(Error::Parameter { argument: "cell", got, accepted: "1 pixel or more" });
    }
    let (n_rows, n_columns) = (height.div_ceil(cell), width.div_ceil(cell));
    // Breadth first, and numbered from the end, so that children have the lower numbers.
    let mut met = vec![Rectangle { row: 0, column: 0, n_rows, n_columns }];
    let mut children = Vec::new();
    let mut at = 0;
    while let Some(rectangle) = met.get(at) {
        if let Some(halves) = rectangle.halves() {
            children.push((at, met.len()));
            met.extend(halves);
        }
        at += 1;
    }
    let n_cells = n_rows * n_columns;
    let mut number: Vec<u32> = met.iter().map(|r| as_number(r.row * n_columns + r.column)).collect();
    for (new, &(node, _)) in children.iter().rev().enumerate() {
        number[node] = as_number(n_cells + new);
    }
    let child = |place: usize| children.iter().rev().map(|&(_, first)| number[first + place]).collect();
    Ok(Linkage { left: child(0), right: child(1) })
}

#[derive(Clone, Copy)]
struct Rectangle {
    row: usize,
    column: usize,
    n_rows: usize,
    n_columns: usize,
}

impl Rectangle {
    fn halves(self) -> Option<[Self; 2]> {
        if self.n_rows * self.n_columns == 1 {
            return None;
        }
        Some(if self.n_rows >= self.n_columns {
            let upper = self.n_rows.div_ceil(2);
            [
                Self { n_rows: upper, ..self },
                Self { row: self.row + upper, n_rows: self.n_rows - upper, ..self },
            ]
        } else {
            let left = self.n_columns.div_ceil(2);
            [
                Self { n_columns: left, ..self },
                Self { column: self.column + left, n_columns: self.n_columns - left, ..self },
            ]
        })
    }
}

fn as_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX) // never: there are fewer than 2^31 cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_halved_rows_first() {
        // 2 x 3 cells: columns at 2, then the 2 x 2 by rows, these by columns, and the 2 x 1 by rows.
        let walk = axis_tree(2, 3, 1).unwrap().walk().unwrap();
        assert_eq!(walk, [-2, -2, -2, 0, 1, -2, 3, 4, -2, 2, 5]);
        let walk = axis_tree(4, 4, 2).unwrap().walk().unwrap();
        assert_eq!(walk, [-2, -2, 0, 1, -2, 2, 3]);
        assert_eq!(axis_tree(5, 5, 9).unwrap(), Linkage::default());
    }

    #[test]
    fn every_cell_is_a_leaf_once() {
        for (height, width) in [(1, 1), (1, 7), (9, 1), (5, 8), (16, 16)] {
            let mut walk = axis_tree(height, width, 1).unwrap().walk().unwrap();
            walk.retain(|&step| step >= 0);
            walk.sort_unstable();
            assert!(walk.into_iter().eq(0..i64::try_from(height * width).unwrap()));
        }
    }
}
