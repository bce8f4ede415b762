//! Numbers and texts that still lie in the bytes of the file, and what they are when someone asks.

/// How numbers and texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// JSON, with commas between.
    Json,
    /// UBJSON numbers of one type, by its marker.
    Typed(u8),
    /// UBJSON values, each behind its marker. Their structure was checked when the document was opened.
    Marked,
}

/// Elements in the bytes of the file; a single value is a run of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flat<'a> {
    pub(super) notation: Notation,
    pub(super) bytes: &'a [u8],
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scalar<'a> {
    Integer(i64),
    Single(f32),
    Double(f64),
    /// A text without escapes, or JSON's number.
    Text(&'a str),
    Number(&'a str),
    /// JSON's text with its quotes and escapes.
    Quoted(&'a str),
    Null,
}

/// An element that is not in its notation.
struct Unreadable;

/// Bytes of a UBJSON number behind its marker.
pub(super) fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

/// A UBJSON integer, whatever its width.
pub(super) fn integer(marker: u8, bytes: &[u8]) -> Option<i64> {
    Some(match marker {
        b'i' => i64::from(i8::from_be_bytes(bytes.try_into().ok()?)),
        b'U' => i64::from(*bytes.first()?),
        b'I' => i64::from(i16::from_be_bytes(bytes.try_into().ok()?)),
        b'l' => i64::from(i32::from_be_bytes(bytes.try_into().ok()?)),
        b'L' => i64::from_be_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

impl<'a> Flat<'a> {
    /// All elements as single precision: from text without a detour through double precision, which rounds twice.
    pub(super) fn singles(self) -> Option<Vec<f32>> {
        match self.notation {
            Notation::Typed(b'd') => {
                Some(self.bytes.as_chunks::<4>().0.iter().map(|&number| f32::from_be_bytes(number)).collect())
            }
            Notation::Json => tokens(self.bytes).map(|token| parse(token.ok()?)).collect(),
            _ => self.scalars().map(|scalar| scalar.ok()?.single()).collect(),
        }
    }

    /// All elements as integers of 32 bits; true and false are 1 and 0.
    pub(super) fn integers(self) -> Option<Vec<i32>> {
        match self.notation {
            Notation::Typed(b'l') => {
                Some(self.bytes.as_chunks::<4>().0.iter().map(|&number| i32::from_be_bytes(number)).collect())
            }
            Notation::Typed(b'U') => Some(self.bytes.iter().map(|&number| i32::from(number)).collect()),
            Notation::Json => tokens(self.bytes).map(|token| small_integer(token.ok()?)).collect(),
            _ => self
                .scalars()
                .map(|scalar| match scalar.ok()? {
                    Scalar::Integer(number) => i32::try_from(number).ok(),
                    _ => None,
                })
                .collect(),
        }
    }

    /// All elements as texts; or, `of_numbers`, all numbers in the shortest text that gives them back.
    pub(super) fn texts(self, of_numbers: bool) -> Option<Vec<String>> {
        self.scalars().map(|scalar| scalar.ok()?.text(of_numbers)).collect()
    }

    fn scalars(self) -> impl Iterator<Item = Result<Scalar<'a>, Unreadable>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || match self.notation {
            Notation::Json => next_token(&mut rest).map(|token| json_scalar(token?).ok_or(Unreadable)),
            Notation::Typed(marker) => {
                let (number, behind) = rest.split_at_checked(width(marker)?)?;
                rest = behind;
                Some(number_of(marker, number).ok_or(Unreadable))
            }
            Notation::Marked => next_marked(&mut rest),
        })
    }
}

impl Scalar<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to what XGBoost computes in")]
    fn single(self) -> Option<f32> {
        match self {
            Self::Integer(number) => Some(number as f32),
            Self::Single(number) => Some(number),
            Self::Double(number) => Some(number as f32),
            Self::Number(text) => text.parse().ok(),
            Self::Text(_) | Self::Quoted(_) | Self::Null => None,
        }
    }

    fn text(self, of_numbers: bool) -> Option<String> {
        match (self, of_numbers) {
            (Self::Text(text), false) | (Self::Number(text), true) => Some(text.to_owned()),
            (Self::Quoted(text), false) => serde_json::from_str(text).ok(),
            (Self::Integer(number), true) => Some(number.to_string()),
            (Self::Single(number), true) => Some(number.to_string()),
            (Self::Double(number), true) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// JSON's elements, each without the space around it.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = Result<&[u8], Unreadable>> {
    let mut rest = bytes;
    std::iter::from_fn(move || next_token(&mut rest))
}

/// Take the first element off JSON's text: None at its end.
fn next_token<'a>(rest: &mut &'a [u8]) -> Option<Result<&'a [u8], Unreadable>> {
    let text = rest.trim_ascii_start();
    let quoted = if text.first()? == &b'"' { quoted_length(text) } else { Some(0) };
    let Some(quoted) = quoted else {
        *rest = &[];
        return Some(Err(Unreadable));
    };
    let comma = text[quoted..].iter().position(|&byte| byte == b',').map(|comma| quoted + comma);
    let token = &text[..comma.unwrap_or(text.len())];
    *rest = comma.map_or(&[][..], |comma| &text[comma + 1..]);
    // A comma with nothing behind it announces an element that is not there.
    let ends_in_comma = comma.is_some() && rest.trim_ascii_start().is_empty();
    Some(if ends_in_comma { Err(Unreadable) } else { Ok(token.trim_ascii_end()) })
}

fn parse<T: std::str::FromStr>(token: &[u8]) -> Option<T> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

/// A JSON integer of 32 bits, or a truth value.
fn small_integer(token: &[u8]) -> Option<i32> {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
        return match token {
            b"true" => Some(1),
            b"false" => Some(0),
            _ => None,
        };
    }
    let size = digits.iter().fold(0, |number, digit| 10 * number + i64::from(digit - b'0'));
    i32::try_from(if digits.len() == token.len() { size } else { -size }).ok()
}

