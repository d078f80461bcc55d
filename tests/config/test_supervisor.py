"""The embedded run for real: three programs under one supervisor, on SQLite and on PostgreSQL with Redis."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing, suppress

import psutil
import pytest

from foundation.protection.keyring import create_key_file
from tests.config.test_processes import gone, wait_until

PASSED_ON = {"PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV"}
POSTGRESQL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/5")


def free_port():
    """Return a port nobody listens on at the moment."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Portal:
    """A started portal: what it said, where it answers, which processes it has."""

    def __init__(self, var_dir, static_root, **environment):
        self.port = int(environment.pop("PORT", 0)) or free_port()
        clean = {name: text for name, text in os.environ.items() if name in PASSED_ON}
        clean |= {"VAR_DIR": str(var_dir), "STATIC_ROOT": str(static_root), "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            env=clean | {"PORT": str(self.port)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.said += line

    def wait_until_started(self):
        wait_until(lambda: "门户已启动" in self.said or self.process.poll() is not None, seconds=90)
        assert self.process.poll() is None, self.said
        return self

    def status(self):
        """Return the status of /healthz, 0 while nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def pids(self):
        """Return the pids of all processes below the supervisor."""
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def program(self, word):
        """Return the pid of the direct child whose command has `word`, or None while there is none."""
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
                if word in child.cmdline():
                    return child.pid
        return None

    def finish(self):
        """End the portal whatever state it is in."""
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.reader.join(timeout=15)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Return a data directory and a static directory shared by these tests, so that only the first one waits."""
    return tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("static") / "collected"


@pytest.fixture
def start(places):
    """Start portals; end them after the test."""
    portals = []

    def begin(var_dir=None, **environment):
        portals.append(Portal(var_dir or places[0], places[1], **environment))
        return portals[-1]

    yield begin
    for portal in portals:
        portal.finish()


def test_it_answers_heals_and_ends_within_ten_seconds(start, tmp_path):
    portal = start().wait_until_started()
    assert portal.status() == 200
    words = ("gunicorn", "worker", "beat")
    before = {word: wait_until(lambda word=word: portal.program(word)) for word in words}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(portal.program(word) not in (None, before[word]) for word in words))
    wait_until(lambda: portal.status() == 200)
    assert portal.said.count("意外退出（信号 9）") == 3

    second = start()
    assert second.process.wait(timeout=20) == 1
    second.reader.join()
    assert f"门户已经在运行（进程 {portal.process.pid}" in second.said
    elsewhere = start(var_dir=tmp_path, PORT=str(portal.port))
    assert elsewhere.process.wait(timeout=20) == 1
    elsewhere.reader.join()
    assert f"不能在 127.0.0.1:{portal.port} 上监听" in elsewhere.said
    assert portal.status() == 200

    pids, begun = portal.pids(), time.monotonic()
    portal.process.terminate()
    assert portal.process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 10
    assert gone(pids)
    assert portal.status() == 0


def test_nothing_is_left_of_a_killed_portal_and_the_next_one_starts(start):
    portal = start().wait_until_started()
    pids = portal.pids()
    assert len(pids) >= 5  # keeper, web and its worker process, worker, beat
    portal.process.kill()
    portal.process.wait()
    successor = start(PORT=str(portal.port))
    wait_until(lambda: gone(pids), seconds=12)
    successor.wait_until_started()
    assert successor.status() == 200


def test_a_database_that_does_not_answer_is_one_sentence(start, tmp_path):
    create_key_file(tmp_path / "field_keys.json")
    portal = start(
        var_dir=tmp_path,
        DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/portal",
        SECRET_KEY="s" * 40,
        FIELD_KEY_FILE=str(tmp_path / "field_keys.json"),
        ALLOWED_HOSTS="127.0.0.1",
    )
    assert portal.process.wait(timeout=30) == 1
    portal.reader.join()
    assert "连不上数据库（DATABASE_URL）" in portal.said
    assert "Traceback" not in portal.said


@pytest.fixture
def servers():
    """Make a database of its own and find a Redis; skip where they do not answer."""
    import psycopg2
    import redis

    try:
        admin = psycopg2.connect(POSTGRESQL, connect_timeout=3)
    except psycopg2.Error as error:
        pytest.skip(f"no PostgreSQL: {error}")
    try:
        with redis.Redis.from_url(REDIS, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        admin.close()
        pytest.skip(f"no Redis: {error}")
    admin.autocommit = True
    name = f"test_portal_supervisor_{os.getpid()}"
    with closing(admin), admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
        yield urllib.parse.urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl(), REDIS
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_same_portal_runs_on_postgresql_and_redis(start, servers, tmp_path):
    create_key_file(tmp_path / "field_keys.json")
    portal = start(
        var_dir=tmp_path,
        DATABASE_URL=servers[0],
        REDIS_URL=servers[1],
        SECRET_KEY="s" * 40,
        FIELD_KEY_FILE=str(tmp_path / "field_keys.json"),
        ALLOWED_HOSTS="127.0.0.1",
    ).wait_until_started()
    assert portal.status() == 200
    assert not (tmp_path / "db.sqlite3").exists()
    worker = wait_until(lambda: portal.program("worker"))
    wait_until(lambda: len(psutil.Process(worker).children()) == 2)  # a pool, not one process
    pids = portal.pids()
    portal.process.kill()
    portal.process.wait()
    wait_until(lambda: gone(pids), seconds=12)
