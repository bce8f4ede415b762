//! A grid of buckets that fits what it is laid over: the finest of a nested family with no more than so many buckets filled.
//!
//! The bits of doubles, their sign turned round, are in the order of the numbers. A bucket of level `s` holds the numbers
//! whose bits agree but for the last `s`: single numbers at level 0, an octave at level 52. Levels are nested, and more
//! numbers never fill fewer buckets, so the lowest level that all numbers allow can be found piece by piece, in any order.

/// The bucket of NaN, at every level.
pub(super) const NAN: u64 = u64::MAX;
/// No bucket here.
const NOWHERE: u16 = u16::MAX;
/// The most buckets there can be: places are 16 bits, one of them is taken.
pub(super) const MOST_BUCKETS: usize = 1 << 14;

/// A number's place among all numbers.
#[inline]
pub(super) fn key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    let turned = bits ^ ((bits.cast_signed() >> 63).cast_unsigned() | 1 << 63);
    if number.is_nan() { NAN } else { turned }
}

/// The number at a place; infinite where there is none.
fn number(key: u64) -> f64 {
    let bits = if key >> 63 == 1 { key ^ 1 << 63 } else { !key };
    let number = f64::from_bits(bits);
    if number.is_nan() { f64::INFINITY.copysign(number) } else { number }
}

/// Buckets that hold something, in the order in which they were first needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    most: usize,
    level: u64,
    keys: Vec<u64>,
}

impl Grid {
    /// Nothing yet; `most` buckets may be filled, besides that of NaN.
    pub(super) fn new(most: usize) -> Self {
        Self { most, level: 0, keys: Vec::new() }
    }

    /// A grid that was saved. None if it cannot be one.
    pub(super) fn read(most: usize, level: u64, keys: Vec<u64>) -> Option<Self> {
        let is_sound = |(key, next): (&u64, Option<&&u64>)| {
            (*key <= u64::MAX >> level || *key == NAN) && next.is_none_or(|&next| key < next)
        };
        let nexts = keys.iter().skip(1).map(Some).chain([None]);
        let n_numbers = keys.iter().filter(|&&key| key != NAN).count();
        let are_sound = keys.iter().zip(nexts).all(|(key, next)| is_sound((key, next.as_ref())));
        (level < 64 && n_numbers <= most && are_sound).then_some(Self { most, level, keys })
    }

    pub(super) fn level(&self) -> u64 {
        self.level
    }

    pub(super) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// Places of the buckets in the order of numbers, that of NaN last.
    pub(super) fn sorted(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_unstable_by_key(|&place| self.keys[place]);
        order
    }

    /// The least and the greatest number of a bucket.
    pub(super) fn ends(&self, place: usize) -> (f64, f64) {
        match self.keys[place] {
            NAN => (f64::NAN, f64::NAN),
            key => (number(key << self.level), number(key << self.level | ((1 << self.level) - 1))),
        }
    }

    fn at_level(&self, key: u64) -> u64 {
        if key == NAN { NAN } else { key >> self.level }
    }

    /// Go at once to the level that some of the numbers to come will need anyway. Only before any are put in.
    pub(super) fn foresee(&mut self, numbers: Vec<f64>) {
        if self.keys.is_empty() {
            self.level = self.level.max(level_of(numbers.into_iter().map(key).collect(), self.most));
        }
    }

    /// Make buckets so wide that those of another grid fit in, too. Returns where each of the own ones is now.
    pub(super) fn make_room(&mut self, other: &Self) -> Vec<u16> {
        let level = self.level.max(other.level);
        let raised = |grid: &Self| {
            let by = level - grid.level;
            grid.keys.iter().map(move |&key| if key == NAN { NAN } else { key >> by }).collect::<Vec<_>>()
        };
        let mut keys = raised(self);
        keys.extend(raised(other));
        self.raise(level + level_of(keys, self.most))
    }

    /// Where the buckets of another grid, not of a higher level, are in this one; new ones are made.
    pub(super) fn take_in(&mut self, other: &Self) -> Vec<u16> {
        let mut finder = Finder::of(self);
        let by = self.level - other.level;
        let keys = other.keys.iter().map(|&key| if key == NAN { NAN } else { key >> by });
        keys.map(|key| finder.place(key, self).unwrap_or_else(|| finder.make(key, self))).collect()
    }

    /// Go to a higher level. Returns where each bucket is now.
    fn raise(&mut self, level: u64) -> Vec<u16> {
        let by = level - self.level;
        let old = std::mem::take(&mut self.keys);
        self.level = level;
        let mut finder = Finder::of(self);
        let raised = old.into_iter().map(|key| if key == NAN { NAN } else { key >> by });
        raised.map(|key| finder.place(key, self).unwrap_or_else(|| finder.make(key, self))).collect()
    }

    fn n_numbers(&self) -> usize {
        self.keys.iter().filter(|&&key| key != NAN).count()
    }
}

