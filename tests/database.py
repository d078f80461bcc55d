"""A pytest plugin: `--db=sqlite` (default) or `--db=postgresql`. Loaded by `-p` so that it speaks before Django starts."""

import os
import sys


def pytest_addoption(parser):
    """Let the caller choose the database."""
    parser.addoption("--db", choices=["sqlite", "postgresql"], default="sqlite", help="the database to run on")


# pytest-django loads the settings before hooks with parsed options run, so the arguments are read here.
if "--db=postgresql" in sys.argv or any(
    (left, right) == ("--db", "postgresql") for left, right in zip(sys.argv, sys.argv[1:], strict=False)
):
    os.environ["TEST_ON"] = "postgresql"
