"""What is done with rows above this floor when two people turn out to be one.

The registry knows nobody above it: whoever has a foreign key to Person or Driver registers here, in `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable

_on_merge: dict[str, Callable[[int, int], list]] = {}


def register(model: str, *, on_merge: Callable[[int, int], list]) -> None:
    """Say how the rows of `model` ("app.Model") follow a person.

    `on_merge(winner_id, loser_id)` moves them inside the transaction of the merge and returns the keys that moved.
    """
    _on_merge[model] = on_merge


def person_merged(*, winner_id: int, loser_id: int) -> dict[str, list]:
    """Move every registered row from the loser to the winner and return the keys that moved, by model."""
    return {model: move(winner_id, loser_id) for model, move in _on_merge.items()}
