"""The work list: which cases, in which order, page by page."""
