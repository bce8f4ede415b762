"""Dots and bodies that show how values are distributed: beeswarms, violins, their grid for interactions."""
