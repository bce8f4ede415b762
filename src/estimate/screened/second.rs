//! The players of the second pass: those that were found, and groups of all others.

use super::PER_PLAYER;
use super::halving::{Halving, norm};
use crate::coalition::{self, Coalitions};

/// One in so many players of the second pass is a group.
const GROUP_SHARE: usize = 8;

/// Who plays for whom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Second {
    /// The members of each player of the second pass.
    pub(super) members: Vec<Vec<u32>>,
    n_players: usize,
}

impl Second {
    /// The players of a second pass with `granted` evaluations, endpoints counted.
    ///
    /// Where the budget pays for it all play for themselves; else those found alone with the largest values do, by the
    /// output in which a value is largest, and the others, sorted by the output that varies most, are cut into groups.
    pub(super) fn after(halving: &Halving, n_outputs: usize, granted: u64) -> Self {
        let n_players = halving.order.len();
        let places = usize::try_from(granted / PER_PLAYER).unwrap_or(usize::MAX).clamp(4, n_players);
        if places == n_players {
            return Self { members: (0..).take(n_players).map(|player| vec![player]).collect(), n_players };
        }
        let shares = halving.shares();
        let scale: Vec<f64> = (0..n_outputs).map(|output| norm(&shares, n_outputs, output)).collect();
        let own = |player: u32| &shares[player as usize * n_outputs..(player as usize + 1) * n_outputs];
        let strength = |player: u32| {
            let of_scale =
                |(value, scale): (&f64, &f64)| if *scale > 0.0 { value.abs() / scale } else { 0.0 };
            own(player).iter().zip(&scale).map(of_scale).fold(0.0, f64::max)
        };
        let mut alone: Vec<u32> = halving
            .leaves()
            .filter(|(node, ..)| node.len() == 1)
            .map(|(node, ..)| halving.players(node)[0])
            .collect();
        alone.sort_by(|&a, &b| strength(b).total_cmp(&strength(a)).then(a.cmp(&b)));
        alone.truncate(places - (places / GROUP_SHARE).max(2));
        alone.sort_unstable();
        let mut others: Vec<u32> =
            (0..).take(n_players).filter(|player| alone.binary_search(player).is_err()).collect();
        let widest =
            (1..n_outputs).fold(0, |best, output| if scale[output] > scale[best] { output } else { best });
        others.sort_by(|&a, &b| own(a)[widest].total_cmp(&own(b)[widest]).then(a.cmp(&b)));
        let n_groups = places - alone.len();
        let bound = |group: usize| group * others.len() / n_groups;
        let groups = (0..n_groups).map(|group| others[bound(group)..bound(group + 1)].to_vec());
        let members = alone.iter().map(|&player| vec![player]).chain(groups).collect();
        Self { members, n_players }
    }

    /// Number of players of the second pass.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The player of the second pass that each player belongs to.
    pub(super) fn owners(&self) -> Vec<u32> {
        let mut owners = vec![0; self.n_players];
        for (number, members) in self.members.iter().enumerate() {
            for &player in members {
                owners[player as usize] = u32::try_from(number).unwrap_or(u32::MAX);
            }
        }
        owners
    }

    /// Coalitions of the second pass's players, as coalitions of all.
    pub(super) fn spread(&self, coalitions: &Coalitions) -> Coalitions {
        let mut all = Coalitions::new(self.n_players);
        let mut words = vec![0; coalition::words_for(self.n_players)];
        for number in 0..coalitions.len() {
            words.fill(0);
            for player in coalition::members(coalitions.get(number)) {
                for &member in &self.members[player] {
                    coalition::insert(&mut words, member as usize);
                }
            }
            all.push(&words);
        }
        all
    }
}
