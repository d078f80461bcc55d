"""Reading the environment: every variable also as NAME_FILE, every wrong value a sentence at start."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


def value(name: str, default: str = "") -> str:
    """Return the text of NAME, or of the file NAME_FILE names, or the default.

    Raises ImproperlyConfigured when both are set or the file cannot be read.
    """
    direct, pointer = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if direct and pointer:
        raise ImproperlyConfigured(f"{name} 和 {name}_FILE 同时设置了，请只留一个。")
    if pointer:
        try:
            return Path(pointer).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE 指向的文件读不出来：{error.strerror}。请检查路径和权限。"
            ) from error
        except UnicodeDecodeError as error:
            raise ImproperlyConfigured(f"{name}_FILE 指向的文件不是文本（UTF-8）。请检查路径。") from error
    return direct or default


def boolean(name: str, default: bool) -> bool:
    """Return NAME as a truth value; only 1/0, true/false, yes/no, on/off are understood."""
    text = value(name).lower()
    if not text:
        return default
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={text!r} 看不懂，请写 1 或 0。")


def integer(name: str, default: int, *, at_least: int = 0) -> int:
    """Return NAME as a whole number not below `at_least`."""
    text = value(name)
    if not text:
        return default
    try:
        number = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={text!r} 不是整数。") from None
    if number < at_least:
        raise ImproperlyConfigured(f"{name}={number} 太小，至少是 {at_least}。")
    return number


def port(name: str, default: int) -> int:
    """Return NAME as a TCP port."""
    number = integer(name, default, at_least=1)
    if number > 65535:
        raise ImproperlyConfigured(f"{name}={number} 不是端口号，应在 1 到 65535 之间。")
    return number


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return NAME in upper case, one of `allowed`."""
    text = value(name, default).upper()
    if text not in allowed:
        raise ImproperlyConfigured(f"{name}={text!r} 看不懂，请从 {'、'.join(allowed)} 中选一个。")
    return text


def names(name: str, default: list[str]) -> list[str]:
    """Return NAME split at commas, empty parts dropped."""
    text = value(name)
    return [part.strip() for part in text.split(",") if part.strip()] if text else default


def database(name: str, default: str) -> dict:
    """Return the Django database dictionary for a URL of SQLite or PostgreSQL."""
    url = value(name, default)
    scheme = url.split(":", 1)[0]
    if scheme not in {"sqlite", "postgres", "postgresql"} or "://" not in url:
        # Only the scheme is repeated: the rest may hold a password.
        received = f"收到的开头是 {scheme!r}" if "://" in url else "收到的不是网址"
        raise ImproperlyConfigured(
            f"{name} 的写法不对：只支持 sqlite:///文件 和 postgres://用户:口令@主机:端口/库名，{received}。"
        )
    try:
        settings = dict(environ.Env.db_url_config(url))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} 里的主机或端口写法不对：postgres://用户:口令@主机:端口/库名，口令里的特殊字符写成 %40 这样。"
        ) from None
    if scheme == "sqlite":
        if settings["NAME"] in {"", ":memory:"}:
            raise ImproperlyConfigured(f"{name} 里没有文件名：sqlite:////绝对路径/db.sqlite3（四条斜线）。")
        settings["OPTIONS"] = {
            # Writers queue at BEGIN instead of failing at their first write.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;"
            "PRAGMA cache_size=-65536;PRAGMA temp_store=MEMORY;",
        }
    else:
        if not settings.get("NAME"):
            raise ImproperlyConfigured(f"{name} 里没有库名：postgres://用户:口令@主机:端口/库名。")
        settings["CONN_MAX_AGE"] = integer("DATABASE_CONN_MAX_AGE", 60)
        settings["CONN_HEALTH_CHECKS"] = True
        settings["DISABLE_SERVER_SIDE_CURSORS"] = boolean("DATABASE_POOLED", False)
    return settings


def broker(name: str) -> str:
    """Return the URL of a Redis, or an empty text where none is set."""
    url = value(name)
    try:
        parts = urlsplit(url)
        understood = not url or (parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:  # a port that is no number
        understood = False
    if not understood:
        raise ImproperlyConfigured(
            f"{name} 的写法不对：应为 redis://:口令@主机:端口/库号，例如 redis://127.0.0.1:6379/0。"
        )
    return url


def web_address(name: str) -> str:
    """Return NAME as an address that begins with http:// or https://, "" where none is set."""
    url = value(name)
    try:
        parts = urlsplit(url)
        understood = not url or (parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0)
    except ValueError:  # a port that is no number
        understood = False
    if not understood:  # what was received is not repeated: it may hold a key
        raise ImproperlyConfigured(f"{name} 不是网址，应以 http:// 或 https:// 开头。")
    return url


def folder(name: str, default: Path) -> Path:
    """Return NAME as a folder that can be written to; where the variable is set, it is made if need be."""
    text = value(name)
    if not text:
        return default
    path = Path(text)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(path, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise ImproperlyConfigured(f"{name} 指向的文件夹建不了或写不进去：{text}。请检查路径和权限。")
    return path


def file_to_write(name: str) -> str:
    """Return NAME as the path of a file in a folder that can be written to, "" where none is set."""
    text = value(name)
    if not text:
        return ""
    path = Path(text)
    writable = os.access(path, os.W_OK) if path.exists() else os.access(path.parent, os.W_OK | os.X_OK)
    if not writable or path.is_dir():
        raise ImproperlyConfigured(f"{name} 指向的文件写不进去：{text}。请检查路径和权限。")
    return text


def generated_secret(name: str, path: Path, *, may_generate: bool) -> str:
    """Return the secret NAME; while `may_generate`, make one once and keep it at `path` with mode 0600."""
    text = value(name)
    if text:
        if len(text) < 32:
            raise ImproperlyConfigured(f"{name} 太短（{len(text)} 个字符），至少要 32 个随机字符。")
        return text
    if not may_generate:
        raise ImproperlyConfigured(f"没有设置 {name}。使用正式数据库时必须设置（或用 {name}_FILE 指向文件）。")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()
