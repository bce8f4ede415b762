//! Numbers that tell rows apart by what is in them, where nobody knows the order of rows.

use super::block::Block;
use crate::error::Error;
use crate::parallel::Workers;
use crate::random::mix;

/// Rows of one unit of work.
const ROWS: usize = 4096;
const START: u64 = 0x9E37_79B9_7F4A_7C15;

/// One number a row of `(rows, features, 1)`: `h = mix(h ^ w)` over the words of its numbers, where all NaN are one, and
/// both zeros.
pub fn content_keys<T: Copy + Into<f64> + Sync>(
    data: &Block<'_, T>,
    workers: &Workers<'_>,
) -> Result<Vec<u64>, Error> {
    let mut keys = vec![START; data.shape()[0]];
    workers.for_each_unit(keys.chunks_mut(ROWS), |unit, keys| {
        for column in 0..data.n_columns() {
            data.pieces(column..column + 1, unit * ROWS..unit * ROWS + keys.len(), |_, first, piece| {
                for (key, &number) in keys[first - unit * ROWS..].iter_mut().zip(piece) {
                    let word = if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() };
                    *key = mix(*key ^ word);
                }
            });
        }
    })?;
    Ok(keys)
}
