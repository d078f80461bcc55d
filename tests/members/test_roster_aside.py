"""The process beside the worker: it hands over every row, and however it ends, that is noticed and nothing is left."""

import os
import re
import signal
import time
from pathlib import Path

import orjson
import pytest

from foundation.protection.seal import blind, opener
from members.roster import aside
from members.roster.aside import CheckedFile
from members.roster.read import RosterRefused
from members.rules.people import ID_NUMBER
from tests.members.rosters import FOLDER, TODAY, areas, catalogue


def opened(name, **options):
    return CheckedFile(
        FOLDER / name,
        {},
        catalogue("510106"),
        **({"today": TODAY, "areas": areas(), "size": 7} | options),
    )


def test_every_row_comes_over_in_chunks_with_its_headers():
    with opened("01-title-merged-branches.xlsx") as file:
        chunks = []
        for chunk in file:
            assert set(file.headers[chunk[0].sheet]) >= {"name", "id_number"}
            chunks.append(chunk)
    # The first is a quarter of the others, so that the worker can begin.
    assert [len(chunk) for chunk in chunks] == [1, *[7] * 11, 6]
    assert sum(bool(row.errors) for chunk in chunks for row in chunk) == 3
    assert file.about["columns"][0]["header_row"] == 3
    assert len(file.about["shape"]) == 32


def test_rows_come_over_sealed_and_with_their_indexes():
    with opened("01-title-merged-branches.xlsx") as file:
        rows = [row for chunk in file for row in chunk if not row.errors]
    opening = opener("members_rosterrow.sealed")
    for row in rows:
        number = row.values["id_number"]
        said = orjson.loads(opening(row.sealed))
        assert said["values"] == row.values
        assert number in said["raw"]
        assert number not in row.sealed
        assert row.id_index == blind(number, ID_NUMBER).hex


def test_a_refusal_comes_over_with_its_sentence(tmp_path):
    path = tmp_path / "roster.xlsx"
    path.write_bytes(b"%PDF-1.7 no table at all")
    with (
        CheckedFile(path, {}, catalogue("510106"), today=TODAY, areas=areas(), size=7) as file,
        pytest.raises(RosterRefused, match="PDF"),
    ):
        list(file)


def test_a_killed_process_is_a_sentence():
    with opened("11-five-percent.xlsx") as file:
        rows = iter(file)
        os.kill(file._pid, signal.SIGKILL)
        with pytest.raises(RosterRefused, match="内存"):
            for _ in rows:
                pass


def test_an_error_of_ours_says_where_and_never_with_whose_values(monkeypatch):
    def broken(roster, catalogue, *, today, areas):
        for person in roster:
            raise ValueError(f"cannot cope with {person.cells}")
        yield

    monkeypatch.setattr(aside, "check", broken)
    with opened("01-title-merged-branches.xlsx") as file, pytest.raises(RuntimeError) as raised:
        list(file)
    assert "ValueError" in str(raised.value)
    assert not re.search(r"[0-9]{11}", str(raised.value))  # no identity number, no phone


def test_leaving_early_ends_the_process_and_the_parser_it_started():
    with opened("11-five-percent.xlsx", size=1) as file:
        next(iter(file))
        group = file._pid
        assert group in groups()
    deadline = time.monotonic() + 5
    while group in groups() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert group not in groups()


def test_the_process_holds_none_of_the_workers_files():
    with open(__file__) as ours, opened("11-five-percent.xlsx", size=1) as file:
        next(iter(file))
        held = {os.readlink(entry) for entry in Path(f"/proc/{file._pid}/fd").iterdir() if entry.exists()}
        assert ours.name not in held


def groups():
    """Return the process groups that have a living process."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found.add(int(fields[2]))
    return found
