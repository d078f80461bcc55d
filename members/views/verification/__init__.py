"""The pages of verification, one file per subject."""
