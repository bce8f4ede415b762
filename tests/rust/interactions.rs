//! Exact interactions: definitions, the Walsh read-out, sums, and the same bits on every road.

use ferroshap::error::Error;
use ferroshap::index::Interaction;
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::table::Table;
use ferroshap::table::interactions::{interactions, sets_by_size};
use ferroshap::table::transforms::walsh;

use crate::oracle::{
    faithful_by_least_squares, interaction_by_definition, output, random_game, shapley_by_orders, size,
};

const NO_LIMIT: u64 = u64::MAX;

fn all_of(worths: &[f64], n_outputs: usize, index: Interaction, order: usize, n_threads: usize) -> Vec<f64> {
    let cancel = Cancel::default();
    let table = Table::new(worths, n_outputs).expect("all coalitions");
    interactions(&table, index, order, NO_LIMIT, &Workers::new(n_threads, &cancel)).expect("a sound game")
}

fn mask(set: &[usize]) -> usize {
    set.iter().map(|player| 1 << player).sum()
}

#[test]
fn interactions_equal_their_definitions() {
    for n in 0..=7_usize {
        let worths = random_game(n, 2, 11);
        for (name, index) in Interaction::ALL {
            for order in 1..=(n + 1).min(5) {
                let got = all_of(&worths, 2, index, order, 2);
                for k in 0..2 {
                    let v = output(&worths, 2, k);
                    let top = order.min(n);
                    let fitted = match name {
                        "FSII" | "FBII" if n > 0 => faithful_by_least_squares(&v, top, name == "FSII"),
                        _ => Vec::new(),
                    };
                    let sets: Vec<_> = sets_by_size(n, order).collect();
                    assert_eq!(got.len(), 2 * sets.len());
                    for (set, got) in sets.iter().zip(output(&got, 2, k)) {
                        let s = mask(set);
                        let fit = fitted.iter().find(|(fit, _)| *fit == s);
                        let want = fit
                            .map_or_else(|| interaction_by_definition(name, &v, top, s), |(_, value)| *value);
                        // Up to 2^7 terms in 3^5 sums; least squares besides loses what its matrix's condition,
                        // below 1e5, takes.
                        let tolerance = if fit.is_some() { 1e5 } else { 1.0 } * 243.0 * 128.0 * f64::EPSILON;
                        assert!(
                            (got - want).abs() <= tolerance,
                            "{name}, n={n}, k={order}, {set:?}: {got} {want}"
                        );
                    }
                }
            }
        }
    }
}

/// `I(S) = (-2)^s sum_{U >= S} beta_U M_(|U|-s)`, M the moments of the index: another road, through Walsh.
#[test]
fn interactions_across_chunks_equal_their_walsh_read_out() {
    fn moment(index: Interaction, k: usize, w: usize) -> f64 {
        match index {
            Interaction::Sii if w.is_multiple_of(2) => 1.0 / (w + 1) as f64,
            Interaction::Fsii if w.is_multiple_of(2) => {
                (1..=w / 2).map(|j| (2 * j - 1) as f64 / (2 * k + 2 * j - 1) as f64).product()
            }
            Interaction::Stii => 1.0 / (w + if w.is_multiple_of(2) { 1 } else { 2 }) as f64,
            Interaction::Bii if w == 0 => 1.0,
            _ => 0.0,
        }
    }
    for n in [11, 12, 13, 14, 17] {
        let v = random_game(n, 1, 12);
        let mut beta = v.clone();
        walsh(&mut beta).unwrap();
        for (index, k) in [
            (Interaction::Sii, 2),
            (Interaction::Stii, 2),
            (Interaction::Fsii, 2),
            (Interaction::Bii, 2),
            (Interaction::Sii, 3),
            (Interaction::Fsii, 3),
        ] {
            let got = all_of(&v, 1, index, k, 2);
            let top = sets_by_size(n, k).zip(got).filter(|(set, _)| set.len() == k);
            for (set, got) in top.step_by(if n > 14 { 7 } else { 1 }) {
                let s = mask(&set);
                let mut u = s;
                let mut want = 0.0;
                while u < v.len() {
                    want += beta[u] * moment(index, k, size(u) - k);
                    u = (u + 1) | s;
                }
                want *= (-2_f64).powi(i32::try_from(k).unwrap());
                // 3^k times 320 roundings in the fold and 64 in the read-out, of worths that differ by up to 2.
                let tolerance = 384.0 * 27.0 * f64::EPSILON;
                assert!((got - want).abs() <= tolerance, "{index:?}, n = {n}, {set:?}: {got}, not {want}");
            }
        }
    }
}

