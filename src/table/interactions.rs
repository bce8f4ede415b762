//! Exact interactions from all worths.

use super::Table;
use super::chunk::ChunkWeights;
use super::fold::{MOST_UNITS, fold_table};
use super::sums::{SupersetSums, binomial, n_sets};
use crate::error::Error;
use crate::index::{Interaction, bernoulli};
use crate::parallel::Workers;

/// The interactions of all sets of 1 to `order` players under an index: `(sets, outputs)`, sets in the order of
/// [`sets_by_size`].
///
/// For each size one pass over the table, by superset sums of up to that many players: about
/// `(size + 1) (size + 2) 2^n` additions, the same bits for any number of threads. The sums are averages of worths, so
/// that unlike with Moebius coefficients no digits are lost to `n`: under positive weights a set of `s` players errs by
/// at most `320 * 3^s` roundings of the largest `|v(S) - v({})|`. An order above the number of players means all sets.
///
/// Memory beside the table: `memory_limit_bytes` at most, else [`Error::TooLarge`].
///
/// Laws: `interactions_equal_their_definitions`, `interactions_across_chunks_equal_their_walsh_read_out`.
pub fn interactions(
    table: &Table<'_>,
    index: Interaction,
    order: usize,
    memory_limit_bytes: u64,
    workers: &Workers<'_>,
) -> Result<Vec<f64>, Error> {
    if order == 0 {
        return Err(Error::Parameter { argument: "order", got: "0".to_owned(), accepted: "at least 1" });
    }
    let (n_players, n_outputs) = (table.n_players, table.n_outputs);
    let order = order.min(n_players);
    check_memory(n_players, n_outputs, order, memory_limit_bytes)?;
    let mut by_size = Vec::with_capacity(order); // for each size: (outputs, sets in colexicographic order)
    for size in 1..=order {
        let weights = index.size_weights(n_players, order, size)?.weights();
        let node = fold_table(table, &ChunkWeights::new(&weights, size), workers)?;
        let outputs = node.chunks_exact(size + 1).map(|sums| derivatives(sums, n_players, workers));
        by_size.push(outputs.collect::<Result<Vec<_>, _>>()?);
    }
    if index == Interaction::KSii {
        aggregate(&mut by_size, n_players, workers)?;
    }
    let mut values = Vec::with_capacity((n_sets(n_players, order) - 1) * n_outputs);
    for set in sets_by_size(n_players, order) {
        let rank = rank(&set);
        values.extend(by_size[set.len() - 1].iter().map(|output| output[rank]));
    }
    workers.check()?;
    Ok(values)
}

/// The sets of 1 to `order` of the players, by size, within a size in lexicographic order.
pub fn sets_by_size(n_players: usize, order: usize) -> impl Iterator<Item = Vec<usize>> {
    (1..=order.min(n_players)).flat_map(move |size| sets_of_size(n_players, size))
}

/// The sets of one size, at most `n_players`, in lexicographic order.
fn sets_of_size(n_players: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    let mut next = Some((0..size).collect::<Vec<_>>());
    std::iter::from_fn(move || {
        let set = next.take()?;
        // The last member that can move up does, and those behind it follow on its heels.
        next = (0..size).rev().find(|&at| set[at] < n_players - size + at).map(|at| {
            let tail = set[at] + 1..set[at] + 1 + size - at;
            set[..at].iter().copied().chain(tail).collect()
        });
        Some(set)
    })
}

/// `I(S) = sum_{A in S} (-1)^(|S|-|A|) P_|A|(A)` for all sets of the largest size, in colexicographic order.
fn derivatives(sums: &[SupersetSums], n_players: usize, workers: &Workers<'_>) -> Result<Vec<f64>, Error> {
    let size = sums.len() - 1;
    let sums: Vec<_> = sums.iter().map(|sum| sum.truncate(n_players)).collect();
    let by_size: Vec<&[f64]> = sums.iter().enumerate().map(|(a, sum)| sum.of_size(a)).collect();
    let mut values = vec![0.0; binomial(n_players, size)];
    for set in sets_of_size(n_players, size) {
        workers.check()?;
        values[rank(&set)] = subsets(&set).fold(0.0, |total, (a, rank)| {
            let sum = by_size[a][rank];
            if (size - a).is_multiple_of(2) { total + sum } else { total - sum }
        });
    }
    Ok(values)
}

/// From SII to k-SII: every set hands `B_(|U|-|S|) SII(U)` down to each of its subsets.
fn aggregate(by_size: &mut [Vec<Vec<f64>>], n_players: usize, workers: &Workers<'_>) -> Result<(), Error> {
    let factors: Vec<f64> = (0..by_size.len()).map_while(bernoulli).collect();
    if factors.len() < by_size.len() {
        let (argument, got, accepted) = ("order", by_size.len().to_string(), "at most 32 for k-SII");
        return Err(Error::Parameter { argument, got, accepted });
    }
    for set in sets_by_size(n_players, by_size.len()) {
        workers.check()?;
        let of_set = rank(&set);
        // Larger sets come later, so what is handed down here is still SII.
        let (smaller, larger) = by_size.split_at_mut(set.len() - 1);
        for (size, rank) in subsets(&set).filter(|&(size, _)| 0 < size && size < set.len()) {
            for (to, from) in smaller[size - 1].iter_mut().zip(&larger[0]) {
                to[rank] += factors[set.len() - size] * from[of_set];
            }
        }
    }
    Ok(())
}

/// The size and the [`rank`] of every subset, the empty one first.
fn subsets(set: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    (0..1_usize << set.len()).map(|mask| {
        let chosen = set.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
        chosen.fold((0, 0), |(size, rank), (_, &player)| (size + 1, rank + binomial(player, size + 1)))
    })
}

/// The number of an ascending set among those of its size, in colexicographic order.
fn rank(set: &[usize]) -> usize {
    set.iter().enumerate().map(|(at, &player)| binomial(player, at + 1)).sum()
}

fn check_memory(n_players: usize, n_outputs: usize, order: usize, limit: u64) -> Result<(), Error> {
    // `order + 1` tables of sums: of each work unit, and at the top two levels at once; and the values twice.
    let a_unit = n_players.saturating_sub(MOST_UNITS.trailing_zeros() as usize);
    let of_units = n_sets(a_unit, order).saturating_mul(MOST_UNITS * (order + 1));
    let at_the_top = n_sets(n_players, order).saturating_mul(2 * (order + 1) + 2);
    let bytes =
        (of_units.saturating_add(at_the_top) as u64).saturating_mul(8).saturating_mul(n_outputs as u64);
    if bytes <= limit {
        return Ok(());
    }
    let remedy = "lower the order, or ask for fewer outputs at a time";
    Err(Error::TooLarge { method: "interactions", n_players, bytes, limit, remedy })
}
