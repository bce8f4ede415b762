//! Orders of the players, balanced over their starts.
