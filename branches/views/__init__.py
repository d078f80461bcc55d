"""The pages of the organisation tree: scope, one verb, answer."""
