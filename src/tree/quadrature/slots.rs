//! The sums that the trees of a block add to: numbered locally, because a block asks few of many players.

use std::collections::BTreeMap;

/// Players and pairs of a block, in the order in which they are met, and the local slots of their sums.
#[derive(Debug, Default)]
pub(in crate::tree) struct Numbers {
    width: u32,
    players: BTreeMap<u32, u32>, // player of the forest -> local number
    met: Vec<Met>,
    values: Vec<u32>, // local number of the player -> slot
    pairs: BTreeMap<(u32, u32), u32>,
    forest_players: Vec<u32>,
}

/// What a local slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum Met {
    /// The value of a player.
    Player(u32),
    /// The interaction of two players, the lesser first.
    Pair(u32, u32),
}

impl Numbers {
    /// Slots of `width` outputs each.
    pub(in crate::tree) fn new(width: usize) -> Self {
        Self { width: u32::try_from(width).expect("few outputs"), ..Self::default() }
    }

    /// What the slots hold, in their order.
    pub(in crate::tree) fn met(&self) -> &[Met] {
        &self.met
    }

    /// The local number of a player of the forest.
    pub(in crate::tree) fn player(&mut self, player: u32) -> u32 {
        if let Some(&local) = self.players.get(&player) {
            return local;
        }
        let local = u32::try_from(self.values.len()).expect("fewer players than columns");
        self.players.insert(player, local);
        self.forest_players.push(player);
        let slot = self.next(Met::Player(player));
        self.values.push(slot);
        local
    }

    /// The slot of a local player's value, its first output.
    pub(in crate::tree) fn value(&self, local: u32) -> u32 {
        self.values[local as usize]
    }

    /// The slot of two local players' interaction, its first output.
    pub(in crate::tree) fn pair(&mut self, one: u32, other: u32) -> u32 {
        let (one, other) = (self.forest_players[one as usize], self.forest_players[other as usize]);
        let pair = (one.min(other), one.max(other));
        if let Some(&slot) = self.pairs.get(&pair) {
            return slot;
        }
        let slot = self.next(Met::Pair(pair.0, pair.1));
        self.pairs.insert(pair, slot);
        slot
    }

    fn next(&mut self, met: Met) -> u32 {
        self.met.push(met);
        (u32::try_from(self.met.len()).expect("fewer slots than nodes") - 1) * self.width
    }
}
