//! Exact values from all worths: definitions, axioms, games with closed forms, and the same bits on every road.

use ferroshap::error::Error;
use ferroshap::index::Semivalue;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::table::Table;
use ferroshap::table::fold::{StreamingFold, values};

use crate::oracle::{choose, output, random_game, semivalue_by_definition, shapley_by_orders, size};

fn shapley(worths: &[f64]) -> Vec<f64> {
    let table = Table::new(worths, 1).expect("all coalitions");
    values(&table, &Semivalue::Shapley, &Workers::serial(&Cancel::default())).expect("a sound game")
}

fn game(n_players: usize, worth: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..1 << n_players).map(worth).collect()
}

/// 160 roundings in the fold and 2^n in the oracle, of terms whose absolute sum is at most 8: weights that sum to 4,
/// worths in [-1, 1) less v({}).
fn rounding(n_players: usize) -> f64 {
    (160.0 + (n_players as f64).exp2()) * 4.0 * f64::EPSILON
}

#[track_caller]
fn assert_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (player, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= tolerance, "{what}, player {player}: {g}, not {w}");
    }
}

#[test]
fn values_equal_the_average_over_all_orders() {
    for n in 0..=7 {
        for n_outputs in 1..=3 {
            let worths = random_game(n, n_outputs, 1);
            let cancel = Cancel::default();
            let table = Table::new(&worths, n_outputs).unwrap();
            let got = values(&table, &Semivalue::Shapley, &Workers::serial(&cancel)).unwrap();
            for k in 0..n_outputs {
                let want = shapley_by_orders(&output(&worths, n_outputs, k));
                // The oracle's 5,040 orders are counted, not summed one by one.
                assert_close(
                    &output(&got, n_outputs, k),
                    &want,
                    rounding(n),
                    &format!("n = {n}, output {k}"),
                );
            }
        }
    }
}

#[test]
fn semivalues_equal_their_definition_across_chunks() {
    let beta = |t: usize, n: usize| (1 + t) as f64 * 2.0 / (n * (n + 1)) as f64 / choose(n - 1, t); // Beta(1, 2)
    for n in [1, 2, 5, 8, 11, 12, 13, 14, 17] {
        let worths = random_game(n, 1, 2);
        let others = n - 1;
        let single: Vec<f64> = (0..n).map(|t| if t == others { 1.0 } else { 0.0 }).collect();
        let kinds = [
            (Semivalue::Shapley, (0..n).map(|t| 1.0 / n as f64 / choose(others, t)).collect()),
            (Semivalue::Banzhaf, vec![(-(others as f64)).exp2(); n]),
            (Semivalue::Beta { alpha: 1.0, beta: 2.0 }, (0..n).map(|t| beta(t, n)).collect()),
            (Semivalue::Weights(single.clone()), single),
        ];
        for (kind, p) in kinds {
            let cancel = Cancel::default();
            let got = values(&Table::new(&worths, 1).unwrap(), &kind, &Workers::new(2, &cancel)).unwrap();
            let want = semivalue_by_definition(&worths, &p);
            assert_close(&got, &want, rounding(n), &format!("n = {n}, {kind:?}"));
        }
    }
}

/// With whole worths the gains of all coalitions of a size sum exactly, and a value is a sum of n fractions.
#[test]
fn rounding_stays_within_the_documented_bound() {
    for n in [6, 12, 17] {
        let v: Vec<f64> = random_game(n, 1, 9).into_iter().map(|x| (x * 1e6).round()).collect();
        let weight = |t: usize| if t < n { 1.0 / (n as f64 * choose(n - 1, t)) } else { 0.0 };
        for (i, got) in shapley(&v).into_iter().enumerate() {
            let mut gains = vec![0.0; n];
            let mut absolute = 0.0;
            for s in 0..v.len() {
                let (u, k) = ((v[s] - v[0]).abs(), size(s));
                absolute += weight(k) * u;
                if s >> i & 1 == 1 {
                    gains[k - 1] += v[s] - v[s ^ 1 << i];
                    absolute += (weight(k - 1) + weight(k)) * u;
                }
            }
            let want: f64 = gains.iter().enumerate().map(|(t, gain)| weight(t) * gain).sum();
            // 160 in the fold; in the fractions at most 2n for a weight, 1 for a product and n for the sum.
            let bound = (160 + 3 * n + 1) as f64 * f64::EPSILON / 2.0 * absolute;
            assert!((got - want).abs() <= bound, "n = {n}, player {i}: {got}, not {want}");
        }
    }
}

