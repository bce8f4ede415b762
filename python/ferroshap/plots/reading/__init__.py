"""What pictures take: Explanations, arrays and tables, the order of features, where values lie on an axis."""
