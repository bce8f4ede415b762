//! Count, mean and variance of values in many buckets: exact sums of values of 24 bits.

use super::natural::Natural;
use super::pages::{Key, key, mantissa, shift};

/// Bits that a value of 24 loses of its 53.
const LOST: u32 = 29;
/// Exponents that share a sum: a mantissa of 24 bits, moved by up to 15, has 39, its square 78.
const SHARED: u32 = 16;
/// Sums there can be of one bucket.
const CLASSES: usize = (2046 + LOST as usize) / SHARED as usize + 1;
/// No sum yet.
const NOWHERE: u8 = u8::MAX;

/// The sums of one bucket and one class of exponents: `sum` over `2^(16 class - 1074)`, `squares` over its square.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(32))] // in one cache line
pub(super) struct Sum {
    pub(super) sum: i128,
    pub(super) squares: u128,
}

/// Values in buckets.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// Where the sums of each class are.
    places: [u8; CLASSES],
    /// Of each class that occurred, one sum a bucket.
    sums: Vec<Vec<Sum>>,
    /// Of each bucket, the values that are not finite.
    n_not_finite: Vec<u64>,
}

impl Default for Spread {
    fn default() -> Self {
        Self { places: [NOWHERE; CLASSES], sums: Vec::new(), n_not_finite: Vec::new() }
    }
}

impl Spread {
    /// Make room for so many buckets.
    pub(super) fn grow(&mut self, n_buckets: usize) {
        self.n_not_finite.resize(n_buckets, 0);
        self.sums.iter_mut().for_each(|sums| sums.resize(n_buckets, Sum::default()));
    }

    /// Put each value into its bucket, for which there is room.
    pub(super) fn add(&mut self, values: &[f64], buckets: &[u16]) {
        for (&value, &bucket) in values.iter().zip(buckets) {
            let bits = rounded(value.to_bits());
            let exponent = bits >> 52 & 0x7ff;
            if exponent == 0x7ff {
                self.n_not_finite[usize::from(bucket)] += 1;
                continue;
            }
            let (class, moved) = class(key(bits));
            let mut place = self.places[class];
            if place == NOWHERE {
                place = self.make(class);
            }
            let whole = (mantissa(bits) >> LOST) << moved;
            let signed = if bits >> 63 == 1 { -whole.cast_signed() } else { whole.cast_signed() };
            if let Some(sum) = self.sums[usize::from(place)].get_mut(usize::from(bucket)) {
                sum.sum += i128::from(signed);
                sum.squares += u128::from(whole) * u128::from(whole);
            }
        }
    }

    #[cold]
    fn make(&mut self, class: usize) -> u8 {
        let place = u8::try_from(self.sums.len()).unwrap_or(NOWHERE); // never: there are fewer classes
        self.places[class] = place;
        self.sums.push(vec![Sum::default(); self.n_not_finite.len()]);
        place
    }

    /// Buckets went together: `places` says where each is now.
    pub(super) fn gather(&mut self, places: &[u16], n_buckets: usize) {
        let mut gathered = Self::default();
        gathered.grow(n_buckets);
        gathered.merge(self, places);
        *self = gathered;
    }

    /// Add what another holds, whose buckets are at `places` here.
    pub(super) fn merge(&mut self, other: &Self, places: &[u16]) {
        for (&place, &count) in places.iter().zip(&other.n_not_finite) {
            self.n_not_finite[usize::from(place)] += count;
        }
        for (class, &theirs) in other.places.iter().enumerate().filter(|&(_, &place)| place != NOWHERE) {
            let own = if self.places[class] == NOWHERE { self.make(class) } else { self.places[class] };
            for (&place, sum) in places.iter().zip(&other.sums[usize::from(theirs)]) {
                let own = &mut self.sums[usize::from(own)][usize::from(place)];
                own.sum += sum.sum;
                own.squares += sum.squares;
            }
        }
    }

