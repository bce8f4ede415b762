//! The values once every pair is told.

use crate::coalition::contains;
use crate::estimate::Estimate;
use crate::estimate::paired::Paired;

/// Fill in the values by their definition on half-differences,
///
/// $$ \phi_i = \frac{D}{n} + \sum_k \frac{g_k}{N_k} \sum_{S \in k} o(S) w_i(S), \qquad
///    w_i(S) = \frac{1}{k} \text{ if } i \in S, \text{ else } -\frac{1}{n - k} $$
///
/// over the pairs of each class `k`, of which there are `N_k`, each of `g_k` sizes: `O(p n)` additions, no system.
pub(super) fn estimate(pairs: &Paired, mut estimate: Estimate) -> Estimate {
    let problem = pairs.problem();
    let (n, n_outputs) = (problem.n_players, problem.n_outputs);
    let rows = pairs.half_differences().chunks_exact(n_outputs);
    for (pair, (row, &class)) in rows.zip(pairs.classes()).enumerate() {
        let (coalition, k) = (pairs.coalitions().get(pair), class as usize);
        let weight = pairs.sequence().multiplicity(k) as f64 / pairs.sequence().count(k) as f64;
        for (player, values) in estimate.values.chunks_exact_mut(n_outputs).enumerate() {
            let share =
                if contains(coalition, player) { weight / k as f64 } else { -weight / (n - k) as f64 };
            values.iter_mut().zip(row).for_each(|(value, half)| *value += share * half);
        }
    }
    for output in 0..n_outputs {
        let column = || (output..n * n_outputs).step_by(n_outputs);
        let sum: f64 = column().map(|cell| estimate.values[cell]).sum();
        let gap = pairs.endpoints().total_difference(output) - sum;
        column().for_each(|cell| estimate.values[cell] += gap / n as f64);
        estimate.gap[output] = gap;
    }
    estimate.std_errors.fill(0.0);
    let freedom = (pairs.n_told() + 1 - n) as f64;
    estimate.interval_df.fill(freedom);
    estimate
}
