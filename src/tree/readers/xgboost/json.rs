//! JSON, as XGBoost writes it: flat arrays are skipped to their bracket, and their numbers parsed when asked for.

use super::document::{Document, Item, Span, damaged};
use super::flat::{Notation, quoted_length};
use crate::error::Error;

/// Open a JSON file.
pub(super) fn open(bytes: &[u8]) -> Result<Document<'_>, Error> {
    let mut reader = Reader { text: bytes, at: 0, document: Document::new(bytes)?, open: Vec::new() };
    reader.value(Span::default())?;
    while let Some(&is_object) = reader.open.last() {
        let end = if is_object { b'}' } else { b']' };
        if reader.peek() == Some(end) {
            reader.at += 1;
            reader.document.close();
            reader.open.pop();
            reader.behind_value()?;
        } else {
            let key = if is_object { reader.key()? } else { Span::default() };
            reader.value(key)?;
        }
    }
    match reader.peek() {
        None => Ok(reader.document),
        Some(_) => Err(reader.damaged("text after the end")),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    document: Document<'a>,
    open: Vec<bool>, // is it an object?
}

impl Reader<'_> {
    fn damaged(&self, what: &str) -> Error {
        damaged(self.at, what)
    }

    /// The next byte that is not space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        self.text.get(self.at).copied()
    }

    fn key(&mut self) -> Result<Span, Error> {
        let key = match self.peek() {
            Some(b'"') => Span::new(self.at + 1, self.quoted()? - 2),
            _ => return Err(self.damaged("no name of a member")),
        };
        match self.peek() {
            Some(b':') => self.at += 1,
            _ => return Err(self.damaged("no colon after a name")),
        }
        Ok(key)
    }

    /// Pass over a text; gives its length with both quotes.
    fn quoted(&mut self) -> Result<usize, Error> {
        let rest = &self.text[self.at..];
        let length = quoted_length(rest).ok_or_else(|| self.damaged("a text without end"))?;
        self.at += length;
        Ok(length)
    }

    /// Read a value; of a container only its bracket, unless it is flat.
    fn value(&mut self, key: Span) -> Result<(), Error> {
        let first = self.peek().ok_or_else(|| self.damaged("the file ends"))?;
        let at = self.at;
        match first {
            b'{' => {
                self.at += 1;
                self.open.push(true);
                self.document.push(at, key, Item::Object)
            }
            b'[' => {
                self.at += 1;
                if matches!(self.peek(), Some(b'{' | b'[')) {
                    self.open.push(false);
                    return self.document.push(at, key, Item::Array);
                }
                let numbers = self.flat()?;
                self.document.push(at, key, Item::Flat(Notation::Json, numbers))?;
                self.behind_value()
            }
            b'"' => {
                let length = self.quoted()?;
                self.document.push(at, key, Item::Scalar(Notation::Json, Span::new(at, length)))?;
                self.behind_value()
            }
            _ => {
                let rest = &self.text[at..];
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b'"' | b':' | b'[' | b'{');
                self.at += rest.iter().position(is_end).unwrap_or(rest.len());
                if self.at == at {
                    return Err(self.damaged("no value"));
                }
                self.document.push(at, key, Item::Scalar(Notation::Json, Span::new(at, self.at - at)))?;
                self.behind_value()
            }
        }
    }

    /// The comma or bracket that must follow a value.
    fn behind_value(&mut self) -> Result<(), Error> {
        let is_object = self.open.last().copied();
        match (is_object, self.peek()) {
            (None, _) | (Some(true), Some(b'}')) | (Some(false), Some(b']')) => Ok(()),
            (_, Some(b',')) => {
                self.at += 1;
                match self.peek() {
                    Some(b'}' | b']') => Err(self.damaged("a comma before the end")),
                    _ => Ok(()),
                }
            }
            _ => Err(self.damaged("neither a comma nor the end after a value")),
        }
    }

    /// What stands between here and the bracket that ends the array; brackets in texts do not count.
    fn flat(&mut self) -> Result<Span, Error> {
        let first = self.at;
        loop {
            let rest = &self.text[self.at..];
            // Long runs of numbers: look at 64 bytes at a time, which compiles to a few vector instructions.
            let is_mark = |byte: &u8| matches!(byte, b']' | b'[' | b'{' | b'"');
            let plain = rest
                .chunks_exact(64)
                .take_while(|chunk| chunk.iter().fold(true, |plain, byte| plain & !is_mark(byte)));
            let skipped = 64 * plain.count();
            let mark = rest[skipped..].iter().position(is_mark).map(|position| skipped + position);
            self.at += mark.ok_or_else(|| self.damaged("an array without end"))?;
            match self.text[self.at] {
                b']' => break,
                b'"' => {
                    self.quoted()?;
                }
                _ => return Err(self.damaged("numbers and containers in one array")),
            }
        }
        self.at += 1;
        Ok(Span::new(first, self.at - 1 - first))
    }
}
