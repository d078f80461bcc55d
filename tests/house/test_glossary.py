"""docs/glossary.md and the code use the same words."""

import importlib
import inspect
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import TextChoices

TEXT = (Path(settings.BASE_DIR) / "docs" / "glossary.md").read_text(encoding="utf-8")
LINES = TEXT.splitlines()
OURS = [
    config
    for config in apps.get_app_configs()
    if Path(config.path).is_relative_to(settings.BASE_DIR) and ".venv" not in config.path
]


def _choices() -> list:
    found = []
    for config in OURS:
        try:
            module = importlib.import_module(f"{config.name}.choices")
        except ModuleNotFoundError as error:
            if error.name != f"{config.name}.choices":
                raise
            continue
        found += [
            one
            for one in vars(module).values()
            if inspect.isclass(one)
            and issubclass(one, TextChoices)
            and f"{one.__module__}.".startswith(f"{module.__name__}.")
        ]
    return found


def test_there_is_something_to_compare():
    assert len(OURS) >= 7
    assert len(_choices()) >= 20


@pytest.mark.parametrize(
    "model", [model for config in OURS for model in config.get_models()], ids=lambda model: model._meta.label
)
def test_every_model_has_its_line_under_its_chinese_name(model):
    lines = [line for line in LINES if line.startswith("| ") and f"| `{model.__name__}` |" in line]
    assert len(lines) == 1, f"{model._meta.label} needs exactly one line in docs/glossary.md"
    assert str(model._meta.verbose_name) in lines[0]


@pytest.mark.parametrize("choices", _choices(), ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_every_class_of_choices_stands_with_its_values_and_labels(choices):
    lines = [line for line in LINES if line.startswith(f"| `{choices.__name__}` |")]
    assert lines, f"{choices.__name__} is missing in docs/glossary.md"
    assert any(all(f"`{one.value}` {one.label}" in line for one in choices) for line in lines), choices
