"""Lines from the base value to the prediction."""
