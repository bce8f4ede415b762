//! Categories: the sets that splits ask for, and the dictionaries of training frames that versions since 3.1 store.

use super::document::Value;
use crate::error::{Error, ModelError};
use crate::tree::builder::Builder;
use crate::tree::forest::{CategorySet, Predicate};
use crate::tree::validation::MOST_CODES;

/// For each column its categories as texts, and whether those are numbers; empty where the file has none.
pub(super) fn dictionaries(
    model: Value<'_, '_>,
    n_columns: usize,
) -> Result<Vec<(Vec<String>, bool)>, Error> {
    let Some(encodings) = model.get("cats").and_then(|cats| cats.get("enc")) else { return Ok(Vec::new()) };
    encodings.children().take(n_columns).map(dictionary).collect()
}

fn dictionary(encoding: Value<'_, '_>) -> Result<(Vec<String>, bool), Error> {
    let values = encoding.member("values")?;
    let Some(offsets) = encoding.get("offsets") else {
        return Ok((values.labels()?, true));
    };
    let (starts, bytes) = (offsets.integers()?, values.integers()?);
    let bytes = bytes.into_iter().map(|byte| u8::try_from(byte.rem_euclid(256))); // signed in JSON
    let bytes: Vec<u8> = bytes.collect::<Result<_, _>>().map_err(|_| values.wrong("an array of bytes"))?;
    let text = |pair: &[i32]| {
        let (first, last) = (usize::try_from(pair[0]).ok()?, usize::try_from(pair[1]).ok()?);
        std::str::from_utf8(bytes.get(first..last)?).ok().map(str::to_owned)
    };
    // Each text stands once, so at most one is empty: a file cannot name more texts than it has bytes.
    let n_empty = starts.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let texts: Option<Vec<_>> = starts.windows(2).map(text).collect();
    match texts {
        Some(texts) if n_empty < 2 => Ok((texts, false)),
        _ => Err(offsets.wrong("ascending positions within `values`")),
    }
}

/// Which columns hold category codes: by their types, or by the splits that say so.
pub(super) fn categorical_columns(
    trees: Value<'_, '_>,
    types: &[String],
    n_columns: usize,
) -> Result<Vec<bool>, Error> {
    let mut is_categorical: Vec<bool> = types.iter().map(|kind| kind == "c").collect();
    is_categorical.resize(n_columns, false);
    for tree in trees.children() {
        let nodes = tree.get("categories_nodes").map_or(Ok(Vec::new()), Value::integers)?;
        if nodes.is_empty() {
            continue;
        }
        let columns = tree.member("split_indices")?.integers()?;
        for node in nodes {
            let column = usize::try_from(node).ok().and_then(|node| columns.get(node));
            let flag = column.and_then(|&column| is_categorical.get_mut(usize::try_from(column).ok()?));
            *flag.ok_or_else(|| tree.wrong("a tree whose category sets belong to its nodes"))? = true;
        }
    }
    Ok(is_categorical)
}

/// Bytes that category sets may still take: a set of one code takes as much as that code is large.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    /// For a file of so many bytes.
    pub(super) fn new(n_bytes: usize) -> Self {
        let limit = n_bytes.saturating_mul(10).max(1 << 26);
        Self { left: limit, limit }
    }

    fn take(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(bytes).ok_or(ModelError::TooLarge {
            what: "bytes of category sets",
            got: (self.limit + bytes) as u64,
            limit: self.limit as u64,
        })?;
        Ok(())
    }
}

/// For each node what it asks, if that is a category; empty where no node does. Members of a set go right. Where
/// codes past the set must go right too, the set is turned around.
pub(super) fn sets(
    tree: Value<'_, '_>,
    n_nodes: usize,
    rest_left: impl Fn(usize) -> bool,
    (builder, budget): (&mut Builder, &mut Budget),
) -> Result<Vec<Option<Predicate>>, Error> {
    let numbers = |key| tree.get(key).map_or(Ok(Vec::new()), Value::integers);
    let nodes = numbers("categories_nodes")?;
    let kinds = numbers("split_type")?;
    if nodes.is_empty() && kinds.iter().all(|&kind| kind == 0) {
        return Ok(Vec::new());
    }
    let codes = numbers("categories")?;
    let (starts, sizes) = (numbers("categories_segments")?, numbers("categories_sizes")?);
    // Sets that share codes would be work that the bytes do not pay for.
    if sizes.iter().map(|&size| i64::from(size.max(0))).sum::<i64>()
        > i64::try_from(codes.len()).unwrap_or(i64::MAX)
    {
        return Err(tree.wrong("a tree whose category sets do not overlap"));
    }
    let mut asked = vec![None; n_nodes];
    for (j, &node) in nodes.iter().enumerate() {
        let position = |numbers: &[i32]| usize::try_from(*numbers.get(j)?).ok();
        let members = position(&starts)
            .zip(position(&sizes))
            .and_then(|(start, size)| codes.get(start..start.checked_add(size)?));
        let members =
            members.ok_or_else(|| tree.wrong("a tree whose category sets lie within `categories`"))?;
        let slot = usize::try_from(node).ok().and_then(|node| asked.get_mut(node));
        let slot = slot.filter(|slot| slot.is_none());
        let slot = slot.ok_or_else(|| tree.wrong("a tree with at most one category set a node"))?;
        let mut set = category_set(members, budget)?
            .ok_or_else(|| tree.wrong("a tree with category codes from 0 to 2^24 - 1"))?;
        let in_set_left = !rest_left(usize::try_from(node).unwrap_or(usize::MAX));
        if in_set_left {
            for word in &mut set.words {
                *word = !*word;
            }
        }
        let set = builder.set(set);
        *slot = Some(Predicate::InSet { set, in_set_left, invalid_left: !in_set_left });
    }
    let has_set = |node: usize| asked.get(node).is_some_and(Option::is_some);
    if kinds.iter().enumerate().any(|(node, &kind)| (kind == 1) != has_set(node)) {
        return Err(tree.wrong("a tree with a category set for each categorical split"));
    }
    Ok(asked)
}

/// Codes as bits; None where a code is none.
fn category_set(members: &[i32], budget: &mut Budget) -> Result<Option<CategorySet>, Error> {
    let is_code = |&code: &i32| usize::try_from(code).is_ok_and(|code| code < MOST_CODES);
    if !members.iter().all(is_code) {
        return Ok(None);
    }
    let last = members.iter().copied().max().and_then(|code| usize::try_from(code).ok());
    let n_words = last.map_or(0, |last| last / 32 + 1);
    budget.take(4 * n_words)?;
    let mut words = vec![0_u32; n_words];
    for code in members.iter().filter_map(|&code| usize::try_from(code).ok()) {
        words[code / 32] |= 1 << (code % 32);
    }
    Ok(Some(CategorySet { words: words.into_boxed_slice() }))
}
