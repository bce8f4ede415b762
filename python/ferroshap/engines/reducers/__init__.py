"""Summaries of values that never hold the values."""
