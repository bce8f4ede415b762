//! Rank and unrank: the coalitions of one size, numbered.
