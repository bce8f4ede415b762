//! The coalition sampler: which sizes come next, and which coalitions of a size.
//!
//! Coalitions come as pairs `{S, N \ S}`, each named by its smaller half; at half the players, by the one that
//! holds the last player. [`pairs::PairSequence`] is the sequence of pairs; below it, [`sizes`] says which size
//! class comes next, [`class`] which coalition is number `a` of a class, and [`repair`] which pairs change
//! places so that the first `n` already determine every value of a two-additive game.

pub mod class;
pub mod orders;
pub mod pairs;
pub mod repair;
pub mod sizes;
