"""Input about grievances: what complainants and staff type, read and worded. The verbs check what is allowed."""
