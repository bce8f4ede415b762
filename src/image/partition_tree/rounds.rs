//! Merging in rounds: everybody picks a neighbour, and those who picked each other become one.

use super::neighbours::{Neighbour, Neighbours};
use super::region::Region;
use crate::error::Error;
use crate::image::linkage::Linkage;
use crate::parallel::Workers;
use crate::random::mix;

/// Regions that merge.
#[derive(Debug)]
pub(super) struct Rounds<const N: usize> {
    regions: Vec<Region<N>>,
    neighbours: Neighbours,
    linkage: Linkage,
    /// The neighbour that each region picked: the first of its list.
    picked: Vec<Neighbour>,
    /// By region: itself, or what it is part of since this round. No list holds a number older than that.
    now: Vec<u32>,
    /// By region: is it no part of another?
    is_left: Vec<bool>,
    /// Regions whose neighbourhood changed in the last round: of every new pair, one is among them.
    changed: Vec<u32>,
    is_changed: Vec<bool>,
    /// Of those who pick each other, the smaller numbers, as bits.
    smaller: Vec<u64>,
}

impl<const N: usize> Rounds<N> {
    pub(super) fn new(regions: Vec<Region<N>>, neighbours: Neighbours) -> Self {
        let n_regions = regions.len();
        let n_nodes = 2 * n_regions - 1;
        let numbers = || (0..).take(n_regions);
        let mut rounds = Self {
            regions,
            neighbours,
            linkage: Linkage::default(),
            picked: vec![Neighbour::NOBODY; n_nodes],
            now: numbers().collect(),
            is_left: vec![true; n_nodes],
            changed: numbers().collect(),
            is_changed: (0..n_nodes).map(|region| region < n_regions).collect(),
            smaller: vec![0; n_nodes.div_ceil(64)],
        };
        for region in 0..n_regions {
            rounds.measure(region);
            rounds.pick(region);
        }
        rounds
    }

    /// Merge until one region is left.
    pub(super) fn merge_all(mut self, workers: &Workers<'_>) -> Result<Linkage, Error> {
        while self.n_left() > 1 {
            workers.check()?;
            self.round();
        }
        Ok(self.linkage)
    }

    fn n_left(&self) -> usize {
        self.regions.len() - 2 * self.linkage.left.len()
    }

    fn round(&mut self) {
        let first = self.regions.len();
        self.find_pairs();
        self.merge_pairs();
        for region in std::mem::take(&mut self.changed) {
            self.is_changed[region as usize] = false;
        }
        if first == self.regions.len() {
            self.join_islands();
        }
        for union in first..self.regions.len() {
            let merged = union - first + self.linkage.left.len() + first - self.regions.len();
            let (a, b) = (self.linkage.left[merged], self.linkage.right[merged]);
            self.neighbours.push_union(a as usize, b as usize, &self.now);
            self.change(union);
            self.measure(union);
            self.tell_neighbours(union, first);
        }
        for at in 0..self.changed.len() {
            self.pick(self.changed[at] as usize);
        }
    }

    /// Note who picked each other.
    fn find_pairs(&mut self) {
        for &region in &self.changed {
            let picked = self.picked[region as usize].region;
            if self.picked.get(picked as usize).is_some_and(|other| other.region == region) {
                let smaller = region.min(picked) as usize;
                self.smaller[smaller / 64] |= 1 << (smaller % 64);
            }
        }
    }

    /// Let pairs be one, in order of their smaller member.
    fn merge_pairs(&mut self) {
        for word in 0..self.smaller.len() {
            let mut bits = std::mem::take(&mut self.smaller[word]);
            while bits != 0 {
                let smaller = 64 * word + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Neighbour { region: larger, border, .. } = self.picked[smaller];
                let union = number(self.regions.len());
                self.regions.push(self.regions[smaller].union(&self.regions[larger as usize], border));
                self.linkage.left.push(number(smaller));
                self.linkage.right.push(larger);
                for member in [smaller, larger as usize] {
                    self.now[member] = union;
                    self.is_left[member] = false;
                }
                self.now.push(union);
            }
        }
    }

    /// Find how unlike a region and its neighbours are.
    fn measure(&mut self, region: usize) {
        let own = &self.regions[region];
        for neighbour in self.neighbours.list_mut(region) {
            neighbour.distance = own.distance(&self.regions[neighbour.region as usize], neighbour.border);
        }
    }

    /// Let a region pick the first of its neighbours.
    fn pick(&mut self, region: usize) {
        let mut first = Neighbour::NOBODY;
        for &neighbour in self.neighbours.list(region) {
            let order = neighbour.distance.total_cmp(&first.distance);
            let is_first =
                order.is_lt() || order.is_eq() && comes_before(region, neighbour.region, first.region);
            first = if is_first { neighbour } else { first };
        }
        self.picked[region] = first;
    }

    /// Let those around a new region that are older than this round, those before `first`, know it.
    fn tell_neighbours(&mut self, union: usize, first: usize) {
        for at in 0..self.neighbours.list(union).len() {
            let neighbour = self.neighbours.list(union)[at];
            let region = neighbour.region as usize;
            if region < first {
                if !self.is_changed[region] {
                    self.change(region);
                    self.neighbours.retain(region, &self.is_left);
                }
                self.neighbours.append(region, Neighbour { region: number(union), ..neighbour });
            }
        }
    }

    fn change(&mut self, region: usize) {
        self.changed.push(number(region));
        self.is_changed[region] = true;
    }

    /// Nobody has a neighbour: string all regions that are left together.
    fn join_islands(&mut self) {
        let left: Vec<u32> =
            (0..).zip(&self.now).filter(|&(own, &now)| own == now).map(|(own, _)| own).collect();
        self.neighbours.join_in_line(&left);
        for region in left {
            self.change(region as usize);
            self.measure(region as usize);
        }
    }
}

/// Of two neighbours of a region that are equally unlike it, which one comes first?
fn comes_before(region: usize, one: u32, other: u32) -> bool {
    let key = |neighbour: u32| (hash(region as u64, u64::from(neighbour)), neighbour);
    key(one) < key(other)
}

fn number(region: usize) -> u32 {
    u32::try_from(region).unwrap_or(u32::MAX) // never: see `MOST_REGIONS`
}

/// What decides between pairs that are equally unlike.
fn hash(a: u64, b: u64) -> u64 {
    mix(a.min(b) << 32 | a.max(b)) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::partition_tree::region::measured;
    use crate::image::{Shape, cells};

    #[test]
    fn one_colour_merges_in_few_rounds() {
        for side in [32, 224] {
            let shape = Shape { height: side, width: side, n_channels: 1 };
            let regions = cells(side, side, 1).unwrap();
            let one_colour: Vec<Region<4>> =
                measured(&vec![3; shape.n_pixels()], shape, &regions, shape.n_pixels()).unwrap();
            let mut rounds = Rounds::new(one_colour, Neighbours::of(&regions, side, shape.n_pixels()));
            let n_rounds = std::iter::from_fn(|| (rounds.n_left() > 1).then(|| rounds.round())).count();
            assert!(n_rounds <= 12 * side.ilog2() as usize, "{side}: {n_rounds} rounds");
        }
    }
}
