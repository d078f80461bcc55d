"""Commands of the organisation tree. Exit 0: good, 1: found something, 2: wrong use."""
