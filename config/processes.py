"""Processes that live and die together: children, the supervisor that restarts them, the keeper that outlives it.

The keeper is a second process holding the reading end of a pipe. When the supervisor is gone, even by SIGKILL, the pipe
closes and the keeper ends what is left. Nothing here knows what the children are (config/supervisor.py does).
"""

import contextlib
import ctypes
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

GRACE = 8.0  # seconds a child has to end before it is killed
PATIENCE = 90.0  # seconds until a web server that does not answer is mentioned
LOG_BYTES = 10 * 1024 * 1024
LONGEST_PAUSE = 30.0
STEADY = 60.0  # seconds a child must live for its earlier deaths to be forgotten
_FAULT = re.compile(rb"\b(ERROR|CRITICAL)\b")
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def say(sentence: str) -> None:
    """Print one line to the operator."""
    with contextlib.suppress(OSError):  # the terminal may be gone; ending the children matters more
        sys.stdout.write(f"{sentence}\n")
        sys.stdout.flush()


def _follow_parent() -> None:
    """Ask the kernel to end this process when the supervisor dies; the keeper's second line of defence."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _ended(pid: int) -> bool:
    """Tell whether a process that is not ours to wait for has ended; a zombie has, whoever forgets to reap it."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, PermissionError):
        return True
    except OSError:
        return False  # no /proc here


