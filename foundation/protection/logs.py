"""What must not stand in a log although it stands in an address: tokens that prove something by themselves."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable


class WithoutTokens(logging.Filter):
    """Strip from each line what follows one of `prefixes` in an address: "/cards/K3x…/" becomes "/cards/…".

    Stands at the handlers, so that lines of Django, of a worker and of an error on a page all pass it.
    """

    def __init__(self, prefixes: Iterable[str]):
        super().__init__()
        known = "|".join(re.escape(prefix) for prefix in prefixes)
        self._token = re.compile(rf"({known})[^/\s?#\"']+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the line where it holds one; let every line through."""
        text = record.getMessage()
        stripped = self._token.sub(r"\1…", text)
        if stripped != text:
            record.msg, record.args = stripped, ()
        return True
