"""The organisation tree: who stands where, who may act where."""