def _signal(call: Callable[[int, int], None], target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        call(target, number)


class Keeper:
    """A second process that ends all children when the supervisor is gone.

    It reads `+group` and `-group` lines; at the end of the pipe it terminates what is left, and after GRACE kills it.
    It inherits the pid lock, so a second portal cannot start while children of a killed one still live.
    """

    def __init__(self, lock: int) -> None:
        """Start the process; `lock` is the descriptor it keeps open."""
        self.lock = lock
        self.groups: set[int] = set()
        self._start()

    def _start(self) -> None:
        read_end, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._keep(read_end)
            finally:
                os._exit(0)
        os.close(read_end)
        self.pipe = write_end

    def _keep(self, read_end: int) -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in range(3, 256):  # above all the writing end, else the pipe would never close
            if descriptor not in (read_end, self.lock):
                try:
                    os.close(descriptor)
                except OSError:
                    continue
        groups: set[int] = set()
        with os.fdopen(read_end) as lines:
            for line in lines:
                (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
        for group in groups:
            _signal(os.kill, group, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and not all(_ended(group) for group in groups):
            time.sleep(0.1)
        for group in groups:
            _signal(os.killpg, group, signal.SIGKILL)

    def _tell(self, word: str) -> None:
        with contextlib.suppress(OSError):  # a dead keeper is replaced by check(), and told everything
            os.write(self.pipe, word.encode())

    def add(self, group: int) -> None:
        """Put a process group into its care."""
        self.groups.add(group)
        self._tell(f"+{group}\n")

    def discard(self, group: int) -> None:
        """Take a process group out of its care: it has ended."""
        self.groups.discard(group)
        self._tell(f"-{group}\n")

    def check(self) -> None:
        """Replace a keeper that died."""
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            os.close(self.pipe)
            self._start()
            for group in self.groups:
                self._tell(f"+{group}\n")

    def close(self) -> None:
        """End the keeper, and whatever is still in its care."""
        os.close(self.pipe)
        os.waitpid(self.pid, 0)


@dataclass
class Child:
    """One supervised program and its log file."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    output: IO[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    resume_at: float = 0.0
    last_line: str = ""
    partial: bytes = field(default=b"", repr=False)


class Supervisor:
    """Starts children, restarts those that die, ends them all."""

    def __init__(self, children: Sequence[Child], log_dir: Path, keeper: Keeper, *, with_parent: bool = False) -> None:
        """Prepare to run `children`; with `with_parent`, stop when the calling process ends."""
        self.children = children
        self.log_dir = log_dir
        self.keeper = keeper
        self.parent = os.getppid() if with_parent else 0
        self.selector = selectors.DefaultSelector()
        self.stopping = 0

    # --- signals ----------------------------------------------------------------------------------------------------
    def listen(self) -> None:
        """Stop on SIGINT, SIGTERM and SIGHUP (unless nohup set that one aside); a second signal kills at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, *_: object) -> None:
        self.stopping += 1

    def should_stop(self) -> bool:
        """Tell whether somebody asked to stop, or the parent is gone."""
        if self.parent and os.getppid() != self.parent:
            self.stopping = self.stopping or 1
        return self.stopping > 0

    # --- children ---------------------------------------------------------------------------------------------------
    def spawn(self, command: Sequence[str], *, stderr: int | None = None) -> "subprocess.Popen[bytes]":
        """Start a program in a session of its own, so that Ctrl-C reaches only the supervisor."""
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=_follow_parent,  # safe: the supervisor has one thread
        )
        self.keeper.add(process.pid)
        return process

    def start(self, child: Child) -> None:
        """Start one child and listen to what it writes."""
        process = self.spawn(child.command, stderr=subprocess.STDOUT)
        assert process.stdout is not None  # a pipe was asked for
        child.process, child.output, child.partial = process, process.stdout, b""
        child.started = time.monotonic()
        os.set_blocking(child.output.fileno(), False)
        self.selector.register(child.output, selectors.EVENT_READ, child)

    def drain(self, timeout: float) -> None:
        """Write what the children said to their log files; show their errors."""
        for key, _ in self.selector.select(timeout):
            child: Child = key.data
            chunk = child.output.read() if child.output else b""
            if not chunk:
                if chunk == b"":
                    self._close(child)
                continue
            self._log(child, chunk)
            *lines, child.partial = (child.partial + chunk)[-65536:].split(b"\n")
            for line in lines:
                if line.strip():
                    child.last_line = line.decode("utf-8", "replace").strip()[:300]
                if _FAULT.search(line[:120]):
                    say(f"[{child.name}] {child.last_line}（详见 {self.log_dir.name}/{child.name}.log）")

    def _close(self, child: Child) -> None:
        if child.output:
            self.selector.unregister(child.output)
            child.output.close()
            child.output = None

    def _log(self, child: Child, chunk: bytes) -> None:
        path = self.log_dir / f"{child.name}.log"
        try:
            if path.exists() and path.stat().st_size > LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            with open(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
                log.write(chunk)
        except OSError:
            pass  # a full disk must not end the portal; /readyz reports it

    def _finish(self, child: Child) -> int:
        """Kill what is left of a child's group, reap it, and return its exit code."""
        process, child.process = child.process, None
        if process is None:
            return 0
        _signal(os.killpg, process.pid, signal.SIGKILL)
        code = process.wait()
        self.drain(0)
        self._close(child)
        self.keeper.discard(process.pid)
        return code

    def bury(self, child: Child) -> None:
        """Reap a dead child, end what it left behind, and say when it is started again."""
        self.drain(0)
        code = self._finish(child)
        now = time.monotonic()
        child.deaths = 1 if now - child.started > STEADY else child.deaths + 1
        pause = min(2.0 ** (child.deaths - 1), LONGEST_PAUSE)
        child.resume_at = now + pause
        how = f"信号 {-code}" if code < 0 else f"代码 {code}"
        say(
            f"[{child.name}] 意外退出（{how}），{pause:g} 秒后重启（第 {child.deaths} 次）。最后一行：{child.last_line}"
        )

    def tend(self, timeout: float = 0.25) -> None:
        """Do one round: read, bury, restart."""
        self.drain(timeout)
        self.keeper.check()
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.resume_at and not self.should_stop():
                    self.start(child)
            elif child.process.poll() is not None and not self.should_stop():
                self.bury(child)

    def run(self, ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Keep the children alive until asked to stop; call `announce` once `ready` says so."""
        announced, begun = False, time.monotonic()
        while not self.should_stop():
            self.tend()
            if announced:
                continue
            if ready():
                announce()
                announced = True
            elif self.children[0].deaths >= 3:
                say(f"{self.children[0].name} 启动失败，原因见 {self.log_dir}/{self.children[0].name}.log。")
                return 1
            elif time.monotonic() - begun > PATIENCE:
                say(f"{self.children[0].name} 一直没有应答，请看 {self.log_dir}/{self.children[0].name}.log。")
                begun = time.monotonic()
        return 0

    def stop(self) -> None:
        """End every child: terminate, wait up to GRACE, kill."""
        self.stopping = self.stopping or 1
        running = [child.process for child in self.children if child.process]
        if running:
            say("正在停止…")
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while any(process.poll() is None for process in running):
            if time.monotonic() > deadline or self.stopping > 1:
                break
            self.drain(0.1)
        for child in self.children:
            self._finish(child)
        self.keeper.close()
