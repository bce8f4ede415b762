//! A model file as a document: objects and arrays by position, numbers left in their bytes until someone asks.
//!
//! UBJSON and JSON become the same list of entries in document order. An array whose first element is a number or a
//! text is *flat*: one entry that borrows its bytes, decoded when (and if) the reader wants it. So opening a file
//! costs one pass and one small entry for each member, and never more entries than [`Document::push`] allows.

use super::flat::{Flat, Notation};
use crate::error::{Error, ModelError};

/// Objects and arrays within each other; models have eight levels.
const MAX_DEPTH: usize = 64;

/// Entries in document order; an entry's own children follow it.
#[derive(Debug)]
pub(super) struct Document<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
    open: Vec<usize>,
    limit: usize,
}

/// Bytes of the file; files end below 4 GiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    first: u32,
    length: u32,
}

#[derive(Debug)]
struct Entry {
    key: Span,
    item: Item,
    end: u32, // the entry after its last descendant
}

/// What an entry holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    Object,
    Array,
    /// An array of numbers or texts.
    Flat(Notation, Span),
    /// One number or text.
    Scalar(Notation, Span),
}

/// One entry, seen in its document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'d, 'a> {
    document: &'d Document<'a>,
    at: usize,
}

pub(super) fn damaged(at: usize, what: impl Into<String>) -> Error {
    ModelError::Syntax { format: "XGBoost", at, what: what.into() }.into()
}

impl Span {
    /// `length` bytes from `first` on.
    #[expect(clippy::cast_possible_truncation, reason = "longer files are refused by Document::new")]
    pub(super) fn new(first: usize, length: usize) -> Self {
        Self { first: first as u32, length: length as u32 }
    }
}

impl<'a> Document<'a> {
    /// An empty document for a file.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let n_bytes = bytes.len();
        if u32::try_from(n_bytes).is_err() {
            let limit = u64::from(u32::MAX);
            return Err(ModelError::TooLarge { what: "bytes", got: n_bytes as u64, limit }.into());
        }
        // A member of a real model takes 9 bytes and more; so entries, 32 bytes each, take at most four times the file.
        Ok(Self { bytes, entries: Vec::new(), open: Vec::new(), limit: n_bytes / 8 + 64 })
    }

    /// Add an entry to the container that is open.
    pub(super) fn push(&mut self, at: usize, key: Span, item: Item) -> Result<(), Error> {
        if self.entries.len() >= self.limit {
            return Err(damaged(at, "more members than a model of this size has"));
        }
        if matches!(item, Item::Object | Item::Array) {
            if self.open.len() == MAX_DEPTH {
                return Err(damaged(at, format!("more than {MAX_DEPTH} levels of nesting")));
            }
            self.open.push(self.entries.len());
        }
        self.entries.push(Entry { key, item, end: 0 });
        let end = self.end();
        if let Some(entry) = self.entries.last_mut() {
            entry.end = end;
        }
        Ok(())
    }

    fn end(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    fn slice(&self, span: Span) -> &'a [u8] {
        &self.bytes[span.first as usize..][..span.length as usize]
    }

    /// Close the innermost container.
    pub(super) fn close(&mut self) {
        let end = self.end();
        if let Some(at) = self.open.pop() {
            self.entries[at].end = end;
        }
    }

    /// The outermost value.
    pub(super) fn root(&self) -> Option<Value<'_, 'a>> {
        (!self.entries.is_empty()).then_some(Value { document: self, at: 0 })
    }
}

