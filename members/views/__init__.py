"""Pages of the registry, one file per subject."""
