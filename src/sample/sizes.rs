//! Which size class comes next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// A deterministic sequence of size classes `1..=n/2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// Every size of coalition equally often: the leverage scores of the weighted least squares.
    Leverage,
    /// All singletons, then as many coalitions of half the players, then two of these to one of a middle size.
    StarMiddle,
    /// Sizes in proportion to the Shapley kernel `1 / (k (n - k))`.
    Kernel,
}

/// Webster's rule over some of the classes.
#[derive(Debug, Clone)]
struct Webster {
    /// `((2 c + 1) * unit, class)`, the smallest first, the larger class where they tie.
    heap: BinaryHeap<Reverse<(u64, Reverse<u32>)>>,
}

/// The sequence of sizes, and how many pairs of each class it has given.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    sequence: Sequence,
    n_players: usize,
    pools: Vec<u64>, // by class, entry 0 unused
    counts: Vec<u64>,
    webster: Webster,
    drawn: u64,
    turn: u8,
}

impl Sizes {
    /// `pools[k]` is the number of pairs in class `k`; any number beyond reach where it is too large to hold.
    pub(super) fn new(sequence: Sequence, n_players: usize, pools: Vec<u64>) -> Self {
        let half = n_players / 2;
        let classes = if sequence == Sequence::StarMiddle { 2..half } else { 1..half + 1 };
        let heap = classes
            .map(|k| {
                Reverse((
                    unit(sequence, n_players, k),
                    Reverse(u32::try_from(k).expect("a class fits 32 bits")),
                ))
            })
            .collect();
        Self {
            sequence,
            n_players,
            counts: vec![0; pools.len()],
            pools,
            webster: Webster { heap },
            drawn: 0,
            turn: 0,
        }
    }

    /// Pairs of class `k` given so far.
    pub(super) fn count(&self, class: usize) -> u64 {
        self.counts[class]
    }

    /// Pairs given so far.
    pub(super) fn drawn(&self) -> u64 {
        self.drawn
    }

    /// The next pair: its class, and its number in the class. None when every class is exhausted.
    pub(super) fn next(&mut self) -> Option<(usize, u64)> {
        let class = match self.sequence {
            Sequence::StarMiddle => self.star_middle(),
            Sequence::Leverage | Sequence::Kernel => self.webster(),
        }?;
        let number = self.counts[class];
        self.counts[class] += 1;
        self.drawn += 1;
        Some((class, number))
    }

    fn webster(&mut self) -> Option<usize> {
        let mut top = self.webster.heap.peek_mut()?;
        let class = top.0.1.0 as usize;
        if self.counts[class] + 1 == self.pools[class] {
            PeekMut::pop(top);
        } else {
            top.0.0 += 2 * unit(self.sequence, self.n_players, class);
        }
        Some(class)
    }

    fn star_middle(&mut self) -> Option<usize> {
        let half = self.n_players / 2;
        let n = self.n_players as u64;
        if self.counts[1] < self.pools[1] {
            return Some(1);
        }
        let has_half = self.counts[half] < self.pools[half];
        if has_half && self.counts[half] < n {
            return Some(half);
        }
        let turn = self.turn;
        self.turn = (turn + 1) % 3;
        if turn < 2 && has_half {
            return Some(half);
        }
        self.turn = 0;
        self.webster().or_else(|| {
            self.turn = 1;
            has_half.then_some(half)
        })
    }
}

/// The inverse of a class's mass, in integers.
fn unit(sequence: Sequence, n_players: usize, class: usize) -> u64 {
    let halved = if 2 * class == n_players { 2 } else { 1 };
    match sequence {
        Sequence::Leverage | Sequence::StarMiddle => halved,
        Sequence::Kernel => halved * (class * (n_players - class)) as u64,
    }
}
