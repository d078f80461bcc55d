"""Make `.venv` and install locked requirements into it: `python3.11 requirements/install.py base|dev`.

Standard library only, because it runs before anything is installed. A lock file that has not changed since the last
time is not looked at again, so the second call costs a few milliseconds.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def complain(chinese: str, english: str) -> None:
    """Leave with one sentence in both languages."""
    sys.exit(f"{chinese}\n{english}")


def venv_works() -> bool:
    """Tell whether `.venv` holds a Python 3.11 that starts; a copied or moved folder does not."""
    if not PYTHON.exists():
        return False
    probe = [PYTHON, "-Ic", "import sys; sys.exit(sys.version_info[:2] != (3, 11) or sys.prefix != sys.argv[1])"]
    return subprocess.run([*probe, str(VENV)], capture_output=True, check=False).returncode == 0


def make_venv() -> None:
    """Create `.venv`, replacing one that no longer works."""
    print("正在建立 Python 环境 .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        complain(
            "建立 Python 环境失败。Debian/Ubuntu 上请先安装 python3.11-venv，再重试。",
            f"Could not create .venv (on Debian/Ubuntu install python3.11-venv): {(made.stdout + made.stderr).strip()}",
        )


def install(names: list[str]) -> None:
    """Install each named lock file whose content differs from what was installed last."""
    for name in names:
        lock_file = ROOT / "requirements" / f"{name}.txt"
        digest = hashlib.sha256(lock_file.read_bytes()).hexdigest()
        stamp = VENV / f".installed-{name}"
        if stamp.exists() and stamp.read_text() == digest:
            continue
        print(f"正在安装 requirements/{name}.txt（第一次要几分钟）…", flush=True)
        stamp.unlink(missing_ok=True)
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        done = subprocess.run([*command, "--require-hashes", "-r", lock_file], check=False)
        if done.returncode:
            complain(
                "安装依赖失败，原因见上。请检查网络或 pip 的镜像设置，再重试；已装好的部分会保留。",
                "Installing the locked requirements failed, see above; check the network or pip's index and try again.",
            )
        stamp.write_text(digest)


def main() -> None:
    """Install what the arguments name; `dev` includes `base`."""
    if sys.version_info[:2] != (3, 11):
        complain(
            f"需要 Python 3.11，现在是 {sys.version.split()[0]}。请安装 python3.11，或用 make PYTHON=路径 指定。",
            f"Python 3.11 is needed, this is {sys.version.split()[0]}; name one by `make PYTHON=path`.",
        )
    names = sys.argv[1:] or ["base"]
    if unknown := set(names) - {"base", "dev"}:
        complain(f"不认识 {unknown}，请写 base 或 dev。", f"Unknown {unknown}: say base or dev.")
    # Two `make` at once: the second waits instead of installing over the first.
    guard = os.open(ROOT / "requirements", os.O_RDONLY)
    fcntl.flock(guard, fcntl.LOCK_EX)
    if not venv_works():
        make_venv()
    install(["base", "dev"] if "dev" in names else ["base"])


if __name__ == "__main__":
    main()
