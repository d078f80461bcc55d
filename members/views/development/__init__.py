"""The pages of the way to membership (发展党员): the list, one file, what may be done with it."""
