//! What values and interactions are, by their definitions, and random games to try them on.

use ferroshap::random::{Purpose, Stream};

/// Worths of all coalitions, independent and uniform in [-1, 1): `(2^n, outputs)`.
pub(crate) fn random_game(n_players: usize, n_outputs: usize, number: usize) -> Vec<f64> {
    let mut stream = Stream::new(number as u64, Purpose::Order, n_outputs as u64, n_players as u64);
    (0..n_outputs << n_players).map(|_| stream.below(1 << 53) as f64 / (1_u64 << 52) as f64 - 1.0).collect()
}

/// The game of one output.
pub(crate) fn output(worths: &[f64], n_outputs: usize, output: usize) -> Vec<f64> {
    worths.iter().skip(output).step_by(n_outputs).copied().collect()
}

/// Number of players in the coalition of a number.
pub(crate) fn size(coalition: usize) -> usize {
    coalition.count_ones() as usize
}

/// `n!`, without rounding up to 18.
pub(crate) fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

/// `C(n, k)`.
pub(crate) fn choose(n: usize, k: usize) -> f64 {
    if k > n { 0.0 } else { (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64) }
}

/// Each player's gain on joining, averaged over all `n!` orders.
pub(crate) fn shapley_by_orders(v: &[f64]) -> Vec<f64> {
    fn walk(v: &[f64], n: usize, before: usize, values: &mut [f64]) -> f64 {
        if before + 1 == v.len() {
            return 1.0;
        }
        let mut n_orders = 0.0;
        for i in (0..n).filter(|i| before >> i & 1 == 0) {
            let completions = walk(v, n, before | 1 << i, values);
            values[i] += completions * (v[before | 1 << i] - v[before]);
            n_orders += completions;
        }
        n_orders
    }
    let n = size(v.len() - 1);
    let mut values = vec![0.0; n];
    let n_orders = walk(v, n, 0, &mut values);
    values.iter().map(|value| value / n_orders).collect()
}

/// `sum_T p_|T| (v(T + i) - v(T))` over the coalitions without `i`.
pub(crate) fn semivalue_by_definition(v: &[f64], p: &[f64]) -> Vec<f64> {
    let gain = |i: usize| {
        let without = (0..v.len()).filter(move |t| t >> i & 1 == 0);
        without.map(|t| p[size(t)] * (v[t | 1 << i] - v[t])).sum()
    };
    (0..size(v.len() - 1)).map(gain).collect()
}

/// The discrete derivative of the players of `s` at the coalition `t`.
pub(crate) fn derivative(v: &[f64], s: usize, t: usize) -> f64 {
    let parts = (0..v.len()).filter(|a| a & !s == 0);
    parts.map(|a| if size(s ^ a).is_multiple_of(2) { v[t | a] } else { -v[t | a] }).sum()
}

/// The interaction of the players of `s` under an index of top order `k`, by its published definition.
pub(crate) fn interaction_by_definition(index: &str, v: &[f64], k: usize, s: usize) -> f64 {
    const BERNOULLI: [f64; 7] = [1.0, -0.5, 1.0 / 6.0, 0.0, -1.0 / 30.0, 0.0, 1.0 / 42.0];
    let n = size(v.len() - 1);
    let others = || (0..v.len()).filter(move |t| t & s == 0);
    let average =
        |w: &dyn Fn(usize) -> f64| -> f64 { others().map(|t| w(size(t)) * derivative(v, s, t)).sum() };
    let m = n - size(s);
    match index {
        "SII" => average(&|t| factorial(m - t) * factorial(t) / factorial(m + 1)),
        "BII" => average(&|_| (-(m as f64)).exp2()),
        "STII" if size(s) < k => derivative(v, s, 0),
        "STII" => average(&|t| k as f64 / n as f64 / choose(n - 1, t)),
        "k-SII" => {
            let added = others().filter(|t| size(*t) + size(s) <= k);
            added.map(|t| BERNOULLI[size(t)] * interaction_by_definition("SII", v, k, s | t)).sum()
        }
        _ => unreachable!("{index} is defined by least squares"),
    }
}

/// FSII and FBII of all sets of 1 to `k` players, by the number of the set: the polynomial of order `k` closest to the
/// game. FSII: weights `1 / (t (n-t) C(n, t))`, exact on nobody and on everybody. FBII: equal weights.
pub(crate) fn faithful_by_least_squares(v: &[f64], k: usize, is_shapley: bool) -> Vec<(usize, f64)> {
    let n = size(v.len() - 1);
    let sets: Vec<usize> = (0..v.len()).filter(|s| size(*s) <= k && (size(*s) > 0 || !is_shapley)).collect();
    let n_constraints = usize::from(is_shapley);
    let order = sets.len() + n_constraints;
    let mut system = vec![vec![0.0; order + 1]; order];
    for t in 0..v.len() {
        let free = size(t) > 0 && size(t) < n;
        let weight = match (is_shapley, free) {
            (true, true) => 1.0 / (size(t) as f64 * (n - size(t)) as f64 * choose(n, size(t))),
            (true, false) => 0.0,
            (false, _) => 1.0,
        };
        let target = if is_shapley { v[t] - v[0] } else { v[t] };
        for row in (0..sets.len()).filter(|row| sets[*row] & !t == 0) {
            for (column, b) in sets.iter().enumerate() {
                system[row][column] += if b & !t == 0 { weight } else { 0.0 };
            }
            system[row][order] += weight * target;
        }
    }
    if is_shapley {
        let (singles, last) = system.split_at_mut(sets.len());
        for (row, sum) in singles.iter_mut().zip(&mut last[0]) {
            row[sets.len()] = 1.0;
            *sum = 1.0;
        }
        last[0][order] = v[v.len() - 1] - v[0];
    }
    let solution = solve(system);
    sets.into_iter().zip(solution).filter(|(s, _)| *s != 0).collect()
}

/// Gaussian elimination with row pivots; the last column is the right-hand side.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for column in 0..n {
        let size_of = |at: &usize| rows[*at][column].abs();
        let pivot = (column..n).max_by(|a, b| size_of(a).total_cmp(&size_of(b))).unwrap_or(column);
        rows.swap(column, pivot);
        let top = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != column) {
            let factor = row[column] / top[column];
            row.iter_mut().zip(&top).for_each(|(x, t)| *x -= factor * t);
        }
    }
    rows.iter().enumerate().map(|(at, row)| row[n] / row[at]).collect()
}
