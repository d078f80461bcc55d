"""Synthetic people and organisations: the demo, data of any size for measuring, roster files. None of them exists."""
