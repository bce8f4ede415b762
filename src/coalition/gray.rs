//! All coalitions in an order in which one player at a time comes or goes.
//!
//! The binary reflected Gray code (Gray 1953; Knuth, The Art of Computer Programming 4A, section 7.2.1.1).
//! Whatever is kept up to date as players come and go, a masked row or a sum, costs one step a coalition
//! instead of one a player.

/// Coalition number `position` of the code, for `position < 2^n_players`.
pub const fn gray(position: u64) -> u64 {
    position ^ position >> 1
}

/// The players who come or go, in turn, from the empty coalition through all others to `{n_players - 1}`.
///
/// Each coalition is met once, after `2^n_players - 1` changes. Up to 63 players.
pub fn changes(n_players: usize) -> impl Iterator<Item = usize> {
    debug_assert!(n_players < 64);
    (1_u64..1 << n_players).map(|position| position.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_meet_every_coalition_once_in_the_order_of_the_code() {
        for n_players in 0..=12 {
            let mut coalition = 0_u64;
            let mut met = vec![false; 1 << n_players];
            met[0] = true;
            for (player, position) in changes(n_players).zip(1..) {
                coalition ^= 1 << player;
                assert_eq!(coalition, gray(position));
                assert!(!std::mem::replace(&mut met[usize::try_from(coalition).unwrap()], true));
            }
            assert!(met.iter().all(|&met| met), "{n_players} players");
            assert_eq!(coalition, (1 << n_players) >> 1);
        }
    }
}
