"""Rules of who keeps contact with a driver (党员联系普通司机). Pure."""

from __future__ import annotations

from collections.abc import Collection

ELSEWHERE_PER_HOUR = 30  # of one account: naming a driver must not become a way to try out names and phones
TOO_MANY_SENTENCE = "对不上的已经试了很多次，请过一小时再试，或者请上级专干登记。"
# One sentence for unknown, foreign, and a member already: whether somebody is in the Party is not said this way.
NOT_FOUND_SENTENCE = "没有找到姓名和手机号都对得上、可以结对的司机。请核对；还没登记的司机，请上级专干先登记。"


def free_place(taken: Collection[int], most: int) -> int | None:
    """Return the lowest of a member's places 1 … most that is free; None when all are taken."""
    return next((place for place in range(1, most + 1) if place not in taken), None)
