"""Gates of the procedure for members who cannot be reached. Pure; nothing opens by itself, a gate only stops.

Source: 《中国共产党党员教育管理工作条例》第三十三条; 《关于进一步加强和改进流动党员管理工作的意见》.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from members.rules.membership import months_after

SUSPEND_MONTHS = 6  # 失去联系六个月以上的，由支部大会决定停止党籍
REMOVE_MONTHS = 24  # 停止党籍两年后确实无法取得联系的，按照自行脱党予以除名
ATTEMPTS_LEAST = 3  # domain d.4: three tries by at least two ways
WAYS_LEAST = 2
ARTICLE = "《中国共产党党员教育管理工作条例》第三十三条"


def decidable_from(since: date) -> date:
    """Return the first day on which the branch may decide."""
    return months_after(since, SUSPEND_MONTHS)


def removable_from(suspended: date) -> date:
    """Return the first day on which a suspended member may be struck off."""
    return months_after(suspended, REMOVE_MONTHS)


def decide_sentence(since: date, attempts: Sequence[tuple[str, date]], on: date) -> str:
    """Return why the branch may not decide on a day, with the article and when it may; "" when it may.

    `attempts` are (channel, date) of the tries that reached nobody.
    """
    first = decidable_from(since)
    if on < first:
        return f"失去联系满六个月才能由支部大会决定（{ARTICLE}），最早 {first:%Y-%m-%d}。"
    ways = {channel for channel, day in attempts if day <= on}
    tried = sum(day <= on for _, day in attempts)
    if tried < ATTEMPTS_LEAST or len(ways) < WAYS_LEAST:
        return (
            f"还没有找够：至少 {ATTEMPTS_LEAST} 次、{WAYS_LEAST} 种方式，现在记了 {tried} 次、{len(ways)} 种。"
            "请先继续联系并逐次记下来。"
        )
    return ""


def remove_sentence(suspended: date, on: date) -> str:
    """Return why a suspended member may not be struck off on a day, with the article and when; "" when he may."""
    first = removable_from(suspended)
    return "" if on >= first else f"停止党籍满两年才能除名（{ARTICLE}），最早 {first:%Y-%m-%d}。"