fn json_scalar(token: &[u8]) -> Option<Scalar<'_>> {
    Some(match token {
        b"true" => Scalar::Integer(1),
        b"false" => Scalar::Integer(0),
        b"null" => Scalar::Null,
        _ if token.starts_with(b"\"") => Scalar::Quoted(std::str::from_utf8(token).ok()?),
        _ => match parse(token) {
            Some(integer) => Scalar::Integer(integer),
            None => Scalar::Number(std::str::from_utf8(token).ok()?),
        },
    })
}

/// Length of the JSON text that starts with a quote, with both its quotes.
pub(super) fn quoted_length(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn number_of(marker: u8, bytes: &[u8]) -> Option<Scalar<'_>> {
    match marker {
        b'd' => Some(Scalar::Single(f32::from_be_bytes(bytes.try_into().ok()?))),
        b'D' => Some(Scalar::Double(f64::from_be_bytes(bytes.try_into().ok()?))),
        _ => integer(marker, bytes).map(Scalar::Integer),
    }
}

/// Take the first element off UBJSON's values: None at their end.
fn next_marked<'a>(rest: &mut &'a [u8]) -> Option<Result<Scalar<'a>, Unreadable>> {
    let (&marker, behind) = rest.split_first()?;
    let (scalar, behind) = match marker {
        b'Z' => (Some(Scalar::Null), behind),
        b'T' => (Some(Scalar::Integer(1)), behind),
        b'F' => (Some(Scalar::Integer(0)), behind),
        b'S' => match text(behind) {
            Some((text, behind)) => (Some(Scalar::Text(text)), behind),
            None => (None, &[][..]),
        },
        _ => match width(marker).and_then(|width| behind.split_at_checked(width)) {
            Some((number, behind)) => (number_of(marker, number), behind),
            None => (None, &[][..]),
        },
    };
    *rest = behind;
    Some(scalar.ok_or(Unreadable))
}

/// A UBJSON text behind its marker (or a key): its length, then its bytes. Gives what follows too.
pub(super) fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, behind) = count(bytes)?;
    let (text, behind) = behind.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, behind))
}

/// A UBJSON count: an integer with its marker, not negative, and what follows it.
pub(super) fn count(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&marker, behind) = bytes.split_first()?;
    let (number, behind) = behind.split_at_checked(width(marker)?)?;
    Some((usize::try_from(integer(marker, number)?).ok()?, behind))
}
