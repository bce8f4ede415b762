"""Fingerprints: one short word for all that decides an explainer's values."""
