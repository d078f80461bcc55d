"""Migrations: none is missing, each says by its name what it does, none needs another database than ours."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
OURS = sorted(
    config.label
    for config in apps.get_app_configs()
    if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
)
# A name Django made up, or one that says nothing.
_EMPTY = re.compile(r"auto_\d|initial$|_and_more$|^\d{4}_(alter|update|change|fix|more|misc)\w*$")


def files(label):
    folder = Path(apps.get_app_config(label).path) / "migrations"
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py") if folder.is_dir() else []


@pytest.mark.django_db
def test_the_models_are_what_the_migrations_make():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize("label", OURS)
def test_migrations_are_numbered_without_gap_and_named_for_what_they_do(label):
    names = [path.stem for path in files(label)]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        assert re.fullmatch(r"\d{4}_[a-z0-9]+(_[a-z0-9]+)*", name), name
        assert not _EMPTY.search(name), name


@pytest.mark.parametrize("label", OURS)
def test_schema_and_data_are_changed_apart(label):
    """A change of the schema and one of the rows in one migration cannot be taken back separately."""
    loader = MigrationLoader(None)
    for (app, name), migration in loader.disk_migrations.items():
        if app != label:
            continue
        kinds = {type(operation).__name__ for operation in migration.operations}
        data = kinds & {"RunPython", "RunSQL"}
        assert not data or kinds <= {"RunPython", "RunSQL", "SeparateDatabaseAndState"}, name


@pytest.mark.parametrize("label", OURS)
def test_what_changes_rows_can_be_undone_or_says_so(label):
    loader = MigrationLoader(None)
    for (app, name), migration in loader.disk_migrations.items():
        for operation in migration.operations if app == label else ():
            if type(operation).__name__ in ("RunPython", "RunSQL"):
                assert operation.reversible, f"{name}: give it a reverse, RunPython.noop where nothing is to be done"


def test_every_app_has_one_line_of_migrations():
    loader = MigrationLoader(None)
    assert loader.detect_conflicts() == {}
