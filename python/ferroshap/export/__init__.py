"""Explanations on their way out: tables, files, pages."""
