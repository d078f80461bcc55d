"""Databases and files of a run: made for it, gone after it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.measure import ROOT

SERVER = os.environ.get("BENCH_DATABASE_URL") or os.environ.get(
    "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
ROSTERS = ROOT / "tests" / "rosters"


@contextmanager
def worlds() -> Iterator[dict[str, dict[str, str]]]:
    """Yield the environments by database: postgresql (if there is one), sqlite. Databases are dropped at the end."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        base = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "DJANGO_"))},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(Path(folder) / "var"),
            "SECRET_KEY": "only-for-measurements-only-for-measurements",
            "FIELD_KEY_FILE": str(Path(folder) / "var" / "field_keys.json"),
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
        }
        Path(base["VAR_DIR"]).mkdir()
        found = {}
        name = f"bench_{os.getpid()}"
        if _serve(f'CREATE DATABASE "{name}"'):
            parts = urlsplit(SERVER)
            found["postgresql"] = base | {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}
        found["sqlite"] = base | {"DATABASE_URL": f"sqlite:///{folder}/db.sqlite3"}
        try:
            _keys(base)
            for environment in found.values():
                manage(environment, "migrate", "-v0")
                for file in ("committees.csv", "branches.csv"):
                    manage(environment, "load_organizations", str(ROSTERS / file))
            yield found
        finally:
            _serve(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def manage(environment: dict[str, str], *arguments: str) -> None:
    """Run a management command. Raises RuntimeError with what it wrote."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{arguments[0]}: {done.stderr[-2000:]}")


def _keys(base: dict[str, str]) -> None:
    sys.path.insert(0, str(ROOT))
    from foundation.protection.keyring import create_key_file

    create_key_file(base["FIELD_KEY_FILE"])


def _serve(statement: str) -> bool:
    import psycopg2

    try:
        connection = psycopg2.connect(SERVER, connect_timeout=3)
    except psycopg2.Error:
        return False
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
    return True
