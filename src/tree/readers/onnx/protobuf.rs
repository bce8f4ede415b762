//! Protocol buffers: a message is a run of fields, each a number, a wire type and a value.

use crate::error::{Error, ModelError};

/// The fields of a message, in their order.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    n_bytes: usize, // of the whole message, for the place in errors
}

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message, n_bytes: message.len() }
    }

    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = varint(&mut self.rest)?;
        let wire = match key & 7 {
            0 => Wire::Varint(varint(&mut self.rest)?),
            1 => Wire::Fixed64(self.chunk()?),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                let (bytes, behind) = self.rest.split_at_checked(length)?;
                self.rest = behind;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(self.chunk()?),
            _ => return None,
        };
        Some((key >> 3, wire))
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, behind) = self.rest.split_first_chunk()?;
        self.rest = behind;
        Some(*chunk)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.n_bytes - self.rest.len();
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or_else(|| damaged(at, "no field of a protocol buffer")))
    }
}

impl<'a> Wire<'a> {
    /// A message, text or packed array.
    pub(super) fn bytes(self) -> Result<&'a [u8], Error> {
        match self {
            Wire::Bytes(bytes) => Ok(bytes),
            _ => Err(damaged(0, "a number where a message belongs")),
        }
    }

    pub(super) fn text(self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| damaged(0, "a name that is not UTF-8"))
    }

    /// A signed integer.
    pub(super) fn integer(self) -> Result<i64, Error> {
        match self {
            Wire::Varint(number) => Ok(number.cast_signed()),
            _ => Err(damaged(0, "no integer where one belongs")),
        }
    }

    /// Add an integer, or a packed array of them.
    pub(super) fn integers(self, out: &mut Vec<i64>) -> Result<(), Error> {
        let Wire::Bytes(mut packed) = self else {
            out.push(self.integer()?);
            return Ok(());
        };
        out.reserve_exact(packed.iter().filter(|&&byte| byte < 0x80).count()); // one last byte each
        while !packed.is_empty() {
            let number = varint(&mut packed).ok_or_else(|| damaged(0, "a packed array that ends early"))?;
            out.push(number.cast_signed());
        }
        Ok(())
    }

    /// Add a single precision number, or a packed array of them.
    pub(super) fn singles(self, out: &mut Vec<f32>) -> Result<(), Error> {
        match self {
            Wire::Fixed32(number) => out.push(f32::from_le_bytes(number)),
            Wire::Bytes(packed) if packed.len() % 4 == 0 => {
                out.extend(packed.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)));
            }
            _ => return Err(damaged(0, "no single precision numbers where some belong")),
        }
        Ok(())
    }

    /// Add a double precision number, or a packed array of them.
    pub(super) fn doubles(self, out: &mut Vec<f64>) -> Result<(), Error> {
        match self {
            Wire::Fixed64(number) => out.push(f64::from_le_bytes(number)),
            Wire::Bytes(packed) if packed.len() % 8 == 0 => {
                out.extend(packed.as_chunks().0.iter().map(|&number| f64::from_le_bytes(number)));
            }
            _ => return Err(damaged(0, "no double precision numbers where some belong")),
        }
        Ok(())
    }
}

/// Seven bits a byte, the lowest first; the last byte is below 128.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (i, &byte) in rest.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Some(number);
        }
    }
    None
}

pub(super) fn damaged(at: usize, what: &str) -> Error {
    ModelError::Syntax { format: "ONNX", at, what: what.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_with_number_and_value() {
        let message = [0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f];
        let fields: Result<Vec<_>, _> = Fields::of(&message).collect();
        let one = Wire::Fixed32(1.0_f32.to_le_bytes());
        assert_eq!(fields.unwrap(), [(1, Wire::Varint(150)), (2, Wire::Bytes(b"hi")), (3, one)]);
    }

    #[test]
    fn negative_integers_take_ten_bytes() {
        let mut numbers = Vec::new();
        let packed = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 7];
        Wire::Bytes(&packed).integers(&mut numbers).unwrap();
        assert_eq!(numbers, [-1, 7]);
    }

    #[test]
    fn what_ends_early_is_damaged() {
        for message in [&[0x08][..], &[0x12, 5, 0], &[0x1d, 0], &[0xff; 12], &[0x0b], &[0x08, 0x80]] {
            assert!(Fields::of(message).any(|field| field.is_err()), "{message:?}");
        }
    }
}
