//! States as bytes and back. The reader trusts nothing: it never asks for memory that the bytes do not account for.

use crate::error::Error;

/// Bytes of a state.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A number in as few bytes as it needs, seven bits each, the lowest first (LEB128).
    pub(super) fn number(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.0.push(0x80 | low(number));
            number >>= 7;
        }
        self.0.push(low(number));
    }

    /// A number with a sign, the sign in its last bit.
    pub(super) fn signed(&mut self, number: i128) {
        self.number((number << 1 ^ number >> 127).cast_unsigned());
    }

    /// A number that counts or names a place.
    pub(super) fn count(&mut self, count: u64) {
        self.number(u128::from(count));
    }

    /// The length of what follows.
    pub(super) fn length(&mut self, length: usize) {
        self.number(length as u128);
    }

    /// A double, by its bits.
    pub(super) fn double(&mut self, double: f64) {
        self.0.extend_from_slice(&double.to_le_bytes());
    }

    /// A long number: zeros at its beginning are counted, the rest is written.
    pub(super) fn limbs(&mut self, limbs: &[u64]) {
        let n_zeros = limbs.iter().take_while(|&&limb| limb == 0).count();
        self.length(n_zeros);
        self.length(limbs.len() - n_zeros);
        limbs[n_zeros..].iter().for_each(|limb| self.0.extend_from_slice(&limb.to_le_bytes()));
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The last seven bits.
fn low(number: u128) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

/// What is left of the bytes of a state.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The error that something here is not as it was written.
    pub(super) fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged { at: self.at, what }
    }

    /// The same where `is_sound` does not hold.
    pub(super) fn check(&self, is_sound: bool, what: &'static str) -> Result<(), Error> {
        if is_sound { Ok(()) } else { Err(self.damaged(what)) }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.damaged("the bytes end too early"))?;
        self.at += 1;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u128, Error> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            self.check(bits << shift >> shift == bits, "a number is too large")?;
            number |= bits << shift;
            if byte < 0x80 {
                self.check(byte > 0 || shift == 0, "a number is longer than it needs to be")?;
                return Ok(number);
            }
        }
        Err(self.damaged("a number is too large"))
    }

    pub(super) fn signed(&mut self) -> Result<i128, Error> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn count(&mut self) -> Result<u64, Error> {
        let number = self.number()?;
        u64::try_from(number).map_err(|_| self.damaged("a number is too large"))
    }

    /// How many rows were seen: fewer than would let a sum overflow.
    pub(super) fn rows(&mut self) -> Result<u64, Error> {
        self.at_most(1 << 48, "so many rows cannot have been seen")
    }

    /// A count at most `limit`.
    pub(super) fn at_most(&mut self, limit: u64, what: &'static str) -> Result<u64, Error> {
        let count = self.count()?;
        self.check(count <= limit, what)?;
        Ok(count)
    }

    /// A place, or a small count, at most `limit`.
    pub(super) fn place(&mut self, limit: usize, what: &'static str) -> Result<usize, Error> {
        let count = self.at_most(limit as u64, what)?;
        usize::try_from(count).map_err(|_| self.damaged(what))
    }

    /// How many items follow, each of at least `size` bytes.
    pub(super) fn length(&mut self, size: usize) -> Result<usize, Error> {
        let count = self.count()?;
        let most = (self.bytes.len() - self.at) / size.max(1);
        self.check(count <= most as u64, "more items are announced than bytes are there")?;
        usize::try_from(count).map_err(|_| self.damaged("a number is too large"))
    }

    pub(super) fn double(&mut self) -> Result<f64, Error> {
        self.word().map(f64::from_bits)
    }

    fn word(&mut self) -> Result<u64, Error> {
        let bytes = self.bytes[self.at..].first_chunk::<8>();
        let bytes = bytes.ok_or_else(|| self.damaged("the bytes end too early"))?;
        self.at += 8;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// A long number, of `longest` limbs at most.
    pub(super) fn limbs(&mut self, longest: usize) -> Result<Vec<u64>, Error> {
        let n_zeros = self.place(longest, "a sum is too large")?;
        let n_limbs = self.length(8)?;
        let mut limbs = vec![0; n_zeros];
        self.check(limbs.len() + n_limbs <= longest, "a sum is too large")?;
        for _ in 0..n_limbs {
            limbs.push(self.word()?);
        }
        let is_sound = if n_limbs == 0 {
            n_zeros == 0
        } else {
            limbs.get(limbs.len() - n_limbs) != Some(&0) && limbs.last() != Some(&0)
        };
        self.check(is_sound, "a sum is longer than it needs to be")?;
        Ok(limbs)
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), Error> {
        self.check(self.at == self.bytes.len(), "more bytes follow than were announced")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_no_prefix_is_one() {
        for number in [0, 1, 127, 128, 1 << 40, u128::from(u64::MAX), u128::MAX >> 1, u128::MAX] {
            let mut writer = Writer::default();
            writer.number(number);
            let bytes = writer.bytes();
            assert_eq!(Reader::new(&bytes).number(), Ok(number));
            for end in 0..bytes.len() {
                assert!(Reader::new(&bytes[..end]).number().is_err());
            }
        }
        assert!(Reader::new(&[0x80, 0]).number().is_err());
        assert!(Reader::new(&[0xff; 19]).number().is_err());
        let mut too_large = [0x80; 19];
        too_large[18] = 4; // 2^128
        assert!(Reader::new(&too_large).number().is_err());
    }
}
