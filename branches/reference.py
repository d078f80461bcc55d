"""Loading the reference tables: divisions (GB/T 2260) and the official calendar."""

from __future__ import annotations

import csv
import io
from calendar import isleap
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
CALENDAR_SOURCE = "国务院办公厅关于部分节假日安排的通知"
_YES_NO = {"1": True, "0": False, "true": True, "false": False, "上班": True, "休息": False}


class Unreadable(Exception):
    """A file that cannot be read as the table it should be; the text is a sentence for people."""


def rows_of(path: Path, required: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Return (line number as a person counts, cells by column) of a CSV file, blank lines left out, cells stripped.

    Read as UTF-8 (with or without BOM), else as GB18030. Raises Unreadable.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(f"读不了文件 {Path(path).name}：{error.strerror}。") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unreadable("文件不是 UTF-8 也不是 GB18030 编码，请另存为 CSV UTF-8 再试。")
    if "\0" in text:
        raise Unreadable("这不是 CSV 文本文件。")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = [(name or "").strip() for name in reader.fieldnames or []]
    missing = [name for name in required if name not in columns]
    if missing:
        raise Unreadable(f"第一行缺少列：{'、'.join(missing)}。应有的列：{'、'.join(required)}。")
    reader.fieldnames = columns
    rows = []
    try:
        for cells in reader:
            if None in cells:
                raise Unreadable(f"第 {reader.line_num} 行的列比标题行多。")
            values = {name: (value or "").strip() for name, value in cells.items()}
            if any(values.values()):
                rows.append((reader.line_num, values))
    except csv.Error as error:
        raise Unreadable(f"第 {reader.line_num} 行读不懂：{error}。") from error
    return rows


def division_values(rows: Iterable[tuple[int, Mapping[str, str]]], known: Iterable[str]) -> tuple[list[dict], list]:
    """Return (field values, errors (line, code, sentence)) for rows of divisions. `known`: codes already stored."""
    rows = list(rows)
    levels = {"province", "prefecture", "county"}
    found: list[dict] = []
    errors: list[tuple[int, str, str]] = []
    first_line: dict[str, int] = {}
    codes = {cells["code"] for _, cells in rows} | set(known)
    for line, cells in rows:
        code = cells["code"]
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            errors.append((line, code, "代码应是六位数字。"))
        elif code in first_line:
            errors.append((line, code, f"代码和第 {first_line[code]} 行重复。"))
        elif not cells["name"]:
            errors.append((line, code, "没有名称。"))
        elif cells["level"] not in levels:
            errors.append((line, code, "level 应是 province、prefecture 或 county。"))
        elif cells.get("parent") and cells["parent"] not in codes:
            errors.append((line, code, f"上级 {cells['parent']} 不在文件里，也没有登记。"))
        elif cells.get("successor") and cells["successor"] not in codes:
            errors.append((line, code, f"继任区划 {cells['successor']} 不在文件里，也没有登记。"))
        else:
            try:
                found.append(_division(cells))
            except ValueError:
                errors.append((line, code, "日期应写成 2026-01-31。"))
        first_line.setdefault(code, line)
    return found, errors


def _division(cells: Mapping[str, str]) -> dict:
    values: dict = {"code": cells["code"], "name": cells["name"], "level": cells["level"]}
    values["parent_id"] = cells.get("parent") or None
    # Columns that are not there leave what is stored alone.
    for name in ("valid_from", "valid_until"):
        if name in cells:
            values[name] = date.fromisoformat(cells[name]) if cells[name] else None
    if "successor" in cells:
        values["successor_id"] = cells["successor"] or None
    return values


def workday_values(rows: Iterable[tuple[int, Mapping[str, str]]], year: int, source: str) -> tuple[list[dict], list]:
    """Return (field values, errors) for the days of one whole year; an error is (line, date, sentence)."""
    found: dict[date, dict] = {}
    errors: list[tuple[int, str, str]] = []
    for line, cells in rows:
        text = cells["date"]
        try:
            day = date.fromisoformat(text)
        except ValueError:
            errors.append((line, text, "日期应写成 2027-01-31。"))
            continue
        if day.year != year:
            errors.append((line, text, f"这一天不在 {year} 年。"))
        elif cells["is_workday"].lower() not in _YES_NO:
            errors.append((line, text, "is_workday 应是 1（上班）或 0（休息）。"))
        elif day in found:
            errors.append((line, text, "这一天写了两次。"))
        else:
            found[day] = {
                "date": day,
                "is_workday": _YES_NO[cells["is_workday"].lower()],
                "note": cells.get("note", "")[:60],
                "source": source[:120],
            }
    missing = [day for day in _days_of(year) if day not in found]
    if missing and not errors:
        errors.append((0, missing[0].isoformat(), f"{year} 年不完整：缺 {len(missing)} 天，第一个是 {missing[0]}。"))
    return [found[day] for day in sorted(found)], errors


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range(366 if isleap(year) else 365)]


def division_rows(path: Path = DATA / "divisions.csv") -> Iterable[dict]:
    """Yield the field values of each division of the shipped file (`code,name,level,parent`), parents first."""
    for _, row in rows_of(path, ("code", "name", "level", "parent")):
        yield {"code": row["code"], "name": row["name"], "level": row["level"], "parent_id": row["parent"] or None}


def workday_rows(path: Path = DATA / "workdays.csv") -> Iterable[dict]:
    """Yield the field values of each day of the shipped file (`date,is_workday,note`)."""
    for _, row in rows_of(path, ("date", "is_workday", "note")):
        yield {
            "date": date.fromisoformat(row["date"]),
            "is_workday": row["is_workday"] == "1",
            "note": row["note"],
            "source": CALENDAR_SOURCE,
        }


def load_shipped(division, workday) -> None:
    """Write the shipped rows of both tables; rows that exist stay as they are. Four statements or so."""
    by_level: dict[str, list] = {}
    for row in division_rows():
        by_level.setdefault(row["level"], []).append(division(**row))
    for rows in by_level.values():
        division._base_manager.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    workday._base_manager.bulk_create(
        [workday(**row) for row in workday_rows()], batch_size=1000, ignore_conflicts=True
    )
