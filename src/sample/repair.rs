//! Rank repair: the first pairs change places until they determine every two-additive game.
