//! UBJSON: markers of one byte, numbers big-endian, lengths in any integer type, arrays of one type in a block.
//!
//! XGBoost writes `[$d#L<count><numbers>` for numbers, `[#L<count>` for objects, and sizes no object; all that the
//! format allows elsewhere is read too, except what has no bytes of its own (a count of a million nulls).

use super::document::{Document, Item, Span, damaged};
use super::flat::{self, Notation};
use crate::error::Error;

/// Open a UBJSON file.
pub(super) fn open(bytes: &[u8]) -> Result<Document<'_>, Error> {
    let mut reader = Reader { bytes, rest: bytes, document: Document::new(bytes)?, open: Vec::new() };
    reader.value(Span::default())?;
    while let Some(container) = reader.open.last_mut() {
        reader.rest = skip_noops(reader.rest);
        let end = if container.is_object { b'}' } else { b']' };
        let is_over = match &mut container.left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None if reader.rest.first() == Some(&end) => {
                reader.rest = &reader.rest[1..];
                true
            }
            None => false,
        };
        if is_over {
            reader.document.close();
            reader.open.pop();
        } else {
            let key = if container.is_object { reader.key()? } else { Span::default() };
            reader.value(key)?;
        }
    }
    if reader.rest.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b'N') {
        return Err(reader.damaged("bytes after the end"));
    }
    Ok(reader.document)
}

struct Reader<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    document: Document<'a>,
    open: Vec<Container>,
}

/// An object or array that is not over.
struct Container {
    is_object: bool,
    left: Option<usize>, // elements to come, where the file says so
}

impl Reader<'_> {
    fn at(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    fn damaged(&self, what: impl Into<String>) -> Error {
        damaged(self.at(), what)
    }

    fn key(&mut self) -> Result<Span, Error> {
        let (key, behind) = flat::text(self.rest).ok_or_else(|| self.damaged("no name of a member"))?;
        self.rest = behind;
        Ok(Span::new(self.at() - key.len(), key.len()))
    }

    /// Read a value; of a container only what comes before its elements.
    fn value(&mut self, key: Span) -> Result<(), Error> {
        self.rest = skip_noops(self.rest);
        let at = self.at();
        match self.rest.first() {
            Some(b'{') => {
                self.rest = &self.rest[1..];
                let left = self.sized()?;
                self.open.push(Container { is_object: true, left });
                self.document.push(at, key, Item::Object)
            }
            Some(b'[') => self.array(key),
            Some(_) => {
                let value = self.marked(1)?;
                self.document.push(at, key, Item::Scalar(Notation::Marked, value))
            }
            None => Err(self.damaged("the file ends")),
        }
    }

    fn array(&mut self, key: Span) -> Result<(), Error> {
        let at = self.at();
        self.rest = &self.rest[1..];
        if let Some((b'$', behind)) = self.rest.split_first() {
            let typed = behind
                .split_first()
                .and_then(|(&marker, behind)| Some((marker, flat::width(marker)?, behind)));
            let Some((marker, width, behind)) = typed else {
                return Err(self.damaged("an array of a type that is not a number"));
            };
            self.rest = behind;
            let count = self.sized()?.ok_or_else(|| self.damaged("an array with a type and no count"))?;
            let length = count.checked_mul(width).filter(|&length| length <= self.rest.len());
            let length = length.ok_or_else(|| self.damaged(format!("{count} numbers are announced")))?;
            let numbers = Span::new(self.at(), length);
            self.rest = &self.rest[length..];
            return self.document.push(at, key, Item::Flat(Notation::Typed(marker), numbers));
        }
        let left = self.sized()?;
        self.rest = skip_noops(self.rest);
        match (left, self.rest.first()) {
            (Some(0), _) => self.document.push(at, key, Item::Flat(Notation::Marked, Span::default())),
            (_, Some(b'{' | b'[')) => {
                self.open.push(Container { is_object: false, left });
                self.document.push(at, key, Item::Array)
            }
            (Some(count), _) => {
                let values = self.marked(count)?;
                self.document.push(at, key, Item::Flat(Notation::Marked, values))
            }
            (None, _) => {
                let values = self.marked(usize::MAX)?;
                self.document.push(at, key, Item::Flat(Notation::Marked, values))
            }
        }
    }

    /// The count of a container, where one is given: `#` and an integer.
    fn sized(&mut self) -> Result<Option<usize>, Error> {
        let Some((b'#', behind)) = self.rest.split_first() else { return Ok(None) };
        let (count, behind) = flat::count(behind).ok_or_else(|| self.damaged("no count after #"))?;
        if count > behind.len() {
            return Err(
                self.damaged(format!("{count} elements are announced, but {} bytes are left", behind.len()))
            );
        }
        self.rest = behind;
        Ok(Some(count))
    }

    /// The bytes of `count` numbers and texts; `usize::MAX`: of all up to the bracket that ends their array.
    fn marked(&mut self, count: usize) -> Result<Span, Error> {
        let first = self.at();
        let mut length = 0;
        for _ in 0..count {
            let (marker, behind) = self.rest.split_first().ok_or_else(|| self.damaged("the file ends"))?;
            if *marker == b']' && count == usize::MAX {
                self.rest = behind;
                break;
            }
            self.rest = match marker {
                b'Z' | b'T' | b'F' => Some(behind),
                b'S' => flat::text(behind).map(|(_, behind)| behind),
                _ => flat::width(*marker).and_then(|width| behind.get(width..)),
            }
            .ok_or_else(|| self.damaged("neither a number nor a text"))?;
            length = self.at() - first;
        }
        Ok(Span::new(first, length))
    }
}

fn skip_noops(bytes: &[u8]) -> &[u8] {
    let noops = bytes.iter().take_while(|&&byte| byte == b'N').count();
    &bytes[noops..]
}
