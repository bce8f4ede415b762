//! How much the pairs of two phases weigh.

use std::borrow::Cow;

use crate::estimate::leverage::{Design, Group};
use crate::estimate::paired::Paired;

/// The design of all complete pairs, the first `n_first` of which the control variate has seen.
///
/// Group `k` holds the pairs of class `k` of the first phase, group `n / 2 + 1 + k` those of the second. A class
/// that nobody can count has endlessly many pairs: those of the first phase then weigh nothing.
pub(super) fn of_two_phases(pairs: &Paired, n_first: usize) -> Design<'_> {
    let n = pairs.problem().n_players;
    let n_classes = n / 2 + 1;
    let group_of = |(pair, &class): (usize, &u32)| {
        class + if pair < n_first { 0 } else { u32::try_from(n_classes).unwrap_or(u32::MAX) }
    };
    let groups_of: Vec<u32> = pairs.classes().iter().enumerate().map(group_of).collect();
    // On a background in blocks a pair is known only as far as it was looked at.
    let share = |pair: usize| pairs.seen().map_or(1.0, |seen| seen[pair]);
    let mut known = vec![0.0; 2 * n_classes];
    let mut counts = vec![0; 2 * n_classes];
    for (pair, &group) in groups_of.iter().enumerate() {
        counts[group as usize] += 1;
        known[group as usize] += share(pair);
    }
    let group = |number: usize| {
        let (class, is_second) = (number % n_classes, number >= n_classes);
        let (count, known) = (counts[number], known[number]);
        let mut group = Group { class, weight: 0.0, unseen: 0.0, count };
        if count == 0 {
            return group;
        }
        let pool = pairs.sequence().pool(class).map(|pool| pool as f64);
        let stands_for = match (pool, is_second) {
            (Some(pool), false) => count as f64 / pool,
            (Some(pool), true) => 1.0 - counts[class] as f64 / pool,
            (None, false) => 0.0,
            (None, true) => 1.0,
        };
        let of_class = pairs.sequence().multiplicity(class) as f64 / (class as f64 * (n - class) as f64);
        group.weight = of_class * stands_for / count as f64;
        group.unseen = match pool {
            _ if !is_second => 1.0 - known / count as f64,
            Some(pool) => 1.0 - known / (pool - counts[class] as f64),
            None => 1.0,
        }
        .max(0.0);
        group
    };
    let groups = (0..2 * n_classes).map(group).collect();
    Design::of_groups(pairs.coalitions(), Cow::Owned(groups_of), groups)
}
