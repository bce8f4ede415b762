//! Which columns can matter at all: those in which some background row differs from the explained row.

/// For each explained row and column: does any background row differ? `(rows, columns)`
///
/// Words are compared bit by bit, never with a tolerance: a tolerance zeroes identifiers and timestamps,
/// whose relative differences are tiny. So -0.0 differs from 0.0, and NaN equals the same NaN.
/// A column that does not vary is a null player: its value is exactly 0, and removing it changes no other
/// value. O(rows * columns) where the first background rows differ, times the background where none does.
pub fn varying_columns<T: PartialEq>(background: &[T], rows: &[T], n_columns: usize) -> Vec<bool> {
    let mut varying = vec![false; rows.len()];
    if n_columns == 0 {
        return varying;
    }
    for (row, varying) in rows.chunks_exact(n_columns).zip(varying.chunks_exact_mut(n_columns)) {
        let mut missing = n_columns;
        for background in background.chunks_exact(n_columns) {
            for ((varying, value), other) in varying.iter_mut().zip(row).zip(background) {
                if !*varying && value != other {
                    *varying = true;
                    missing -= 1;
                }
            }
            if missing == 0 {
                break;
            }
        }
    }
    varying
}

#[cfg(test)]
mod tests {
    use super::varying_columns;

    #[test]
    fn only_columns_equal_in_every_row_are_still() {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let background = bits(&[1.0, 0.0, f64::NAN, 1.7e9, 1.0, 0.0, f64::NAN, 1.7e9]);
        let rows = bits(&[1.0, -0.0, f64::NAN, 1.7e9 + 1.0, 2.0, 0.0, 3.0, 1.7e9]);
        let varying = varying_columns(&background, &rows, 4);
        assert_eq!(varying, [false, true, false, true, true, false, true, false]);
    }
}
