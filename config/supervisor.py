"""The embedded run: `python -m config.supervisor [--demo] [--with-parent]`.

Takes the pid lock, prepares (config.prepare), starts web, worker and beat, and keeps them (config.processes). Exit
codes: 0 stopped as asked, 1 could not start or keep running, 2 wrong configuration.
"""

import argparse
import errno
import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from config.processes import GRACE, Child, Keeper, Supervisor, say

REASONS = {
    errno.EADDRINUSE: "端口已经被占用",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址",
    errno.EACCES: "没有权限，1024 以下的端口要特权",
}


class CannotStart(Exception):
    """The portal cannot start; the text is the sentence to print."""


def programs(redis: bool) -> list[Child]:
    """Return the three programs of a portal."""
    celery = [sys.executable, "-m", "celery", "-A", "config"]
    worker = [*celery, "worker", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
    return [
        Child("web", [sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]),
        # The file broker gives each message to whoever renames the file first: one process, no pool.
        Child("worker", [*worker, "--concurrency=2"] if redis else [*worker, "--pool=solo"]),
        Child("beat", [*celery, "beat", "--loglevel=INFO"]),
    ]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def lock(var_dir: Path) -> int:
    """Take the pid lock of this VAR_DIR; raise CannotStart when a living portal holds it.

    A portal that was killed leaves its keeper behind for some seconds; that is waited for.
    """
    path = var_dir / "portal.pid"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + GRACE + 4
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode().strip()
            running = holder.isdigit() and _exists(int(holder))
            if running or time.monotonic() > deadline:
                raise CannotStart(
                    f"门户已经在运行（进程 {holder}，数据目录 {var_dir}）。请先停掉它，或用 VAR_DIR 指定另一个目录。"
                ) from None
            time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def check_port(bind: str, port: int) -> None:
    """Raise CannotStart when the address cannot be listened on."""
    try:
        with socket.create_server((bind, port)):
            pass
    except OSError as error:
        advice = f"换一个端口：make run PORT={port + 1}" if port < 65535 else "换一个端口"
        reason = REASONS.get(error.errno or 0, error.strerror)
        raise CannotStart(f"不能在 {bind}:{port} 上监听：{reason}。请{advice}，或停掉占用它的程序。") from error


def visible_host(bind: str) -> str:
    """Return the name under which this machine reaches an address it listens on."""
    return "127.0.0.1" if bind.strip("0.:[]") == "" else bind


def answers(bind: str, port: int) -> bool:
    """Tell whether the web server answers."""
    connection = http.client.HTTPConnection(visible_host(bind), port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def prepare(supervisor: Supervisor, *, demo: bool) -> str:
    """Run config.prepare and return what it wrote to standard output; raise CannotStart when it failed."""
    command = [sys.executable, "-m", "config.prepare", *(["--demo"] if demo else [])]
    process = supervisor.spawn(command)
    while process.poll() is None and not supervisor.should_stop():
        time.sleep(0.05)
    if process.poll() is None:
        process.terminate()
    text, _ = process.communicate()
    supervisor.keeper.discard(process.pid)
    if process.returncode and not supervisor.should_stop():
        raise CannotStart("准备没有完成，原因见上；门户没有启动。")
    return text.decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the portal; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m config.supervisor", description="启动门户：网页、后台任务、定时器。"
    )
    parser.add_argument("--demo", action="store_true", help="库是空的就装入演示数据，并显示演示账号")
    parser.add_argument("--with-parent", action="store_true", help="调用者结束时一起结束（make run 用）")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    from config import environment

    try:
        var_dir, redis = settings.VAR_DIR, bool(settings.REDIS_URL)
        bind, port = environment.value("BIND", "127.0.0.1"), environment.port("PORT", 8000)
        held = lock(var_dir)
        check_port(bind, port)
    except ImproperlyConfigured as error:
        say(f"配置有误：{error}")
        return 2
    except CannotStart as error:
        say(str(error))
        return 1
    log_dir = var_dir / "log"
    log_dir.mkdir(mode=0o700, exist_ok=True)
    supervisor = Supervisor(programs(redis), log_dir, Keeper(held), with_parent=options.with_parent)
    supervisor.listen()

    def announce() -> None:
        say(f"\n门户已启动：http://{visible_host(bind)}:{port}/    按 Ctrl-C 停止。")
        if sign_ins:
            say(sign_ins.rstrip())

    try:
        sign_ins = prepare(supervisor, demo=options.demo)
        return supervisor.run(lambda: answers(bind, port), announce)
    except CannotStart as error:
        say(str(error))
        return 1
    finally:
        supervisor.stop()


if __name__ == "__main__":
    sys.exit(main())
