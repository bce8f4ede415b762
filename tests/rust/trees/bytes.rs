//! Forests as bytes: what comes back is what went in, and damaged bytes are refused.

use ferroshap::error::{Error, ModelError};
use ferroshap::random::{Purpose, Stream};
use ferroshap::tree::Forest;

use super::forests::{Recipe, made};

fn forest(number: u64) -> Forest {
    let recipe = Recipe { has_linear_leaves: number % 4 == 2, ..Recipe::numbered(number) };
    let mut forest = made(number, &recipe);
    forest.names = (0..forest.n_columns()).map(|column| format!("größe {column}")).collect();
    forest.has_cover = number % 3 != 1;
    forest.validated().unwrap()
}

/// Bit for bit, NaN for NaN.
fn same(a: &Forest, b: &Forest) -> bool {
    let absent = a.absent.to_bits() == b.absent.to_bits();
    absent && Forest { absent: 0.0, ..a.clone() } == Forest { absent: 0.0, ..b.clone() }
}

#[test]
fn forests_survive_bit_for_bit() {
    for number in 0..100 {
        let forest = forest(number);
        let bytes = forest.to_bytes();
        let back = Forest::from_bytes(&bytes).unwrap();
        assert!(same(&forest, &back), "forest {number}");
        assert_eq!(back.to_bytes(), bytes, "forest {number}");
    }
}

#[test]
fn damaged_bytes_are_refused() {
    let bytes = forest(6).to_bytes();
    for length in 0..bytes.len() {
        assert!(Forest::from_bytes(&bytes[..length]).is_err(), "cut at {length}");
    }
    for at in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 1 << (at % 8);
        assert!(Forest::from_bytes(&wrong).is_err(), "flipped at {at}");
    }
    let mut newer = bytes;
    newer[4] = 2;
    let Err(Error::Model(ModelError::Syntax { what, .. })) = Forest::from_bytes(&newer) else { panic!() };
    assert!(what.contains("newer"), "{what}");
}

/// The checksum of the format, by its definition.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _: u32| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step))
}

#[test]
fn hostile_bytes_with_a_right_checksum_end_in_an_error_or_a_valid_forest() {
    let mut stream = Stream::new(9, Purpose::Order, 7, 0);
    let corpus: Vec<Vec<u8>> = (0..20).map(|number| forest(number).to_bytes()).collect();
    for round in 0..20_000 {
        let mut bytes = corpus[stream.index_below(corpus.len())].clone();
        for _ in 0..=stream.index_below(3) {
            let at = 16 + stream.index_below(bytes.len() - 20);
            match stream.below(3) {
                0 => bytes[at] = stream.word() as u8,
                1 => bytes[at] = [0, 1, 0x7F, 0xFF][stream.index_below(4)],
                _ => drop(bytes.remove(at)),
            }
        }
        let end = bytes.len() - 4;
        bytes[8..16].copy_from_slice(&(end as u64 - 16).to_le_bytes());
        let sum = checksum(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
        if let Ok(forest) = Forest::from_bytes(&bytes) {
            assert!(forest.validated().is_ok(), "round {round}");
        }
    }
}
