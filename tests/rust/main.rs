//! Laws that cross rooms, judged by oracles that share no code with what they judge: one binary, no Python.
//! Random games come from numbered streams, and the number in a message is the reproducer.

mod blocks;
mod controlled;
mod even_gp;
mod gradient;
mod image;
mod interactions;
mod leverage;
mod odd_gp;
mod oracle;
mod owen;
mod precedence;
mod reduce;
mod sample;
mod sparse_odd;
mod stopping;
mod table;
mod trees;
mod unbiased;
