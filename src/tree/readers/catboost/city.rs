//! How CatBoost knows a category: by 32 bits of CityHash64, version 1.0, of its text.
//!
//! Version 1.0 and not 1.1, which most libraries offer: they agree on no text. By Geoff Pike and Jyrki Alakuijala
//! (2011).

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;
const K3: u64 = 0xc949_d7c7_509e_6557;
const MULTIPLIER: u64 = 0x9ddf_ea08_eb38_2d69;

/// The hash by which CatBoost compares a category; integers are hashed as their decimal text.
#[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are the hash")]
#[expect(clippy::cast_possible_wrap, reason = "CatBoost writes it as a signed number")]
pub fn category_hash(text: &str) -> i32 {
    city(text.as_bytes()) as u32 as i32
}

/// A text of 16 printable letters with a given hash, so that a model whose file holds hashes alone can be asked about
/// its categories.
///
/// For 16 bytes the hash is a bijection of the first 8, given the last 8: run it backwards from results with the
/// wanted low bits until the first 8 are printable, one time in (256/95)^8 = 2,770.
pub fn category_with_hash(hash: i32) -> String {
    let low = u64::from(hash.cast_unsigned());
    for high in 0_u64.. {
        let last = *b"category";
        let b = u64::from_le_bytes(last);
        let v = b.wrapping_add(16).rotate_right(16);
        let inner = undo_mix((low | high.wrapping_mul(K2) << 32) ^ b) ^ v;
        let first = (undo_mix_multiply(inner) ^ v).to_le_bytes();
        if first.iter().all(|&byte| (b' '..=b'~').contains(&byte)) {
            return first.iter().chain(&last).map(|&byte| char::from(byte)).collect();
        }
    }
    unreachable!("one in 2,770 is printable")
}

/// From the value of [`hash_pair`] back to `b` times the multiplier.
fn undo_mix(hash: u64) -> u64 {
    undo_mix_multiply(hash.wrapping_mul(inverse(MULTIPLIER)))
}

/// From `m ^ m >> 47`, with `m = x * multiplier`, back to `x`.
fn undo_mix_multiply(mixed: u64) -> u64 {
    shift_mix(mixed).wrapping_mul(inverse(MULTIPLIER)) // mixing by 47 > 32 bits is its own inverse
}

/// The inverse of an odd number modulo 2^64: each of Newton's steps doubles the 3 right bits of `x`.
pub(super) fn inverse(odd: u64) -> u64 {
    (0..5).fold(odd, |x, _| x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x))))
}

fn shift_mix(x: u64) -> u64 {
    x ^ x >> 47
}

fn hash_pair(u: u64, v: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(MULTIPLIER));
    shift_mix((v ^ a).wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER)
}