#[test]
fn every_road_gives_the_same_bits() {
    for (n, n_outputs) in [(1, 1), (4, 2), (5, 1), (12, 1), (13, 3), (17, 1), (18, 2)] {
        let worths = random_game(n, n_outputs, 3);
        let table = Table::new(&worths, n_outputs).unwrap();
        let cancel = Cancel::default();
        let once = values(&table, &Semivalue::Shapley, &Workers::serial(&cancel)).unwrap();
        for n_threads in [2, 7] {
            let again = values(&table, &Semivalue::Shapley, &Workers::new(n_threads, &cancel)).unwrap();
            assert_eq!(once, again, "n = {n}, {n_threads} threads");
        }
        for rows in [1, 64, 1000, 4096, 5000, 1 << n] {
            let mut fold = StreamingFold::new(n, n_outputs, &Semivalue::Shapley).unwrap();
            for batch in worths.chunks(rows * n_outputs) {
                assert_eq!(fold.values(), None);
                fold.push(batch).unwrap();
            }
            assert_eq!(fold.n_pushed(), 1 << n);
            assert_eq!(fold.values(), Some(once.clone()), "n = {n}, {rows} at a time");
        }
    }
}

#[test]
fn axioms_hold() {
    for number in 0..20 {
        let n = 2 + number % 9;
        let everybody = (1 << n) - 1;
        let (v, w) = (random_game(n, 1, number), random_game(n, 1, number + 100));
        let (of_v, of_w) = (shapley(&v), shapley(&w));
        // Efficiency: n values, each within `rounding` of the truth.
        let total: f64 = of_v.iter().sum();
        assert!(
            (total - (v[everybody] - v[0])).abs() <= n as f64 * rounding(n),
            "efficiency, stream {number}"
        );
        // Linearity.
        let sum = game(n, |s| 3.0 * v[s] - 0.5 * w[s]);
        let want: Vec<f64> = of_v.iter().zip(&of_w).map(|(a, b)| 3.0 * a - 0.5 * b).collect();
        assert_close(&shapley(&sum), &want, 8.0 * rounding(n), &format!("linearity, stream {number}"));
        // Symmetry: the worth depends on players 0 and 1 only through their number.
        let alike = game(n, |s| v[if s & 3 == 2 { s ^ 3 } else { s }]);
        let of_alike = shapley(&alike);
        assert!((of_alike[0] - of_alike[1]).abs() <= 2.0 * rounding(n), "symmetry, stream {number}");
        // Relabelling: player i becomes player n-1-i.
        let mirrored = game(n, |s| v[s.reverse_bits() >> (usize::BITS as usize - n)]);
        let want: Vec<f64> = of_v.iter().rev().copied().collect();
        assert_close(&shapley(&mirrored), &want, 2.0 * rounding(n), &format!("relabelling, stream {number}"));
        // Null player: the last one adds nothing.
        let ignored = game(n, |s| v[s & (everybody >> 1)]);
        assert!(shapley(&ignored)[n - 1].abs() <= rounding(n), "null player, stream {number}");
    }
}

#[test]
fn a_worth_of_nobody_that_dwarfs_the_rest_costs_nothing_but_its_own_rounding() {
    let v = random_game(10, 1, 7);
    let shifted = game(10, |s| 1e6 + v[s]);
    let exact = game(10, |s| shifted[s] - 1e6); // the digits that the shift left
    assert_close(&shapley(&shifted), &shapley(&exact), rounding(10), "shifted by 1e6");
}

