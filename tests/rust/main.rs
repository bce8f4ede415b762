//! Laws that cross rooms, judged by oracles that share no code with what they judge.

mod leverage;
