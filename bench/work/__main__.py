"""`python -m bench.work NAME ARGUMENTS-AS-JSON` does one piece of work and reports on itself."""

from __future__ import annotations

import json
import resource
import sys
import warnings

import django

from bench.work import PIECES
from bench.work.clock import Clock


def main(name: str, arguments: str) -> None:
    """Do one piece and print what it took as one line of JSON."""
    warnings.simplefilter("ignore")
    django.setup()
    clock = Clock()
    before, rest = _spent(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = PIECES[name](clock, **json.loads(arguments))
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    report = {
        "seconds": clock.seconds,
        "cpu": _spent() - before + clock.backend,
        "peak_mb": own.ru_maxrss // 1024,
        "rest_mb": rest // 1024,
        "child_peak_mb": children.ru_maxrss // 1024,
        "told": told,
    }
    sys.stdout.write("\n" + json.dumps(report) + "\n")


def _spent() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
