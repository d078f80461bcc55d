"""The stack of docs/architecture.md: imports and foreign keys point downwards, and every app has its floor."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
FLOORS = [
    {name.strip("() ") for name in layer.split("|")}
    for contract in CONTRACTS["contracts"]
    if contract["id"] == "storeys"
    for layer in contract["layers"]
]
FOUNDATION = [
    {name.strip("() ") for name in layer.split("|")}
    for contract in CONTRACTS["contracts"]
    if contract["id"] == "foundation"
    for layer in contract["layers"]
]


def floor(module):
    """Return how deep a module lies, the foundation's own floors lowest; a bigger number is further down."""
    names = module.split(".")
    depth = next(number for number, floor in enumerate(FLOORS) if names[0] in floor)
    if names[0] == "foundation":
        depth += next(number for number, floor in enumerate(FOUNDATION) if names[1] in floor)
    return depth


def test_imports_point_downwards():
    # A process of its own: the linter configures logging anew, which would mute ours for the tests after it.
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    answer = subprocess.run(
        linter, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_package_at_the_top_has_a_floor():
    # Tests and measurements look at the house from outside; nothing in it may import them (they are no root packages).
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages == set(CONTRACTS["root_packages"])
    assert packages <= set().union(*FLOORS)


def test_every_app_of_ours_is_checked():
    ours = {config.name for config in apps.get_app_configs() if Path(config.path).is_relative_to(ROOT / "foundation")}
    assert {name.split(".")[1] for name in ours} <= set().union(*FOUNDATION)


def our_relations():
    """Yield every foreign key, one-to-one and many-to-many field between two models of ours."""
    tops = set().union(*FLOORS)
    for model in apps.get_models():
        for field in model._meta.get_fields():
            other = field.related_model if field.is_relation and not field.auto_created else None
            if other and {model.__module__.split(".")[0], other.__module__.split(".")[0]} <= tops:
                yield pytest.param(model, field.name, other, id=f"{model._meta.label}.{field.name}")


@pytest.mark.parametrize(("model", "name", "other"), list(our_relations()))
def test_relations_point_downwards(model, name, other):
    assert floor(model.__module__) <= floor(other.__module__), f"{model._meta.label}.{name} → {other._meta.label}"
