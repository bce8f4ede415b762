"""Explainers of images, behind the doors of their classes: regions are players."""
