//! Saabas's approximation: each split's step in the mean goes to its player.