fn word(text: &[u8], at: usize) -> u64 {
    text[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn half_word(text: &[u8], at: usize) -> u64 {
    text[at..].first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

fn city(text: &[u8]) -> u64 {
    match text.len() {
        0..=16 => up_to_16(text),
        17..=32 => up_to_32(text),
        33..=64 => up_to_64(text),
        _ => longer(text),
    }
}

fn up_to_16(text: &[u8]) -> u64 {
    let n = text.len() as u64;
    #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
    let rotation = n as u32;
    match text {
        [] => K2,
        [first, .., last] | [first @ last] if text.len() < 4 => {
            let y = u64::from(*first) + (u64::from(text[text.len() / 2]) << 8);
            let z = n + (u64::from(*last) << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K3)).wrapping_mul(K2)
        }
        _ if text.len() <= 8 => hash_pair(n + (half_word(text, 0) << 3), half_word(text, text.len() - 4)),
        _ => {
            let b = word(text, text.len() - 8);
            hash_pair(word(text, 0), b.wrapping_add(n).rotate_right(rotation)) ^ b
        }
    }
}

fn up_to_32(text: &[u8]) -> u64 {
    let n = text.len();
    let a = word(text, 0).wrapping_mul(K1);
    let b = word(text, 8);
    let c = word(text, n - 8).wrapping_mul(K2);
    let d = word(text, n - 16).wrapping_mul(K0);
    let u = a.wrapping_sub(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let v = a.wrapping_add((b ^ K3).rotate_right(20)).wrapping_sub(c).wrapping_add(n as u64);
    hash_pair(u, v)
}

fn up_to_64(text: &[u8]) -> u64 {
    let n = text.len();
    let half = |mut a: u64, z: u64, second: u64, third: u64| {
        let b = a.wrapping_add(z).rotate_right(52);
        let mut c = a.rotate_right(37);
        a = a.wrapping_add(second);
        c = c.wrapping_add(a.rotate_right(7));
        a = a.wrapping_add(third);
        (a.wrapping_add(z), b.wrapping_add(a.rotate_right(31)).wrapping_add(c))
    };
    let seed = (n as u64).wrapping_add(word(text, n - 16)).wrapping_mul(K0);
    let (v0, v1) = half(word(text, 0).wrapping_add(seed), word(text, 24), word(text, 8), word(text, 16));
    let start = word(text, 16).wrapping_add(word(text, n - 32));
    let (w0, w1) = half(start, word(text, n - 8), word(text, n - 24), word(text, n - 16));
    let sum = v0.wrapping_add(w1).wrapping_mul(K2).wrapping_add(w0.wrapping_add(v1).wrapping_mul(K0));
    shift_mix(shift_mix(sum).wrapping_mul(K0).wrapping_add(v1)).wrapping_mul(K2)
}

/// 32 bytes from `at` with two seeds.
fn weak(text: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let z = word(text, at + 24);
    let a = a.wrapping_add(word(text, at));
    let b = b.wrapping_add(a).wrapping_add(z).rotate_right(21);
    let sum = a.wrapping_add(word(text, at + 8)).wrapping_add(word(text, at + 16));
    (sum.wrapping_add(z), b.wrapping_add(sum.rotate_right(44)).wrapping_add(a))
}

fn longer(text: &[u8]) -> u64 {
    let n = text.len();
    let mut y = word(text, n - 16) ^ K1;
    let mut z = word(text, n - 56) ^ K0;
    let mut v = weak(text, n - 64, n as u64, y);
    let mut w = weak(text, n - 32, (n as u64).wrapping_mul(K1), K0);
    z = z.wrapping_add(shift_mix(v.1).wrapping_mul(K1));
    let mut x = z.wrapping_add(word(text, 0)).rotate_right(39).wrapping_mul(K1);
    y = y.rotate_right(33).wrapping_mul(K1);
    for at in (0..(n - 1) / 64 * 64).step_by(64) {
        x = x.wrapping_add(y).wrapping_add(v.0).wrapping_add(word(text, at + 16));
        x = x.rotate_right(37).wrapping_mul(K1) ^ w.1;
        y = y.wrapping_add(v.1).wrapping_add(word(text, at + 48));
        y = y.rotate_right(42).wrapping_mul(K1) ^ v.0;
        z = (z ^ w.0).rotate_right(33);
        v = weak(text, at, v.1.wrapping_mul(K1), x.wrapping_add(w.0));
        w = weak(text, at + 32, z.wrapping_add(w.1), y);
        (x, z) = (z, x);
    }
    let u = hash_pair(v.0, w.0).wrapping_add(shift_mix(y).wrapping_mul(K1)).wrapping_add(z);
    hash_pair(u, hash_pair(v.1, w.1).wrapping_add(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_catboost() {
        let alphabet = "abcdefghijklmnopqrstuvwxyz";
        let vectors = [
            (String::new(), 797_982_799),
            ("u".to_owned(), 1_981_898_051),
            ("0".to_owned(), -1_438_285_038),
            ("Zürich".to_owned(), -885_768_184),
            ("twelve chars".to_owned(), -1_969_183_730),
            (alphabet[..20].to_owned(), -1_471_077_978),
            (format!("{alphabet}{}", &alphabet[..14]), -1_712_838_372),
            (alphabet.repeat(3), -378_380_908),
        ];
        for (text, hash) in vectors {
            assert_eq!(category_hash(&text), hash, "{text}");
        }
    }

    #[test]
    fn every_hash_has_a_printable_text() {
        for hash in [0, 1, -1, i32::MIN, i32::MAX, 797_982_799, -885_768_184] {
            assert_eq!(category_hash(&category_with_hash(hash)), hash);
        }
    }

    #[test]
    fn an_inverse_is_one() {
        for odd in [1, 3, MULTIPLIER, K0, u64::MAX] {
            assert_eq!(odd.wrapping_mul(inverse(odd)), 1);
        }
    }
}
