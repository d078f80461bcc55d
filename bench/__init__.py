"""Measurements of the product against a stock way and against what the machine can do. They never fail on time."""
