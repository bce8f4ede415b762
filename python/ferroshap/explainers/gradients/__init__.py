"""The parts of `GradientExplainer`: its inputs, outputs, options, and how a result is packed."""
