"""Doors of grievances: pages of the complainant and of the staff."""
