//! Natural numbers of any size, and their quotients as correctly rounded doubles.

use std::cmp::Ordering;

/// A natural number: `limbs[i] * 2^(64 i)`, without leading zeros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Natural(Vec<u64>);

impl Natural {
    /// Add `number * 2^shift`.
    pub(super) fn add(&mut self, number: u128, shift: usize) {
        let (limb, bit) = (shift / 64, shift % 64);
        let (low, high) = (number << bit, if bit == 0 { 0 } else { number >> (128 - bit) });
        self.add_limbs(limb, &[halves(low).1, halves(low).0, halves(high).1]);
    }

    fn add_limbs(&mut self, at: usize, limbs: &[u64]) {
        if limbs.iter().all(|&limb| limb == 0) {
            return;
        }
        if self.0.len() < at + limbs.len() + 1 {
            self.0.resize(at + limbs.len() + 1, 0);
        }
        let mut carry = 0;
        for (i, to) in self.0[at..].iter_mut().enumerate() {
            let added = limbs.get(i).copied().unwrap_or(0);
            if i >= limbs.len() && carry == 0 {
                break;
            }
            let sum = u128::from(*to) + u128::from(added) + u128::from(carry);
            (carry, *to) = halves(sum);
        }
        if carry > 0 {
            self.0.push(carry);
        }
        self.trim();
    }

