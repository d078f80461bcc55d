"""Input of the grievance pages. What is allowed is checked by the verbs; forms read and word it."""
