"""What the database itself refuses: changing an entry, numbering it twice, deleting it before retention allows.

SQLite loses the triggers of a table that a migration rebuilds: a migration that alters one of these tables ends
with `install` again (tests/foundation/test_audit_triggers.py notices).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CONTENT = (
    "id", "at", "actor_id", "actor_name", "action", "object_type", "object_id", "object_label", "organization_id",
    "person_id", "fields", "details", "reason", "request_id", "address",
)  # fmt: skip
_REFUSAL = "the audit trail is append-only"


def install(connection: Any) -> None:
    """Create the triggers on this database, in place of older ones."""
    remove(connection)
    _run(connection, _postgresql() if connection.vendor == "postgresql" else _sqlite())


def remove(connection: Any) -> None:
    """Drop the triggers; for migrations, a restore, and tests that empty the database."""
    names = (
        [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in _NAMES.items()]
        if connection.vendor == "postgresql"
        else [f"DROP TRIGGER IF EXISTS {name}" for name in _NAMES]
    )
    _run(connection, names)


@contextmanager
def removed(connection: Any) -> Iterator[None]:
    """Take the triggers away for the block. Only a restore into this database may need it."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def missing(connection: Any) -> list[str]:
    """Return the names of the triggers this database should have and has not, sorted."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    return sorted(name for name in _NAMES if name not in present and not _absent_on(name, connection.vendor))


_NAMES = {
    "audit_entry_no_change": "audit_entry",
    "audit_entry_no_delete": "audit_entry",
    "audit_entry_no_truncate": "audit_entry",
    "audit_cut_no_change": "audit_cut",
    "audit_cut_no_delete": "audit_cut",
}


def _absent_on(name: str, vendor: str) -> bool:
    return vendor != "postgresql" and name.endswith("_no_truncate")


def _postgresql() -> list[str]:
    old, new = (", ".join(f'{row}."{column}"' for column in _CONTENT) for row in ("OLD", "NEW"))
    refuse = "EXECUTE FUNCTION audit_refuse()"
    return [
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE OR REPLACE FUNCTION audit_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608 - constants only
        "IF OLD.sequence IS NOT NULL AND OLD.sequence <= (SELECT max(sequence) FROM audit_cut) "
        "THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE ON audit_entry FOR EACH ROW "
        f"WHEN (OLD.sequence IS NOT NULL OR ({old}) IS DISTINCT FROM ({new})) {refuse}",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW "
        "EXECUTE FUNCTION audit_refuse_delete()",
        f"CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT {refuse}",
        f"CREATE TRIGGER audit_cut_no_change BEFORE UPDATE ON audit_cut FOR EACH ROW {refuse}",
        f"CREATE TRIGGER audit_cut_no_delete BEFORE DELETE ON audit_cut FOR EACH ROW {refuse}",
    ]


def _sqlite() -> list[str]:
    changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in _CONTENT)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    return [
        f"CREATE TRIGGER audit_entry_no_change BEFORE UPDATE ON audit_entry FOR EACH ROW "
        f"WHEN OLD.sequence IS NOT NULL OR {changed} {refuse}",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW "  # noqa: S608 - constants only
        "WHEN OLD.sequence IS NULL OR OLD.sequence > (SELECT coalesce(max(sequence), 0) FROM audit_cut) "
        f"{refuse}",
        f"CREATE TRIGGER audit_cut_no_change BEFORE UPDATE ON audit_cut FOR EACH ROW {refuse}",
        f"CREATE TRIGGER audit_cut_no_delete BEFORE DELETE ON audit_cut FOR EACH ROW {refuse}",
    ]


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
