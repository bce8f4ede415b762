//! Laws that cross rooms: one binary, no Python. Random games come from numbered streams, and the number in a
//! message is the reproducer.

mod sample;
