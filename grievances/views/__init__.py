"""Pages of grievances: the public ones, and those of who works on them."""