    /// Add another number.
    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.merge(other);
        self
    }

    /// The same in place.
    pub(super) fn merge(&mut self, other: &Self) {
        self.add_limbs(0, &other.0);
    }

    /// The distance to another number.
    pub(super) fn distance(&self, other: &Self) -> Self {
        let (larger, smaller) = if self.is_below(other) { (other, self) } else { (self, other) };
        let mut limbs = larger.0.clone();
        let mut borrow = false;
        for (i, to) in limbs.iter_mut().enumerate() {
            let (less, first) = to.overflowing_sub(smaller.0.get(i).copied().unwrap_or(0));
            let (less, second) = less.overflowing_sub(u64::from(borrow));
            (*to, borrow) = (less, first || second);
        }
        let mut distance = Self(limbs);
        distance.trim();
        distance
    }

    /// Its limbs, the lowest first.
    pub(super) fn limbs(&self) -> &[u64] {
        &self.0
    }

    /// The number of these limbs; the last is not 0.
    pub(super) fn from_limbs(limbs: Vec<u64>) -> Self {
        Self(limbs)
    }

    /// Whether it is smaller than another.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())) == Ordering::Less
    }

    /// The product with another number.
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = vec![0; self.0.len() + other.0.len()];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for (j, &b) in other.0.iter().enumerate() {
                let sum = u128::from(a) * u128::from(b) + u128::from(product[i + j]) + u128::from(carry);
                (carry, product[i + j]) = halves(sum);
            }
            product[i + other.0.len()] = carry;
        }
        let mut product = Self(product);
        product.trim();
        product
    }

    /// `self * 2^exponent / (d_1 d_2 ...)`, rounded once, to the nearest double, ties to even. No divisor may be 0.
    pub(super) fn over(&self, divisors: &[u64], exponent: i64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        // Zeros below make the quotient longer than a double: what remains only tells which way ties go.
        let zeros = divisors.len() + 3;
        let mut limbs = vec![0; zeros];
        limbs.extend_from_slice(&self.0);
        let mut is_inexact = false;
        for &divisor in divisors {
            let mut rest = 0;
            for limb in limbs.iter_mut().rev() {
                let part = u128::from(rest) << 64 | u128::from(*limb);
                // The rest is below the divisor, so the quotient fits.
                *limb = halves(part / u128::from(divisor)).1;
                rest = halves(part % u128::from(divisor)).1;
            }
            is_inexact |= rest != 0;
        }
        let mut quotient = Self(limbs);
        quotient.trim();
        quotient.rounded(exponent - 64 * zeros.cast_signed() as i64, is_inexact)
    }

    /// `self * 2^exponent`, and a little more if `is_inexact`, as the nearest double. At least 64 bits long.
    fn rounded(&self, exponent: i64, is_inexact: bool) -> f64 {
        let length = self.n_bits();
        let top = length.cast_signed() as i64 - 1 + exponent;
        let last = (top - 52).max(-1074); // what the double's last bit is worth, as a power of two
        let dropped = usize::try_from(last - exponent).unwrap_or(0);
        if dropped > length + 1 {
            return 0.0;
        }
        let mantissa = self.bits_from(dropped);
        let half = dropped > 0 && self.bit(dropped - 1);
        let below = is_inexact || dropped > 1 && self.has_bits_below(dropped - 1);
        let mantissa = mantissa + u64::from(half && (below || mantissa & 1 == 1));
        // The mantissa's own top bit raises the exponent by one where there is one.
        let biased = u64::try_from(last + 1074).unwrap_or(0);
        if biased >= 2047 {
            return f64::INFINITY;
        }
        let bits = (biased << 52) + mantissa;
        if bits >= f64::INFINITY.to_bits() { f64::INFINITY } else { f64::from_bits(bits) }
    }

    fn n_bits(&self) -> usize {
        self.0.last().map_or(0, |top| 64 * self.0.len() - top.leading_zeros() as usize)
    }

    fn bit(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|limb| limb >> (at % 64) & 1 == 1)
    }

    fn has_bits_below(&self, at: usize) -> bool {
        let (limb, bit) = (at / 64, at % 64);
        self.0.iter().take(limb).any(|&limb| limb != 0)
            || self.0.get(limb).is_some_and(|limb| limb & ((1 << bit) - 1) != 0)
    }

    /// All bits from one on; 53 at most are asked for.
    fn bits_from(&self, at: usize) -> u64 {
        let (limb, bit) = (at / 64, at % 64);
        let at = |i: usize| u128::from(self.0.get(i).copied().unwrap_or(0));
        halves((at(limb + 1) << 64 | at(limb)) >> bit).1
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

impl From<u128> for Natural {
    fn from(number: u128) -> Self {
        let mut natural = Self::default();
        natural.add(number, 0);
        natural
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
fn halves(number: u128) -> (u64, u64) {
    ((number >> 64) as u64, number as u64)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    fn natural(stream: &mut Stream, bits: usize) -> (u128, Natural) {
        let number = (u128::from(stream.word()) << 64 | u128::from(stream.word())) >> (128 - bits);
        (number, number.into())
    }

    #[test]
    fn small_numbers_behave_as_those_of_the_machine() {
        for unit in 0..1000 {
            let mut stream = Stream::new(1, Purpose::Order, 0, unit);
            let bits = 1 + stream.index_below(63);
            let (a, big_a) = natural(&mut stream, bits);
            let (b, big_b) = natural(&mut stream, 64 - bits);
            assert_eq!(big_a.clone().plus(&big_b), (a + b).into());
            assert_eq!(big_a.distance(&big_b), a.abs_diff(b).into());
            assert_eq!(big_a.times(&big_b), (a * b).into());
            assert_eq!(big_a.is_below(&big_b), a < b);
        }
    }

    #[test]
    fn a_shift_moves_bits_across_limbs() {
        for shift in 0..200 {
            let mut number = Natural::default();
            number.add(u128::MAX, shift);
            number.add(1, shift);
            assert_eq!(number.n_bits(), 129 + shift);
            assert!(!number.has_bits_below(128 + shift));
        }
    }

    #[test]
    fn quotients_of_small_numbers_are_those_of_the_machine() {
        for unit in 0..2000 {
            let mut stream = Stream::new(2, Purpose::Order, 0, unit);
            let (a, b) = (stream.word() >> (11 + stream.below(40)), stream.word() >> (11 + stream.below(40)));
            let b = b.max(1);
            // Both are doubles, so the machine's quotient is rounded once, too.
            assert_eq!(Natural::from(u128::from(a)).over(&[b], 0), a as f64 / b as f64, "{a} / {b}");
        }
    }

    #[test]
    fn every_double_comes_back_as_it_went() {
        for unit in 0..4000 {
            let bits = Stream::new(3, Purpose::Order, 0, unit).word() >> 1;
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let exponent = (bits >> 52).max(1);
                let mantissa = bits & ((1 << 52) - 1) | u64::from(bits >> 52 != 0) << 52;
                let mut number = Natural::default();
                number.add(u128::from(mantissa), usize::try_from(exponent).unwrap() - 1);
                assert_eq!(number.over(&[], -1074), value);
                assert_eq!(number.times(&number).over(&[], -2148).to_bits(), (value * value).to_bits());
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_what_remains_breaks_them() {
        let tie = Natural::from((1 << 54) + 2); // 2^54 + half of the last place
        assert_eq!(tie.over(&[], 0), 2.0_f64.powi(54));
        let mut above = tie.clone();
        above.add(0, 0);
        assert_eq!(Natural::from(3 * ((1 << 54) + 2) + 1).over(&[3], 0), 2.0_f64.powi(54) + 4.0);
        assert_eq!(Natural::from((1 << 54) + 6).over(&[], 0), 2.0_f64.powi(54) + 8.0);
        assert_eq!(Natural::from(1).over(&[], -1075), 0.0);
        assert_eq!(Natural::from(3).over(&[2], -1075), f64::from_bits(1));
        assert_eq!(Natural::from(1).over(&[], 1024), f64::INFINITY);
    }
}
