//! Reducers: the same bytes for any split, any order of merges and any number of threads; and the right ones.

use ferroshap::error::Error;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};
use ferroshap::reduce::Block;
use ferroshap::reduce::curves::Curves;
use ferroshap::reduce::histogram::Histograms;
use ferroshap::reduce::ranks::Ranks;
use ferroshap::reduce::sums::{Moment, Sums};

/// Rows of three features and two outputs, with numbers of many kinds.
struct Table {
    values: Vec<f64>,
    data: Vec<f64>,
}

const WIDTH: usize = 6;

fn table(seed: u64, n_rows: usize) -> Table {
    let mut stream = Stream::new(seed, Purpose::Order, 0, 0);
    let mut number = || match stream.below(8) {
        0 => 0.0,
        1 => stream.below(5) as f64 - 2.0,
        2 => f64::from_bits(stream.word() >> 2), // any exponent
        _ => (stream.uniform() - 0.5) * 2.0_f64.powi([-15, -8, -3, -1, 0, 1, 4, 14][stream.index_below(8)]),
    };
    let values = (0..n_rows * WIDTH).map(|_| number()).collect();
    let data = (0..n_rows * 3).map(|place| if place % 50 == 7 { f64::NAN } else { number() }).collect();
    Table { values, data }
}

impl Table {
    fn values(&self, rows: std::ops::Range<usize>) -> Block<'_, f64> {
        let numbers = &self.values[rows.start * WIDTH..rows.end * WIDTH];
        Block::new(numbers, [rows.len(), 3, 2], [WIDTH, 2, 1]).expect("a law of small tables")
    }

    fn data(&self, rows: std::ops::Range<usize>) -> Block<'_, f64> {
        Block::new(&self.data[rows.start * 3..rows.end * 3], [rows.len(), 3, 1], [3, 1, 1])
            .expect("a law of small tables")
    }
}

