"""Protected fields, the key ring, masks, canonical forms and identifiers."""
