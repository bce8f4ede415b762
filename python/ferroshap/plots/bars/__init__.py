"""Bars: of one row, of means, of classes and of cohorts, with the tree of clustered features."""