/// What all states do, under one name.
trait State: Clone {
    fn fresh() -> Self;
    fn see(&mut self, table: &Table, rows: std::ops::Range<usize>, workers: &Workers<'_>);
    fn join(&mut self, other: &Self);
    fn bytes(&self) -> Vec<u8>;
    fn back(bytes: &[u8]) -> Result<Self, Error>;
}

macro_rules! state {
    ($name:ident, $fresh:expr, |$state:ident, $table:ident, $rows:ident, $workers:ident| $see:expr) => {
        impl State for $name {
            fn fresh() -> Self {
                $fresh
            }
            fn see(&mut self, $table: &Table, $rows: std::ops::Range<usize>, $workers: &Workers<'_>) {
                let $state = self;
                $see.expect("a law of small tables");
            }
            fn join(&mut self, other: &Self) {
                self.merge(other).expect("a law of small tables");
            }
            fn bytes(&self) -> Vec<u8> {
                self.to_bytes()
            }
            fn back(bytes: &[u8]) -> Result<Self, Error> {
                Self::from_bytes(bytes)
            }
        }
    };
}

state!(Sums, Sums::new(WIDTH), |state, table, rows, workers| state.add(&table.values(rows), workers));
state!(Histograms, Histograms::new(WIDTH), |state, table, rows, workers| {
    state.add(&table.values(rows), workers)
});
state!(Ranks, Ranks::new(3, 2, 2), |state, table, rows, workers| state.add(&table.values(rows), workers));
state!(Curves, Curves::new(3, 2, 17).expect("a law of small tables"), |state, table, rows, workers| {
    state.add(&table.values(rows.clone()), &table.data(rows), workers)
});

fn every_split_gives_the_same_bytes<S: State>() {
    for (seed, n_rows) in (0..30).zip([1, 2, 40, 300, 5000].into_iter().cycle()) {
        let table = table(seed, n_rows);
        let cancel = Cancel::default();
        let mut whole = S::fresh();
        whole.see(&table, 0..n_rows, &Workers::serial(&cancel));

        let mut stream = Stream::new(seed, Purpose::Order, 1, 0);
        let mut cuts: Vec<usize> = (0..stream.below(6)).map(|_| stream.index_below(n_rows + 1)).collect();
        cuts.extend([0, n_rows]);
        cuts.sort_unstable();
        let workers = Workers::new(3, &cancel);
        let mut parts: Vec<S> = Vec::new();
        for pair in cuts.windows(2) {
            // A part of its own, or more rows for one that is there.
            if parts.is_empty() || stream.below(2) == 0 {
                parts.push(S::fresh());
            }
            let place = stream.index_below(parts.len());
            parts[place].see(&table, pair[0]..pair[1], &workers);
        }
        while parts.len() > 1 {
            stream.shuffle(&mut parts);
            let last =
                S::back(&parts.pop().expect("a law of small tables").bytes()).expect("a law of small tables");
            parts[0].join(&last);
        }
        assert_eq!(parts[0].bytes(), whole.bytes(), "seed {seed}");
    }
}

fn no_cut_bytes_are_a_state<S: State>() {
    let table = table(7, 60);
    let mut state = S::fresh();
    state.see(&table, 0..60, &Workers::serial(&Cancel::default()));
    let bytes = state.bytes();
    for end in 0..bytes.len() {
        assert!(S::back(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
    assert!(S::back(&[&bytes[..], &[0]].concat()).is_err());
    let mut stream = Stream::new(8, Purpose::Order, 0, 0);
    for _ in 0..3000 {
        let mut changed = bytes.clone();
        for _ in 0..=stream.below(3) {
            let place = stream.index_below(changed.len());
            changed[place] = stream.word().to_le_bytes()[0];
        }
        // An error, or a state that works: never a panic.
        if let Ok(mut state) = S::back(&changed) {
            let bytes = state.bytes();
            state.see(&table, 0..60, &Workers::serial(&Cancel::default()));
            assert_eq!(S::back(&bytes).expect("a law of small tables").bytes(), bytes);
        }
    }
}

#[test]
fn sums_are_the_same_for_any_split() {
    every_split_gives_the_same_bytes::<Sums>();
}

#[test]
fn histograms_are_the_same_for_any_split() {
    every_split_gives_the_same_bytes::<Histograms>();
}

#[test]
fn ranks_are_the_same_for_any_split() {
    every_split_gives_the_same_bytes::<Ranks>();
}

#[test]
fn curves_are_the_same_for_any_split() {
    every_split_gives_the_same_bytes::<Curves>();
}

#[test]
fn damaged_sums_are_refused() {
    no_cut_bytes_are_a_state::<Sums>();
}

#[test]
fn damaged_histograms_are_refused() {
    no_cut_bytes_are_a_state::<Histograms>();
}

#[test]
fn damaged_ranks_are_refused() {
    no_cut_bytes_are_a_state::<Ranks>();
}

#[test]
fn damaged_curves_are_refused() {
    no_cut_bytes_are_a_state::<Curves>();
}

#[test]
fn means_of_whole_numbers_are_exact() {
    let values: Vec<f32> = (0..70_000).map(|row| (row % 1000) as f32 - 250.0).collect();
    let block = Block::new(&values, [70_000, 1, 1], [1, 1, 1]).expect("a law of small tables");
    let mut sums = Sums::new(1);
    sums.add(&block, &Workers::serial(&Cancel::default())).expect("a law of small tables");
    let of = |f: fn(i64) -> i64| (0..1000).map(|v| f(v - 250)).sum::<i64>() as f64 / 1000.0;
    assert_eq!(sums.moment(Moment::Mean), [of(|v| v)]);
    assert_eq!(sums.moment(Moment::MeanAbs), [of(i64::abs)]);
    assert_eq!(sums.moment(Moment::Variance(0)), [of(|v| v * v) - of(|v| v).powi(2)]);
    assert_eq!(sums.moment(Moment::Least), [-250.0]);
    assert_eq!(sums.moment(Moment::Greatest), [749.0]);
}

#[test]
fn what_cancels_in_doubles_does_not_here() {
    let values = [1e300, 1.0, -1e300, 1e-300, 1.0];
    let block = Block::new(&values, [5, 1, 1], [1, 1, 1]).expect("a law of small tables");
    let mut sums = Sums::new(1);
    sums.add(&block, &Workers::serial(&Cancel::default())).expect("a law of small tables");
    assert_eq!(sums.moment(Moment::Sum), [2.0]);
    assert_eq!(sums.moment(Moment::Mean), [0.4]);
}

#[test]
#[expect(clippy::float_cmp, reason = "infinities are themselves")]
fn values_that_are_not_finite_are_counted_and_told() {
    let moment = |values: &[f64], moment| {
        let mut sums = Sums::new(1);
        let block = Block::new(values, [values.len(), 1, 1], [1, 1, 1]).expect("a law of small tables");
        sums.add(&block, &Workers::serial(&Cancel::default())).expect("a law of small tables");
        sums.moment(moment)[0]
    };
    assert!(moment(&[1.0, f64::NAN], Moment::Mean).is_nan());
    assert_eq!(moment(&[1.0, f64::INFINITY], Moment::Mean), f64::INFINITY);
    assert_eq!(moment(&[1.0, f64::NEG_INFINITY], Moment::Mean), f64::NEG_INFINITY);
    assert_eq!(moment(&[1.0, f64::NEG_INFINITY], Moment::MeanAbs), f64::INFINITY);
    assert!(moment(&[f64::INFINITY, f64::NEG_INFINITY], Moment::Mean).is_nan());
    assert!(moment(&[1.0, f64::INFINITY], Moment::Variance(0)).is_nan());
    assert!(moment(&[1.0], Moment::Variance(1)).is_nan());
}
