//! Merging in rounds: everybody picks a neighbour, and those who picked each other become one.

use super::neighbours::{Neighbour, Neighbours};
use super::region::Region;
use crate::error::Error;
use crate::image::linkage::Linkage;
use crate::parallel::Workers;
use crate::random::mix;

/// Nobody to pick.
const NOBODY: u32 = u32::MAX;

/// Regions that merge.
#[derive(Debug)]
pub(super) struct Rounds<const N: usize> {
    regions: Vec<Region<N>>,
    neighbours: Neighbours,
    n_channels: u32,
    linkage: Linkage,
    /// The neighbour that each region picked.
    picked: Vec<Neighbour>,
    /// By region: itself, or what it is part of since this round. No list holds a number older than that.
    now: Vec<u32>,
    /// Regions whose neighbourhood changed in the last round: only they pick anew, and one of every new pair is theirs.
    changed: Vec<u32>,
    is_changed: Vec<bool>,
}

impl<const N: usize> Rounds<N> {
    pub(super) fn new(regions: Vec<Region<N>>, neighbours: Neighbours, n_channels: usize) -> Self {
        let n_regions = regions.len();
        let n_nodes = 2 * n_regions - 1;
        let numbers = || (0..).take(n_regions);
        let mut rounds = Self {
            regions,
            neighbours,
            n_channels: u32::try_from(n_channels).unwrap_or(u32::MAX),
            linkage: Linkage::default(),
            picked: vec![Neighbour { region: NOBODY, border: 0 }; n_nodes],
            now: numbers().collect(),
            changed: numbers().collect(),
            is_changed: (0..n_nodes).map(|region| region < n_regions).collect(),
        };
        for region in 0..n_regions {
            rounds.pick(region);
        }
        rounds
    }

    /// Merge until one region is left.
    pub(super) fn merge_all(mut self, workers: &Workers<'_>) -> Result<Linkage, Error> {
        let n_merges = self.regions.len() - 1;
        while self.linkage.left.len() < n_merges {
            workers.check()?;
            let pairs = self.pairs();
            if pairs.is_empty() {
                self.join_islands();
            } else {
                self.merge(&pairs);
            }
        }
        Ok(self.linkage)
    }

    /// Those who picked each other, in order of their smaller member.
    fn pairs(&self) -> Vec<(u32, Neighbour)> {
        let mut pairs = Vec::new();
        for &region in &self.changed {
            let picked = self.picked[region as usize];
            if picked.region != NOBODY && self.picked[picked.region as usize].region == region {
                let (smaller, larger) = (region.min(picked.region), region.max(picked.region));
                // Where both changed they are met twice.
                if region == smaller || !self.is_changed[smaller as usize] {
                    pairs.push((smaller, Neighbour { region: larger, border: picked.border }));
                }
            }
        }
        pairs.sort_unstable_by_key(|pair| pair.0);
        pairs
    }

    fn merge(&mut self, pairs: &[(u32, Neighbour)]) {
        let first = self.regions.len();
        for &(smaller, larger) in pairs {
            let union = u32::try_from(self.regions.len()).unwrap_or(u32::MAX);
            let (a, b) = (smaller as usize, larger.region as usize);
            self.regions.push(self.regions[a].union(&self.regions[b], larger.border));
            self.linkage.left.push(smaller);
            self.linkage.right.push(larger.region);
            self.now[a] = union;
            self.now[b] = union;
            self.now.push(union);
        }
        for region in std::mem::take(&mut self.changed) {
            self.is_changed[region as usize] = false;
        }
        for &(smaller, larger) in pairs {
            let union = self.neighbours.n_regions();
            self.neighbours.push_union(smaller as usize, larger.region as usize, &self.now);
            self.change(u32::try_from(union).unwrap_or(u32::MAX));
            for at in 0..self.neighbours.list(union).len() {
                let region = self.neighbours.list(union)[at].region;
                if (region as usize) < first && !self.is_changed[region as usize] {
                    self.change(region);
                    self.neighbours.renumber(region as usize, &self.now);
                    self.pick(region as usize);
                }
            }
        }
        for union in first..self.regions.len() {
            self.pick(union);
        }
    }

    fn change(&mut self, region: u32) {
        self.changed.push(region);
        self.is_changed[region as usize] = true;
    }

    /// Let a region pick the neighbour of the lowest key.
    fn pick(&mut self, region: usize) {
        let own = &self.regions[region];
        let mut best = (u32::MAX, u32::MAX, Neighbour { region: NOBODY, border: 0 });
        for &neighbour in self.neighbours.list(region) {
            let other = &self.regions[neighbour.region as usize];
            let distance = own.distance(other, neighbour.border, self.n_channels).to_bits();
            if distance <= best.0 {
                let hash = hash(region, neighbour.region);
                if (distance, hash, neighbour.region) < (best.0, best.1, best.2.region) {
                    best = (distance, hash, neighbour);
                }
            }
        }
        self.picked[region] = best.2;
    }

    /// Nobody has a neighbour: string all regions that are left together.
    fn join_islands(&mut self) {
        for region in std::mem::take(&mut self.changed) {
            self.is_changed[region as usize] = false;
        }
        let left: Vec<u32> =
            (0..).zip(&self.now).filter(|&(own, &now)| own == now).map(|(own, _)| own).collect();
        self.neighbours.join_in_line(&left);
        for region in left {
            self.change(region);
            self.pick(region as usize);
        }
    }
}

/// Half of a pair's key: what decides between pairs that are equally alike.
fn hash(a: usize, b: u32) -> u32 {
    let (a, b) = (a as u64, u64::from(b));
    (mix(a.min(b) << 32 | a.max(b)) >> 32) as u32
}
