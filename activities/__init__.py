"""Branch life: what a branch does together, who was there, and what it owes by which rule."""
