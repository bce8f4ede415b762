//! A forest as bytes and back: what pickles carry.
//!
//! ```text
//! "FSHP"  version u16  kind u16  length u64  payload  CRC-32 of all before
//! ```
//!
//! Little-endian throughout. The shape of all trees is one bit a node, in preorder; everything else is one array after the
//! other over all trees, each number in the fewest bytes that keep it exactly: singles where all of an array are singles.
//! The decoder trusts nothing: each count is compared with the bytes that remain before memory is asked for, and the forest
//! is [validated](Forest::validated) at the end.

mod crc;
mod decode;
mod encode;
mod header;

use super::forest::Forest;
use crate::error::{Error, ModelError};

const MAGIC: &[u8; 4] = b"FSHP";
const VERSION: u16 = 1;
/// The only kind so far.
const FOREST: u16 = 1;
const HEADER: usize = 16;

impl Forest {
    /// The forest as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let payload = encode::payload(self);
        let mut bytes = Vec::with_capacity(payload.len() + HEADER + 4);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&FOREST.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&payload);
        let sum = crc::crc32(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The forest that [`Forest::to_bytes`] made bytes of, bit for bit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let damaged = |at: usize, what: &str| {
            Error::Model(ModelError::Syntax { format: "ferroshap", at, what: what.to_owned() })
        };
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or_else(|| damaged(0, "too short"))?;
        if &header[..4] != MAGIC {
            return Err(damaged(0, "not a ferroshap file"));
        }
        let version = u16::from_le_bytes([header[4], header[5]]);
        if version > VERSION {
            return Err(damaged(
                4,
                &format!("version {version} was written by a newer ferroshap: upgrade to read it"),
            ));
        }
        if version == 0 || u16::from_le_bytes([header[6], header[7]]) != FOREST {
            return Err(damaged(4, "not a forest"));
        }
        let (payload, sum) = rest.split_last_chunk::<4>().ok_or_else(|| damaged(HEADER, "too short"))?;
        let length = header[8..].iter().rev().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
        if length != payload.len() as u64 {
            return Err(damaged(8, &format!("{length} bytes are announced, {} are there", payload.len())));
        }
        if crc::crc32(&bytes[..bytes.len() - 4]) != u32::from_le_bytes(*sum) {
            return Err(damaged(bytes.len() - 4, "the checksum does not match"));
        }
        decode::forest(payload).map_err(|error| match error {
            decode::Problem::At(at, what) => damaged(HEADER + at, &what),
            decode::Problem::Forest(error) => error,
        })
    }
}
