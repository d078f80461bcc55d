"""Doors: one module for each subject."""
