"""What the environment may say is written down for those who set it."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READ = re.compile(r"\benv(?:ironment)?\.\w+\(\s*\"([A-Z_]+)\"")


def variables() -> set[str]:
    found = set()
    for path in (ROOT / "config").glob("*.py"):
        found |= set(READ.findall(path.read_text(encoding="utf-8")))
    return found


def words(name: str) -> set[str]:
    return set(re.findall(r"[A-Z][A-Z_]+", (ROOT / name).read_text(encoding="utf-8")))


def test_the_example_and_the_handbook_name_every_variable_that_is_read():
    assert len(variables()) > 25
    assert variables() - words(".env.example") == set()
    assert variables() - words("docs/operations.md") == set()


def test_the_example_names_what_compose_puts_in_place():
    placed = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert placed - words(".env.example") == set()
