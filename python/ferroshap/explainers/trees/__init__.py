"""The parts of `TreeExplainer`: its options, columns and players, the engine, and how a result is packed."""