#[test]
fn efficient_indices_share_out_the_whole_worth() {
    for number in 0..12 {
        let n = 1 + number % 8;
        let v = random_game(n, 1, number);
        let worth = v[v.len() - 1] - v[0];
        for index in [Interaction::KSii, Interaction::Stii, Interaction::Fsii] {
            for order in 1..=n.min(4) {
                let parts = all_of(&v, 1, index, order, 1);
                let rounding = parts.len() as f64 * 81.0 * 320.0 * f64::EPSILON;
                let total: f64 = parts.iter().sum();
                assert!(
                    (total - worth).abs() <= rounding,
                    "{index:?}, order {order}, stream {number}: {total}"
                );
            }
        }
    }
}

#[test]
fn single_players_and_rows_of_pairs_give_the_shapley_values() {
    for number in 0..8 {
        let n = 2 + number % 6;
        let v = random_game(n, 1, number + 50);
        let want = shapley_by_orders(&v);
        let alone = all_of(&v, 1, Interaction::Sii, 2, 1);
        let shared = all_of(&v, 1, Interaction::KSii, 2, 1);
        for player in 0..n {
            let halves: f64 = sets_by_size(n, 2)
                .zip(&shared)
                .filter(|(set, _)| set.contains(&player))
                .map(|(set, value)| value / set.len() as f64)
                .sum();
            let rounding = (n * 128) as f64 * 9.0 * f64::EPSILON;
            assert!((alone[player] - want[player]).abs() <= rounding, "stream {number}");
            assert!((halves - want[player]).abs() <= rounding, "stream {number}: {halves}");
        }
    }
}

#[test]
fn unanimity_games_have_their_closed_forms() {
    let all = 0b100_1101_0010_0001; // six of fifteen players
    let v: Vec<f64> = (0..1 << 15).map(|s| f64::from(u8::from(s & all == all))).collect();
    for (index, want) in [
        (Interaction::Sii, [1.0 / 6.0, 1.0 / 5.0, 1.0 / 4.0]),
        (Interaction::Bii, [1.0 / 32.0, 1.0 / 16.0, 1.0 / 8.0]),
        (Interaction::Stii, [0.0, 0.0, 1.0 / 20.0]),
        (Interaction::KSii, [1.0 / 6.0 - 0.5 + 10.0 / 24.0, 1.0 / 5.0 - 0.5, 1.0 / 4.0]),
    ] {
        for (set, got) in sets_by_size(15, 3).zip(all_of(&v, 1, index, 3, 2)) {
            let want = if mask(&set) & !all == 0 { want[set.len() - 1] } else { 0.0 };
            assert!(
                (got - want).abs() <= 320.0 * 27.0 * f64::EPSILON,
                "{index:?}, {set:?}: {got}, not {want}"
            );
        }
    }
}

#[test]
fn bits_do_not_depend_on_threads() {
    for (n, n_outputs, order) in [(6, 3, 4), (13, 2, 2), (17, 1, 3)] {
        let worths = random_game(n, n_outputs, 13);
        for (name, index) in Interaction::ALL {
            let once = all_of(&worths, n_outputs, index, order, 1);
            for n_threads in [2, 7] {
                assert_eq!(once, all_of(&worths, n_outputs, index, order, n_threads), "{name}, n = {n}");
            }
        }
    }
}

#[test]
fn sets_stand_by_size_and_then_in_lexicographic_order() {
    let sets: Vec<_> = sets_by_size(4, 3).collect();
    let pairs = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];
    assert_eq!(sets[..4], [[0], [1], [2], [3]]);
    assert_eq!(sets[4..10], pairs);
    assert_eq!(sets[10..], [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]);
    assert_eq!(sets_by_size(3, 9).count(), 7);
    assert_eq!(sets_by_size(0, 2).count(), 0);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let worths = random_game(14, 1, 14);
    let table = Table::new(&worths, 1).unwrap();
    let cancel = Cancel::default();
    let workers = Workers::serial(&cancel);
    let refused = interactions(&table, Interaction::Sii, 5, 100_000, &workers).unwrap_err();
    assert!(matches!(refused, Error::TooLarge { n_players: 14, limit: 100_000, .. }), "{refused}");
    assert!(interactions(&table, Interaction::Sii, 1, 100_000, &workers).is_ok());
    let refused = interactions(&table, Interaction::Sii, 0, NO_LIMIT, &workers);
    assert!(matches!(refused, Err(Error::Parameter { argument: "order", .. })));
    cancel.set();
    let stopped = interactions(&table, Interaction::Sii, 2, NO_LIMIT, &workers);
    assert_eq!(stopped, Err(Error::Interrupted));
}
