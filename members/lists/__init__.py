"""Lists of the registry: conditions, columns, pages, counts."""
