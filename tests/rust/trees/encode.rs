//! Encoded tests say what the library's own comparison says.

use ferroshap::tree::encode::ROWS_PER_BLOCK;
use ferroshap::tree::{Csr, Dense, EncodedRows, Encoding, Forest, Rows, Split, Step};

use super::brute_force::goes_left;
use super::forests::{forest, rows};

fn splits(forest: &Forest) -> Vec<Split> {
    let nodes = forest.trees.iter().flat_map(|tree| &tree.nodes);
    nodes.filter_map(|node| if let Step::Split(split) = node.step { Some(split) } else { None }).collect()
}

/// All rows, in pieces of 100, against the library's own arithmetic.
fn check(number: u64, forest: &Forest, table: &[f64], rows: &Rows<'_>) {
    let encoding = Encoding::new(forest).unwrap();
    let mut encoded = EncodedRows::default();
    for first in (0..rows.n_rows()).step_by(100) {
        let range = first..(first + 100).min(rows.n_rows());
        encoding.encode(rows, range.clone(), &mut encoded);
        assert_eq!(encoded.n_rows(), range.len());
        for split in splits(forest) {
            let test = encoding.test(&split);
            for place in 0..encoded.n_blocks() * ROWS_PER_BLOCK {
                let row = (first + place).min(range.end - 1);
                let code = encoded.column(place / ROWS_PER_BLOCK, test.column())[place % ROWS_PER_BLOCK];
                let x = table[row * forest.n_columns() + split.column as usize];
                let want = goes_left(forest, &split, x);
                assert_eq!(
                    test.goes_left(code),
                    want,
                    "forest {number}: {x:e} at {split:?} as {code} at {test:?}"
                );
            }
        }
    }
}

#[test]
fn tests_decide_as_the_library_does() {
    for number in 0..200 {
        let forest = forest(number);
        let table = rows(number, &forest, 230);
        let n_columns = forest.n_columns();
        check(number, &forest, &table, &Rows::F64(Dense::contiguous(&table, n_columns)));
        // Column after column, and a table whose rows are single.
        let turned: Vec<f64> = (0..table.len()).map(|at| table[at % 230 * n_columns + at / 230]).collect();
        let turned = Dense::new(&turned, (230, n_columns), (1, 230)).unwrap();
        check(number, &forest, &table, &Rows::F64(turned));
        let singles: Vec<f32> = table.iter().map(|&x| x as f32).collect();
        let widened: Vec<f64> = singles.iter().map(|&x| f64::from(x)).collect();
        check(number, &forest, &widened, &Rows::F32(Dense::contiguous(&singles, n_columns)));
    }
}

#[test]
fn what_sparse_rows_do_not_store_is_absent() {
    for number in 0..50 {
        let forest = forest(number);
        let mut table = rows(number, &forest, 130);
        let (mut starts, mut columns, mut values) = (vec![0_i64], Vec::new(), Vec::new());
        for (row, entries) in table.chunks_mut(forest.n_columns()).enumerate() {
            for (column, entry) in entries.iter_mut().enumerate() {
                if (row + column) % 3 == 0 {
                    *entry = forest.absent;
                } else {
                    columns.push(column as i64);
                    values.push(*entry);
                }
            }
            starts.push(values.len() as i64);
        }
        let sparse = Csr::new(&starts, &columns, &values, forest.n_columns()).unwrap();
        check(number, &forest, &table, &Rows::Csr(sparse));
    }
}

#[test]
fn columns_that_no_split_asks_about_are_not_encoded() {
    let mut forest = forest(3);
    let n_encoded = Encoding::new(&forest).unwrap().n_columns();
    let unused = forest.columns[0].clone();
    forest.columns.push(unused);
    forest.player.push(forest.n_players() as u32);
    assert_eq!(Encoding::new(&forest).unwrap().n_columns(), n_encoded);
    forest.trees.clear();
    assert_eq!(Encoding::new(&forest).unwrap().n_columns(), 0);
}
