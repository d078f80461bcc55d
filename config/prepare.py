"""Make a portal ready to start: `python -m config.prepare [--demo]`. Quick when there is nothing to do.

Sentences about progress go to standard error; standard output carries only the demo sign-ins, so that the supervisor
can print them last. Exit code 2: something outside is wrong (said in one sentence); 0: ready.
"""

import hashlib
import io
import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


class NotReady(Exception):
    """Something the operator must mend first; the text is the sentence to print."""


def say(sentence: str) -> None:
    """Print one line of progress."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def reach_database() -> None:
    """Raise NotReady unless the database answers."""
    from django.db import Error, connection

    try:
        connection.ensure_connection()
    except Error as error:
        reason = (str(error).strip().splitlines() or ["没有说明原因"])[0]
        raise NotReady(f"连不上数据库（DATABASE_URL）：{reason}。请检查地址、口令和数据库是否在运行。") from error


def reach_broker() -> None:
    """Raise NotReady unless Redis, where it is configured, answers."""
    from django.conf import settings

    if not settings.REDIS_URL:
        return
    import redis

    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3).ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise NotReady(f"连不上 Redis（REDIS_URL）：{error}。请检查地址和 Redis 是否在运行。") from error


def migrate() -> None:
    """Apply missing migrations; nothing is run when there are none."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        say(f"正在更新数据库（{len(plan)} 步）…")
        call_command("migrate", interactive=False, verbosity=0)


def static_fingerprint() -> str:
    """Return a digest over name, size and time of every static file; it changes when any of them does."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = os.stat(storage.path(path))
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def collect_static() -> None:
    """Collect, hash and compress the static files unless the same ones were collected last time."""
    from django.conf import settings
    from django.core.management import call_command

    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.collected")
    fingerprint = static_fingerprint()
    if root.is_dir() and stamp.is_file() and stamp.read_text() == fingerprint:
        return
    say("正在整理静态文件…")
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=root.is_dir())
    stamp.write_text(fingerprint)


def load_demo() -> None:
    """Load the demo data into a registry nobody has used yet, and print who may sign in.

    `seed_demo` is one transaction, so a kill in the middle leaves the registry unused and the next start loads again.
    """
    from django.contrib.auth import get_user_model
    from django.core.management import call_command, get_commands

    if "seed_demo" not in get_commands():
        return
    if not get_user_model().objects.exists():
        say("正在装入演示数据…")
        call_command("seed_demo", stdout=sys.stderr)
    call_command("seed_demo", sign_ins=True)


def main() -> int:
    """Prepare; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import call_command
    from django.core.management.base import CommandError

    try:
        django.setup()
        reach_database()
        reach_broker()
        call_command("check", databases=["default"], stdout=io.StringIO())  # errors raise, warnings go to stderr
        migrate()
        collect_static()
        if "--demo" in sys.argv[1:]:
            load_demo()
    except ImproperlyConfigured as error:
        say(f"配置有误：{error}")
        return 2
    except (NotReady, CommandError) as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
