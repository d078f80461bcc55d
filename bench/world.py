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


class Worlds:
    """Environments by database, postgresql (if there is one) and sqlite; each is made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, str], dict[str, str]] = {}
        self._databases: list[str] = []
        self.names = ["sqlite"]
        if _serve("SELECT 1"):
            self.names.insert(0, "postgresql")
        self.base = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("TEST_", "DJANGO_"))},
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(folder / "var"),
            "SECRET_KEY": "only-for-measurements-only-for-measurements",
            "FIELD_KEY_FILE": str(folder / "var" / "field_keys.json"),
            "ALLOWED_HOSTS": "testserver",
            "LOG_LEVEL": "ERROR",
            "DATABASE_URL": f"sqlite:///{folder}/none.sqlite3",
        }
        (folder / "var").mkdir()
        sys.path.insert(0, str(ROOT))
        from foundation.protection.keyring import create_key_file

        create_key_file(self.base["FIELD_KEY_FILE"])
        manage(self.base, "collectstatic", "--noinput", "-v0")  # pages name their files by content

    def world(self, name: str, kind: str = "rosters") -> dict[str, str]:
        """Return the environment of a database: `rosters` with the organisations of the sample files, else empty."""
        if (name, kind) not in self._made:
            if name == "sqlite":
                url = f"sqlite:///{self._folder}/{kind}.sqlite3"
            else:
                database = f"bench_{kind.replace(' ', '_')}_{os.getpid()}"
                _serve(f'CREATE DATABASE "{database}"')
                self._databases.append(database)
                url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{database}"))
            environment = self.base | {"DATABASE_URL": url}
            manage(environment, "migrate", "-v0")
            if kind.startswith("rosters"):
                for file in ("committees.csv", "branches.csv"):
                    manage(environment, "load_organizations", str(ROSTERS / file))
            self._made[name, kind] = environment
        return self._made[name, kind]

    def drop(self) -> None:
        """Drop the databases that were made."""
        for database in self._databases:
            _serve(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def worlds() -> Iterator[Worlds]:
    """Yield the worlds of a run; nothing of them is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        made = Worlds(Path(folder))
        try:
            yield made
        finally:
            made.drop()


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
