//! Lines of `key=value`, and lists of numbers with spaces between them.

use std::str::FromStr;

use crate::error::{Error, ModelError};

/// The lines of a file, each with the byte where it begins.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, at: 0 }),
            Err(error) => Err(damaged(error.valid_up_to(), "this is not UTF-8")),
        }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.text.is_empty() {
            return None;
        }
        let (line, rest) = self.text.split_once('\n').unwrap_or((self.text, ""));
        self.at += self.text.len() - rest.len();
        self.text = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// What is wrong with the file at a byte.
pub(super) fn damaged(at: usize, what: impl Into<String>) -> Error {
    ModelError::Syntax { format: "LightGBM", at, what: what.into() }.into()
}

/// What is wrong with a field; of a long one the beginning is shown.
pub(super) fn wrong(field: impl Into<String>, got: &str, accepted: &'static str) -> Error {
    let mut shown: String = got.chars().take(60).collect();
    if shown.len() < got.len() {
        shown.push_str("...");
    }
    ModelError::Field { format: "LightGBM", field: field.into(), got: format!("\"{shown}\""), accepted }
        .into()
}

/// One number.
pub(super) fn number<T: FromStr>(field: &'static str, text: &str) -> Result<T, Error> {
    text.trim().parse().map_err(|_| wrong(field, text, "a number in range"))
}

/// A list of numbers, of any length.
pub(super) fn numbers<T: FromStr>(field: &'static str, text: &str, expected: usize) -> Result<Vec<T>, Error> {
    // A number takes two bytes with its space, so what the file claims is believed up to its own length.
    let mut all = Vec::with_capacity(expected.min(text.len() / 2 + 1));
    for word in text.split_ascii_whitespace() {
        all.push(word.parse().map_err(|_| wrong(field, word, "a list of numbers in range"))?);
    }
    Ok(all)
}

/// A list of so many numbers.
pub(super) fn exactly<T: FromStr>(field: &'static str, text: &str, n: usize) -> Result<Vec<T>, Error> {
    let all = numbers(field, text, n)?;
    if all.len() == n {
        Ok(all)
    } else {
        Err(wrong(field, text, "a list of one number for each split or leaf of its tree"))
    }
}
