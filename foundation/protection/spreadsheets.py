"""Texts that spreadsheet programs take for formulas (CSV injection), and what makes them harmless."""

from typing import Any

# Excel, WPS and LibreOffice begin a formula with these; with a Chinese input method the full-width ones too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: Any) -> Any:
    """Return a cell that no program takes for a formula: text that could be one begins with '. Pure."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


__all__ = ["FORMULA_STARTS", "harmless"]
