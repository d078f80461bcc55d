"""Input of the registry's pages. What is allowed is checked by the verbs; forms read and word it."""
