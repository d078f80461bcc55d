"""A pytest plugin: `--db=sqlite` (default) or `--db=postgresql`; loaded by `-p`, so it speaks before Django."""

import os
import sys

import pytest


def pytest_addoption(parser):
    """Let the caller choose the database."""
    parser.addoption("--db", choices=["sqlite", "postgresql"], default="sqlite", help="the database to run on")


# pytest-django loads the settings before hooks with parsed options run, so the arguments are read here.
if "--db=postgresql" in sys.argv or any(
    (left, right) == ("--db", "postgresql") for left, right in zip(sys.argv, sys.argv[1:], strict=False)
):
    os.environ["TEST_ON"] = "postgresql"


@pytest.fixture(autouse=True, scope="session")
def _emptying_between_tests_passes_the_guard_of_the_trail():
    """Let transactional tests empty the database: the audit tables refuse it, as they should, outside tests."""
    from django.db import connection

    from foundation.audit import triggers

    operations = type(connection.ops)
    flush = operations.execute_sql_flush

    def flush_unguarded(self, sql_list):
        if "audit_entry" not in self.connection.introspection.table_names():
            return flush(self, sql_list)
        with triggers.removed(self.connection):
            return flush(self, sql_list)

    operations.execute_sql_flush = flush_unguarded
    yield
    operations.execute_sql_flush = flush


def pytest_collection_modifyitems(items):
    """Skip, with the reason, what only PostgreSQL can show."""
    if os.environ.get("TEST_ON") != "postgresql":
        for item in items:
            if item.get_closest_marker("postgresql"):
                item.add_marker(pytest.mark.skip(reason="needs PostgreSQL (--db=postgresql)"))