#[test]
fn games_with_closed_forms_are_met() {
    let tolerance = rounding(12);
    // Unanimity of the players in `all`: they share one equally.
    let all = 0b1010_0100_0001;
    let want: Vec<f64> = (0..12).map(|i| f64::from(u8::from(all >> i & 1 == 1)) / 4.0).collect();
    assert_close(&shapley(&game(12, |s| f64::from(u8::from(s & all == all)))), &want, tolerance, "unanimity");
    // Airport: the runway of the largest plane is paid for; each stretch is shared by those who need it.
    let costs: Vec<f64> = (1..=12).map(|i| f64::from(i * i)).collect();
    let cost = |s: usize| (0..12).filter(|i| s >> i & 1 == 1).map(|i| costs[i]).fold(0.0, f64::max);
    let stretch = |i: usize| (costs[i] - if i == 0 { 0.0 } else { costs[i - 1] }) / (12 - i) as f64;
    let want: Vec<f64> = (0..12).map(|i| (0..=i).map(stretch).sum()).collect();
    assert_close(&shapley(&game(12, cost)), &want, 144.0 * tolerance, "airport");
    // Gloves: two left hands, one right hand; the right hand gets 2/3.
    let pairs = |s: usize| size(s & 3).min(size(s & 4)) as f64;
    assert_close(&shapley(&game(3, pairs)), &[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0], tolerance, "gloves");
    // Majority of eleven: each gets 1/11, and Banzhaf's index is C(10, 5) / 2^10.
    let majority = game(11, |s| f64::from(u8::from(size(s) > 5)));
    assert_close(&shapley(&majority), &[1.0 / 11.0; 11], tolerance, "majority");
    let cancel = Cancel::default();
    let table = Table::new(&majority, 1).unwrap();
    let banzhaf = values(&table, &Semivalue::Banzhaf, &Workers::serial(&cancel)).unwrap();
    assert_close(&banzhaf, &[252.0 / 1024.0; 11], tolerance, "majority, Banzhaf");
    // Squared number of members at 20 players: everybody gets n.
    assert_close(
        &shapley(&game(20, |s| (size(s) * size(s)) as f64)),
        &[20.0; 20],
        400.0 * tolerance,
        "square",
    );
}

#[test]
fn worths_that_are_not_finite_are_named() {
    for (n, row) in [(3, 5), (3, 0), (14, 9000), (17, 100_000)] {
        for bad in [f64::NAN, f64::INFINITY] {
            let mut worths = random_game(n, 2, 4);
            worths[2 * row + 1] = bad;
            let cancel = Cancel::default();
            let table = Table::new(&worths, 2).unwrap();
            let got = values(&table, &Semivalue::Banzhaf, &Workers::new(2, &cancel)).unwrap_err();
            let mut fold = StreamingFold::new(n, 2, &Semivalue::Shapley).unwrap();
            for error in [got, fold.push(&worths).unwrap_err()] {
                let Error::WorthNotFinite { evaluation, output, worth } = error else { panic!("{error:?}") };
                assert_eq!((evaluation, output, worth.to_bits()), (row as u64, 1, bad.to_bits()));
            }
        }
    }
    let cancel = Cancel::default();
    let worths = [f64::MAX, -f64::MAX];
    let refused = values(&Table::new(&worths, 1).unwrap(), &Semivalue::Shapley, &Workers::serial(&cancel));
    assert!(matches!(refused, Err(Error::Parameter { argument: "worths", .. })));
}

#[test]
fn tables_without_all_coalitions_and_pushes_too_long_are_refused() {
    assert_eq!(Table::new(&[0.0; 6], 1).unwrap_err(), Error::NotAllCoalitions { argument: "worths", got: 6 });
    assert_eq!(Table::new(&[], 1).unwrap_err(), Error::NotAllCoalitions { argument: "worths", got: 0 });
    assert!(matches!(Table::new(&[0.0; 4], 0), Err(Error::Parameter { argument: "n_outputs", .. })));
    assert!(matches!(Table::new(&[0.0; 5], 2), Err(Error::Length { argument: "worths", got: 5, want: 6 })));
    assert!(StreamingFold::new(0, 1, &Semivalue::Shapley).is_err());
    assert!(StreamingFold::new(64, 1, &Semivalue::Shapley).is_err());
    let mut fold = StreamingFold::new(2, 1, &Semivalue::Shapley).unwrap();
    fold.push(&[0.0; 3]).unwrap();
    let refused = fold.push(&[0.0; 2]);
    assert_eq!(refused, Err(Error::Length { argument: "worths", got: 2, want: 1 }));
}

#[test]
fn a_set_flag_stops_the_fold() {
    let cancel = Cancel::default();
    cancel.set();
    for n in [0, 3, 14] {
        let worths = random_game(n, 1, 5);
        let stopped =
            values(&Table::new(&worths, 1).unwrap(), &Semivalue::Shapley, &Workers::new(2, &cancel));
        assert_eq!(stopped, Err(Error::Interrupted), "n = {n}");
    }
}
