"""All tests: `python -m tests.run [pytest arguments]`. SQLite always, PostgreSQL and browser where there are any.

Says on one line each what is skipped and why. Stops at the first database whose run fails, so that the last line is
always the summary that matters. Exit code: pytest's.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# These tests start programs that choose their database themselves: once is enough.
OWN_DATABASE = ["--ignore=tests/config"]


NOTHING_CHOSEN = 5  # pytest's code for no test at all: the arguments named tests of another run


def say(sentence: str) -> None:
    """Print at once: pytest writes to the same stream."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def postgresql_refusal(url: str) -> str:
    """Return why PostgreSQL cannot be used, or an empty text; the password in the URL is not repeated."""
    import psycopg2

    try:
        connection = psycopg2.connect(url, connect_timeout=3)
    except psycopg2.Error as error:
        return (str(error).strip().splitlines() or ["no answer"])[0]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            return "" if cursor.fetchone()[0] else "the role may not create databases"
    finally:
        connection.close()


def pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Run pytest on both cores; a file's tests stay together, because they share a browser."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", *arguments]
    return subprocess.run(command, env=os.environ | environment, check=False).returncode


def main(arguments: list[str]) -> int:
    """Run the tests on every database there is."""
    url = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    refusal = postgresql_refusal(url)
    browser = any(shutil.which(name) for name in BROWSERS)
    if refusal:
        shown = re.sub(r":[^:/@]*@", ":***@", url)
        say(f"跳过 PostgreSQL / skipped PostgreSQL: {shown} — {refusal} (TEST_DATABASE_URL)")
    if not browser:
        say(f"跳过浏览器测试 / skipped browser tests: none of {', '.join(BROWSERS)} was found")
    elif not refusal:
        say("浏览器测试只在 SQLite 上跑 / browser tests run on SQLite only: the pages are the same, the time is not")
    # Pages apart: servers and the browser's loop live as long as the process, and tests that fork would inherit them.
    runs = [("SQLite", ["-m", "not browser"], {})]
    if browser:
        runs.append(("SQLite, browser", ["-m", "browser"], {}))
    if not refusal:
        names = {"TEST_DATABASE_URL": url, "TEST_DB_NAME": os.environ.get("TEST_DB_NAME", "test_portal")}
        runs.append(("PostgreSQL", ["--db=postgresql", "-m", "not browser", *OWN_DATABASE], names))
    for name, selection, environment in runs:
        say(f"\n=== {name} ===")
        with tempfile.TemporaryDirectory(prefix="portal-test-") as var_dir:
            code = pytest([*selection, *arguments], {"VAR_DIR": var_dir} | environment)
        if code and not (code == NOTHING_CHOSEN and arguments):
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
