//! Rectangles of pixels: cells, which trees are grown from, and grids, which are players themselves.

use super::shape::Shape;
use crate::error::Error;

/// The number of each pixel's cell, of `cell` x `cell` pixels; those at the right and lower edges may be smaller.
pub fn cells(height: usize, width: usize, cell: usize) -> Result<Vec<i32>, Error> {
    Shape { height, width, n_channels: 1 }.check()?;
    if cell == 0 {
        let got = cell.to_string();
        return Err(Error::Parameter { argument: "cell", got, accepted: "1 pixel or more" });
    }
    let n_columns = width.div_ceil(cell);
    Ok(numbered(height, width, |row, column| row / cell * n_columns + column / cell))
}

/// The number of each pixel's rectangle in a grid: sides differ by one pixel at most.
pub fn grid_segments(height: usize, width: usize, rows: usize, columns: usize) -> Result<Vec<i32>, Error> {
    Shape { height, width, n_channels: 1 }.check()?;
    for (argument, got, most) in [("rows", rows, height), ("cols", columns, width)] {
        if !(1..=most).contains(&got) {
            let got = format!("{got}, for {most} pixels");
            return Err(Error::Parameter { argument, got, accepted: "from 1 to the number of pixels" });
        }
    }
    // The last rectangle that begins at or before a pixel, when rectangle i begins at floor(i * side / count).
    let along = |at: usize, side: usize, count: usize| ((at + 1) * count - 1) / side;
    let row_of: Vec<usize> = (0..height).map(|row| along(row, height, rows)).collect();
    let column_of: Vec<usize> = (0..width).map(|column| along(column, width, columns)).collect();
    Ok(numbered(height, width, |row, column| row_of[row] * columns + column_of[column]))
}

fn numbered(height: usize, width: usize, number: impl Fn(usize, usize) -> usize) -> Vec<i32> {
    let mut regions = Vec::with_capacity(height * width);
    for row in 0..height {
        regions.extend((0..width).map(|column| i32::try_from(number(row, column)).unwrap_or(i32::MAX)));
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_blocks_and_smaller_at_the_edges() {
        assert_eq!(cells(3, 5, 2).unwrap(), [0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5]);
        assert_eq!(cells(2, 2, 9).unwrap(), [0; 4]);
        assert!(cells(2, 2, 0).is_err() && cells(0, 2, 1).is_err());
    }

    #[test]
    fn rectangles_of_a_grid_are_equal_up_to_a_pixel_and_none_is_empty() {
        for height in 1..20_usize {
            for rows in 1..=height {
                let segments = grid_segments(height, 3, rows, 3).unwrap();
                let mut sizes = vec![0_usize; rows * 3];
                for segment in segments.iter().copied() {
                    sizes[usize::try_from(segment).unwrap()] += 1;
                }
                assert!(sizes.iter().all(|&size| size == height / rows || size == height.div_ceil(rows)));
                assert!(segments.chunks(3).is_sorted());
            }
        }
        assert!(grid_segments(3, 3, 4, 1).is_err() && grid_segments(3, 3, 1, 0).is_err());
    }
}
