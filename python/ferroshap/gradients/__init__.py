"""Expected Gradients of differentiable models, whatever framework they are made with."""
