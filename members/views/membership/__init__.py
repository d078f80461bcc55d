"""The pages of Party membership, one file per subject."""