impl<'d, 'a> Value<'d, 'a> {
    fn entry(self) -> &'d Entry {
        &self.document.entries[self.at]
    }

    /// The children of an object or array; nothing else has any.
    pub(super) fn children(self) -> impl Iterator<Item = Value<'d, 'a>> {
        let (document, last) = (self.document, self.entry().end as usize);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let child = (at < last).then_some(Value { document, at })?;
            at = document.entries[at].end as usize;
            Some(child)
        })
    }

    /// The member of an object by its name.
    pub(super) fn get(self, key: &str) -> Option<Value<'d, 'a>> {
        match self.entry().item {
            Item::Object => self.children().find(|child| child.key() == key.as_bytes()),
            _ => None,
        }
    }

    /// The member of an object that must be there.
    pub(super) fn member(self, key: &'static str) -> Result<Value<'d, 'a>, Error> {
        self.get(key).ok_or_else(|| {
            let field = if self.at == 0 { key.to_owned() } else { format!("{}.{key}", self.path()) };
            field_error(field, "absent", "there")
        })
    }

    /// The elements of an array of objects.
    pub(super) fn elements(self) -> Result<impl Iterator<Item = Value<'d, 'a>>, Error> {
        match self.entry().item {
            Item::Array => Ok(self.children()),
            Item::Flat(_, span) if self.document.slice(span).trim_ascii().is_empty() => Ok(self.children()),
            _ => Err(self.wrong("an array of objects")),
        }
    }

    /// The name of a member.
    pub(super) fn key(self) -> &'a [u8] {
        self.document.slice(self.entry().key)
    }

    /// An array of numbers, rounded once to single precision.
    pub(super) fn singles(self) -> Result<Vec<f32>, Error> {
        self.flat().and_then(Flat::singles).ok_or_else(|| self.wrong("an array of numbers"))
    }

    /// An array of integers of 32 bits.
    pub(super) fn integers(self) -> Result<Vec<i32>, Error> {
        self.flat()
            .and_then(Flat::integers)
            .ok_or_else(|| self.wrong("an array of integers of at most 32 bits"))
    }

    /// An array of numbers as text, each as the file has it.
    pub(super) fn labels(self) -> Result<Vec<String>, Error> {
        self.flat().and_then(|flat| flat.texts(true)).ok_or_else(|| self.wrong("an array of numbers"))
    }

    /// An array of texts.
    pub(super) fn texts(self) -> Result<Vec<String>, Error> {
        self.flat().and_then(|flat| flat.texts(false)).ok_or_else(|| self.wrong("an array of texts"))
    }

    /// One text.
    pub(super) fn text(self) -> Result<String, Error> {
        self.scalar().and_then(|flat| flat.texts(false)?.pop()).ok_or_else(|| self.wrong("a text"))
    }

    /// One count: a number, or a text with a number, as XGBoost writes its parameters.
    pub(super) fn count(self) -> Result<usize, Error> {
        let count = self.scalar().and_then(|flat| {
            let number = match flat.integers() {
                Some(numbers) => i64::from(*numbers.first()?),
                None => flat.texts(false)?.pop()?.trim().parse().ok()?,
            };
            usize::try_from(number).ok()
        });
        count.ok_or_else(|| self.wrong("a count"))
    }

    /// A number that may stand in a text: its text.
    pub(super) fn number_text(self) -> Result<String, Error> {
        self.scalar()
            .and_then(|flat| flat.texts(false).or_else(|| flat.texts(true))?.pop())
            .ok_or_else(|| self.wrong("a number or a text with one"))
    }

    fn flat(self) -> Option<Flat<'a>> {
        match self.entry().item {
            Item::Flat(notation, span) => Some(Flat { notation, bytes: self.document.slice(span) }),
            _ => None,
        }
    }

    fn scalar(self) -> Option<Flat<'a>> {
        match self.entry().item {
            Item::Scalar(notation, span) => Some(Flat { notation, bytes: self.document.slice(span) }),
            _ => None,
        }
    }

    /// The error for a value that is not what the format says.
    pub(super) fn wrong(self, accepted: &'static str) -> Error {
        let got = match self.entry().item {
            Item::Object => "an object",
            Item::Array => "an array of arrays or objects",
            Item::Flat(..) => "another array",
            Item::Scalar(..) => "another value",
        };
        field_error(self.path(), got, accepted)
    }

    /// Where the value stands: the members that lead to it, found by walking the document once more.
    fn path(self) -> String {
        let mut path = String::new();
        let mut parent = Value { document: self.document, at: 0 };
        while parent.at != self.at {
            let Some((number, child)) =
                parent.children().enumerate().find(|(_, child)| self.at < child.entry().end as usize)
            else {
                break;
            };
            if matches!(parent.entry().item, Item::Array) {
                path.extend(["[", &number.to_string(), "]"]);
            } else {
                path += if path.is_empty() { "" } else { "." };
                path += &String::from_utf8_lossy(child.key());
            }
            parent = child;
        }
        path
    }
}

pub(super) fn field_error(field: String, got: impl Into<String>, accepted: &'static str) -> Error {
    ModelError::Field { format: "XGBoost", field, got: got.into(), accepted }.into()
}
