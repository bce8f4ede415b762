//! Numbers by which variants are written. They are never given to another variant.

use crate::tree::forest::{CategoryCodes, Precision, Predicate, Split, Transform};

pub(super) const NUMERIC: u8 = 0;
pub(super) const CATEGORY: u8 = 1;

pub(super) const SINGLES: u8 = 4;
pub(super) const DOUBLES: u8 = 8;

/// What a split asks and where odd values go, in one byte.
pub(super) fn flags(split: &Split) -> u8 {
    let (kind, in_set_left, invalid_left) = match split.predicate {
        Predicate::Lt(_) => (0, false, false),
        Predicate::Le(_) => (1, false, false),
        Predicate::Eq(_) => (2, false, false),
        Predicate::InSet { in_set_left, invalid_left, .. } => (3, in_set_left, invalid_left),
    };
    let bits = [split.nan_left, split.zero_is_missing, in_set_left, invalid_left];
    bits.iter().zip(2..).fold(kind, |flags, (&bit, place)| flags | u8::from(bit) << place)
}

/// The split of [`flags`], without its column and threshold; none for bits that mean nothing.
pub(super) fn split(flags: u8) -> Option<Split> {
    let bit = |place: u8| flags >> place & 1 == 1;
    let predicate = match flags & 3 {
        0 => Predicate::Lt(0.0),
        1 => Predicate::Le(0.0),
        2 => Predicate::Eq(0.0),
        _ => Predicate::InSet { set: 0, in_set_left: bit(4), invalid_left: bit(5) },
    };
    let split = Split { predicate, column: 0, right: 0, nan_left: bit(2), zero_is_missing: bit(3) };
    (self::flags(&split) == flags).then_some(split)
}

pub(super) fn precision(precision: Precision) -> u8 {
    match precision {
        Precision::F32 => SINGLES,
        Precision::F64 => DOUBLES,
    }
}

/// A rule and what it needs to know.
pub(super) fn codes(codes: CategoryCodes) -> (u8, u32) {
    match codes {
        CategoryCodes::NegativeFirst => (0, 0),
        CategoryCodes::TruncateFirst => (1, 0),
        CategoryCodes::KnownOrMissing { known } => (2, known),
        CategoryCodes::KnownOrInvalid { known } => (3, known),
    }
}

/// A transform and its scale.
pub(super) fn transform(transform: Transform) -> (u8, f64) {
    match transform {
        Transform::Identity => (0, 1.0),
        Transform::Sigmoid { scale } => (1, scale),
        Transform::Softmax => (2, 1.0),
        Transform::Exp => (3, 1.0),
        Transform::Other => (4, 1.0),
    }
}