/// The lowest level at which keys fill no more than `most` buckets.
fn level_of(mut keys: Vec<u64>, most: usize) -> u64 {
    keys.retain(|&key| key != NAN);
    keys.sort_unstable();
    // Two neighbours share a bucket from the level of the highest bit in which they differ on.
    let mut n_parted = [0; 64];
    for pair in keys.windows(2).filter(|pair| pair[0] != pair[1]) {
        n_parted[(pair[0] ^ pair[1]).ilog2() as usize] += 1;
    }
    let mut n_filled = 1;
    let mut level = 64;
    for parted in n_parted.into_iter().rev() {
        n_filled += parted;
        if n_filled > most {
            break;
        }
        level -= 1;
    }
    // Level 64 does not occur: two buckets, one of each sign, are always granted.
    level.min(63)
}

/// Where the bucket of each key is: a table with open addresses.
#[derive(Debug)]
pub(super) struct Finder {
    table: Vec<u16>,
    bits: u32,
    /// Buckets of numbers.
    n_filled: usize,
}

impl Finder {
    pub(super) fn of(grid: &Grid) -> Self {
        let bits = (4 * (grid.most + 1)).next_power_of_two().ilog2();
        let mut finder = Self { table: vec![NOWHERE; 1 << bits], bits, n_filled: grid.n_numbers() };
        for (place, &key) in (0..).zip(&grid.keys) {
            let slot = finder.slot(key, &grid.keys);
            finder.table[slot] = place;
        }
        finder
    }

    /// The slot that is looked at first.
    #[inline]
    fn hash(&self, key: u64) -> usize {
        place_of(key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.bits))
    }

    /// The slot of a key, or where it would be.
    #[inline]
    fn slot(&self, key: u64, keys: &[u64]) -> usize {
        let mut slot = self.hash(key);
        loop {
            match keys.get(usize::from(self.table[slot])) {
                Some(&found) if found != key => slot = (slot + 1) & (self.table.len() - 1),
                _ => return slot,
            }
        }
    }

    /// The place of a key at the grid's level; None if its bucket is new.
    #[inline]
    fn place(&self, key: u64, grid: &Grid) -> Option<u16> {
        let place = self.table[self.slot(key, &grid.keys)];
        (place != NOWHERE).then_some(place)
    }

    #[cold]
    fn make(&mut self, key: u64, grid: &mut Grid) -> u16 {
        let slot = self.slot(key, &grid.keys);
        let place = u16::try_from(grid.keys.len()).unwrap_or(NOWHERE); // never: there are fewer buckets
        self.table[slot] = place;
        grid.keys.push(key);
        self.n_filled += usize::from(key != NAN);
        place
    }

    /// Write the place of each number's bucket. Where a new one is one too many, buckets become wider: `moved` is told
    /// where each of the old ones is now.
    pub(super) fn places(
        &mut self,
        numbers: &[f64],
        grid: &mut Grid,
        to: &mut [u16],
        mut moved: impl FnMut(&[u16], &Grid),
    ) {
        let mut done = 0;
        loop {
            done += self.known(&numbers[done..], grid, &mut to[done..]);
            let Some(&number) = numbers.get(done) else { break };
            let key = key(number);
            to[done] = match self.place(grid.at_level(key), grid) {
                Some(place) => place,
                None if key == NAN || self.n_filled < grid.most => self.make(grid.at_level(key), grid),
                None => {
                    let mut keys = grid.keys.clone();
                    keys.push(grid.at_level(key));
                    let places = grid.raise(grid.level + level_of(keys, grid.most));
                    *self = Self::of(grid);
                    for place in &mut to[..done] {
                        *place = places[usize::from(*place)];
                    }
                    moved(&places, grid);
                    continue;
                }
            };
            done += 1;
        }
    }

    /// Write places until a bucket is not in the first slot that is looked at; return how many there were before.
    fn known(&self, numbers: &[f64], grid: &Grid, to: &mut [u16]) -> usize {
        let (table, keys) = (&self.table[..], &grid.keys[..]);
        for (count, (&number, to)) in numbers.iter().zip(to).enumerate() {
            let key = grid.at_level(key(number));
            let place = table[self.hash(key)];
            if keys.get(usize::from(place)) != Some(&key) {
                return count;
            }
            *to = place;
        }
        numbers.len()
    }
}

/// A place in memory.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the hash was shifted to fit the table")]
fn place_of(hash: u64) -> usize {
    hash as usize
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_numbers_and_lead_back() {
        let numbers = [f64::NEG_INFINITY, f64::MIN, -1.5, -5e-324, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(key(pair[0]) < key(pair[1]));
        }
        for number in numbers {
            assert_eq!(super::number(key(number)), number);
        }
        assert_eq!(key(-0.0), key(0.0));
        assert_eq!(key(-f64::NAN), NAN);
    }

    #[test]
    fn the_level_is_the_lowest_that_does() {
        let keys: Vec<u64> = (0..100).map(|i| i * i).collect();
        for most in [2, 3, 10, 99, 100, 1000] {
            let level = level_of(keys.clone(), most);
            let n_filled = |level: u64| {
                let mut filled: Vec<u64> = keys.iter().map(|key| key >> level).collect();
                filled.dedup();
                filled.len()
            };
            assert!(n_filled(level) <= most && (level == 0 || n_filled(level - 1) > most), "{most}: {level}");
        }
        assert_eq!(level_of(vec![0, u64::MAX - 1], 1), 63);
    }
}
