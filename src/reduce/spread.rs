//! Count, mean and variance of values in many buckets: exact sums of values of 24 bits.

use super::natural::Natural;
use super::pages::{key, mantissa, shift};

/// Bits that a value of 24 loses of its 53.
const LOST: usize = 29;
/// Exponents that share a sum: a mantissa of 24 bits, moved by up to 15, has 39, its square 78.
const SHARED: usize = 16;
/// Sums there can be of one bucket.
const CLASSES: usize = (2046 + LOST) / SHARED + 1;
/// No sum yet.
const NOWHERE: u8 = u8::MAX;

/// The sums of one bucket and one class of exponents: `sum` over `2^(16 class - 1074)`, `squares` over its square.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(32))] // in one cache line
pub(super) struct Sum {
    pub(super) sum: i128,
    pub(super) squares: u128,
}

impl Sum {
    #[inline]
    fn add(&mut self, whole: u64, is_negative: bool) {
        let signed = if is_negative { -whole.cast_signed() } else { whole.cast_signed() };
        self.sum += i128::from(signed);
        self.squares += u128::from(whole) * u128::from(whole);
    }
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
        let (mut values, mut buckets) = (values, buckets);
        loop {
            let n_added = add_known(values, buckets, &self.places, &mut self.sums);
            let (Some(&value), Some(&bucket)) = (values.get(n_added), buckets.get(n_added)) else { break };
            self.add_other(value, usize::from(bucket));
            (values, buckets) = (&values[n_added + 1..], &buckets[n_added + 1..]);
        }
    }

    /// Put in one value: the first of a class, one that is not finite, or one of the largest doubles.
    #[cold]
    fn add_other(&mut self, value: f64, bucket: usize) {
        if !value.is_finite() {
            self.n_not_finite[bucket] += 1;
            return;
        }
        // What would become infinite stays below.
        let nearest = value.to_bits() + HALF;
        let bits = if key(nearest) & 0x7ff == 0x7ff { value.to_bits() } else { nearest };
        let (class, whole) = class_and_whole(bits);
        let place = if self.places[class] == NOWHERE { self.make(class) } else { self.places[class] };
        self.sums[usize::from(place)][bucket].add(whole, bits >> 63 == 1);
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
            let shift = SHARED * class;
            (if sum.sum < 0 { &mut minus } else { &mut plus }).add(sum.sum.unsigned_abs(), shift);
            squares.add(sum.squares, 2 * shift);
        }
        let sign = if plus.is_below(&minus) { -1.0 } else { 1.0 };
        let sum = plus.distance(&minus);
        let spread = squares.times(&u128::from(count).into()).distance(&sum.times(&sum));
        (sign * sum.over(&[count], -1074), spread.over(&[count, count], -2148))
    }
}

/// Put values in until one needs [`Spread::add_other`]; return how many there were before.
fn add_known(values: &[f64], buckets: &[u16], places: &[u8; CLASSES], sums: &mut [Vec<Sum>]) -> usize {
    for (count, (value, &bucket)) in values.iter().zip(buckets).enumerate() {
        let bits = value.to_bits();
        if bits << 1 >> 53 >= 0x7fe {
            return count;
        }
        let bits = bits + HALF; // rounds to 24 bits, once the others are cut off
        let (class, whole) = class_and_whole(bits);
        let Some(sums) = sums.get_mut(usize::from(places[class])) else { return count };
        let Some(sum) = sums.get_mut(usize::from(bucket)) else { return count };
        sum.add(whole, bits >> 63 == 1);
    }
    values.len().min(buckets.len())
}

/// Half of the last of 24 bits.
const HALF: u64 = 1 << (LOST - 1);

/// The class of a double's exponent, and its top 24 bits as a whole number of that class, without its sign.
#[inline]
fn class_and_whole(bits: u64) -> (usize, u64) {
    let position = shift(key(bits)) + LOST;
    (position / SHARED, (mantissa(bits) >> LOST) << (position % SHARED))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
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
        spread.add(&[f64::NAN, f64::from_bits(u64::MAX), f64::from_bits(u64::MAX >> 1)], &[0; 3]);
        assert!(spread.moments(0, 1).0.is_nan());
        assert_eq!(spread.n_not_finite(0), 3);
    }
}
