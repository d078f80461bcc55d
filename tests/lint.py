"""Every check that runs no product code: `python -m tests.lint`. All are run; exit code 1 when any found something."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = [
    ("格式 format", ["ruff", "format", "--check", "--quiet", "."]),
    ("静态检查 lint", ["ruff", "check", "--quiet", "."]),
    ("模板 templates", ["djlint", "templates", "--lint", "--quiet"]),
    ("分层 layers", ["lint-imports"]),
    ("类型 types", ["mypy"]),
    ("迁移 migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run", "--skip-checks"]),
]


def main() -> int:
    """Run the checks one after another, quiet ones that pass take one line."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="portal-lint-") as var_dir:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test", "VAR_DIR": var_dir}
        for name, command in CHECKS:
            done = subprocess.run(
                [BIN / command[0], *command[1:]], env=environment, capture_output=True, text=True, check=False
            )
            sys.stdout.write(f"{'✗' if done.returncode else '✓'} {name}\n")
            if done.returncode:
                failed.append(name)
                sys.stdout.write(done.stdout + done.stderr)
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