    /// Values of a bucket that are not finite.
    pub(super) fn n_not_finite(&self, bucket: usize) -> u64 {
        self.n_not_finite[bucket]
    }

    /// The sums of a bucket that are not empty, with their classes, in order.
    pub(super) fn sums(&self, bucket: usize) -> Vec<(usize, Sum)> {
        let found = self.places.iter().enumerate().filter(|&(_, &place)| place != NOWHERE);
        let sums = found.map(|(class, &place)| (class, self.sums[usize::from(place)][bucket]));
        sums.filter(|(_, sum)| sum.squares > 0).collect()
    }

    /// Put back what was read. False if it cannot be: there is no such class, or not so much in `count` values.
    #[must_use]
    pub(super) fn put_back(
        &mut self,
        bucket: usize,
        n_not_finite: u64,
        sums: &[(usize, Sum)],
        count: u64,
    ) -> bool {
        self.n_not_finite[bucket] = n_not_finite;
        let count = u128::from(count);
        for &(class, sum) in sums {
            let is_sound =
                sum.squares > 0 && sum.squares >> 78 <= count && sum.sum.unsigned_abs() >> 39 <= count;
            if class >= CLASSES || !is_sound {
                return false;
            }
            let place = if self.places[class] == NOWHERE { self.make(class) } else { self.places[class] };
            self.sums[usize::from(place)][bucket] = sum;
        }
        n_not_finite <= u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Mean and variance (over `count`) of a bucket's values, correctly rounded; NaN if one is not finite.
    pub(super) fn moments(&self, bucket: usize, count: u64) -> (f64, f64) {
        if self.n_not_finite[bucket] > 0 || count == 0 {
            return (f64::NAN, f64::NAN);
        }
        let [mut plus, mut minus, mut squares] = std::array::from_fn(|_| Natural::default());
        for (class, sum) in self.sums(bucket) {
            let shift = SHARED as usize * class;
            (if sum.sum < 0 { &mut minus } else { &mut plus }).add(sum.sum.unsigned_abs(), shift);
            squares.add(sum.squares, 2 * shift);
        }
        let sign = if plus.is_below(&minus) { -1.0 } else { 1.0 };
        let sum = plus.distance(&minus);
        let spread = squares.times(&u128::from(count).into()).distance(&sum.times(&sum));
        (sign * sum.over(&[count], -1074), spread.over(&[count, count], -2148))
    }
}

/// A double's bits with 24 of its mantissa, the nearest; what would become infinite stays below.
#[inline(always)]
fn rounded(bits: u64) -> u64 {
    let nearest = bits + (1 << (LOST - 1));
    let bits = if nearest >> 52 & 0x7ff == 0x7ff { bits } else { nearest };
    bits >> LOST << LOST
}

/// The class of a double's exponent, and by how many bits its mantissa is moved there.
#[inline(always)]
fn class(key: Key) -> (usize, u32) {
    let position = shift(key) as u32 + LOST;
    ((position / SHARED) as usize, position % SHARED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_values_as_singles() {
        let values = [1.0, -2.5, 1e-20, 3e10, f64::from(f32::MAX), 0.0, 1.0 + 1e-12];
        let mut spread = Spread::default();
        spread.grow(2);
        spread.add(&values, &[1; 7]);
        let exact = 1.0 - 2.5 + 1e-20 + 3e10 + f64::from(f32::MAX) + 1.0;
        let (mean, variance) = spread.moments(1, 7);
        assert!((mean - exact / 7.0).abs() <= exact * 2.0_f64.powi(-24));
        assert!(variance > 0.0 && variance.is_finite());
        assert_eq!(spread.moments(0, 3), (0.0, 0.0));
        spread.add(&[f64::MAX, -f64::MAX], &[0; 2]);
        assert_eq!(spread.moments(0, 2).0, 0.0);
        spread.add(&[f64::NAN], &[0]);
        assert!(spread.moments(0, 1).0.is_nan());
    }
}
