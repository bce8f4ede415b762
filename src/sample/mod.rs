//! The coalition sampler: which sizes come next, and which coalitions of a size.
//!
//! Coalitions come as pairs `{S, N \ S}`, each named by its smaller half; at half the players, by the one that
//! holds the last player. [`pairs::PairSequence`] is the sequence of pairs; below it, [`sizes`] says which size
//! class comes next, `class` which coalition is number `a` of a class (in the random orders of `shuffle`), and
//! `repair` which of few players' first pairs change places.

mod class;
pub mod coalitions;
pub mod orders;
pub mod pairs;
mod repair;
mod shuffle;
pub mod sizes;

pub use sizes::Sequence;
