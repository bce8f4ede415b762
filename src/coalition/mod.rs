//! Coalitions as bitsets, for any number of players.
//!
//! Player `j` is bit `j % 64` of word `j / 64`. Bits past the last player are always zero.

pub mod by_size;
pub mod gray;
pub mod rank;

/// Words that hold one coalition of `n_players`.
pub const fn words_for(n_players: usize) -> usize {
    n_players.div_ceil(64)
}

/// Is `player` in the coalition?
pub fn contains(words: &[u64], player: usize) -> bool {
    words[player / 64] >> (player % 64) & 1 == 1
}

/// Let `player` join the coalition.
pub fn insert(words: &mut [u64], player: usize) {
    words[player / 64] |= 1 << (player % 64);
}

/// Let `player` leave the coalition.
pub fn remove(words: &mut [u64], player: usize) {
    words[player / 64] &= !(1 << (player % 64));
}

/// Number of players in the coalition.
pub fn size(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The players of the coalition, in ascending order.
pub fn members(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(number, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                64 * number + bit
            })
        })
    })
}

/// The mask of the last word: ones for players that exist.
pub(crate) fn last_word(n_players: usize) -> u64 {
    match n_players % 64 {
        0 => u64::MAX,
        used => (1 << used) - 1,
    }
}

/// Many coalitions of the same players, row after row: `(coalitions, words)`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coalitions {
    n_players: usize,
    words: Vec<u64>,
    len: usize,
}

impl Coalitions {
    /// No coalitions yet.
    pub fn new(n_players: usize) -> Self {
        Self { n_players, words: Vec::new(), len: 0 }
    }

    /// `len` empty coalitions.
    pub fn empty(n_players: usize, len: usize) -> Self {
        Self { n_players, words: vec![0; len * words_for(n_players)], len }
    }

    /// Number of coalitions.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of players.
    pub fn n_players(&self) -> usize {
        self.n_players
    }

    /// All words, coalition after coalition.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// All words, to be written.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The words of coalition `position`.
    pub fn get(&self, position: usize) -> &[u64] {
        let width = words_for(self.n_players);
        &self.words[position * width..(position + 1) * width]
    }

    /// Append a coalition.
    pub fn push(&mut self, words: &[u64]) {
        debug_assert_eq!(words.len(), words_for(self.n_players));
        self.words.extend_from_slice(words);
        self.len += 1;
    }

    /// Append everybody who is not in `words`.
    pub fn push_complement(&mut self, words: &[u64]) {
        debug_assert_eq!(words.len(), words_for(self.n_players));
        self.words.extend(words.iter().map(|word| !word));
        if let Some(last) = self.words.last_mut()
            && self.n_players > 0
        {
            *last &= last_word(self.n_players);
        }
        self.len += 1;
    }

    /// Append the coalition of nobody, or of everybody.
    pub fn push_endpoint(&mut self, everybody: bool) {
        let empty = vec![0; words_for(self.n_players)];
        if everybody { self.push_complement(&empty) } else { self.push(&empty) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complement_holds_exactly_the_others() {
        for n_players in [1, 5, 63, 64, 65, 200] {
            let mut one = vec![0; words_for(n_players)];
            insert(&mut one, n_players - 1);
            let mut coalitions = Coalitions::new(n_players);
            coalitions.push(&one);
            coalitions.push_complement(&one);
            coalitions.push_endpoint(true);
            assert_eq!(coalitions.len(), 3);
            assert_eq!(size(coalitions.get(1)), n_players - 1);
            assert_eq!(
                members(coalitions.get(1)).collect::<Vec<_>>(),
                (0..n_players - 1).collect::<Vec<_>>()
            );
            assert_eq!(size(coalitions.get(2)), n_players);
            assert!(contains(coalitions.get(0), n_players - 1));
        }
    }
}
