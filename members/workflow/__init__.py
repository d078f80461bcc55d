"""Verbs of the registry, one file per subject: may → check → change → trace → tell."""
