"""Text files that are not quite in order: stray quotes, zero bytes, Chinese commas."""

import pytest

from members.roster.read import RosterRefused
from tests.members.rosters import outcome_of
from tests.members.test_roster_columns import ID, people

HEADER = "姓名,身份证号,备注"


def outcome(tmp_path, lines, encoding="utf-8", end="\n"):
    path = tmp_path / "roster.csv"
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return outcome_of(path)


def plain(first, *, start=2):
    names = ["张伟", "李娜", "王芳", "刘洋", "陈静", "杨勇"]
    return [(start + at, names[at], ID[at]) for at in range(first, len(names))]


def test_a_quote_that_never_closes_swallows_nobody(tmp_path):
    found = outcome(
        tmp_path, [HEADER, f'张伟,{ID[0]},"没有关上', *(f"{name},{number}," for _, name, number in plain(1))]
    )
    assert people(found) == plain(0)
    assert found.rows[0].values["remarks"] == "没有关上"


def test_two_stray_quotes_far_apart_swallow_nobody(tmp_path):
    lines = [f"{name},{number}," for _, name, number in plain(0)]
    lines[1] += '"5寸'
    lines[4] += '轮胎"'
    assert people(outcome(tmp_path, [HEADER, *lines])) == plain(0)


def test_beside_stray_quotes_the_right_ones_still_hold(tmp_path):
    found = outcome(
        tmp_path,
        [
            HEADER,
            f'张伟,{ID[0]},"没有关上',
            f'李娜,{ID[1]},"一,二"',
            f'王芳,{ID[2]},"第一行',
            '第二行"',
            f'刘洋,"{ID[3]}",',
        ],
    )
    assert [row.values["id_number"] for row in found.rows] == ID[:4]
    assert [row.values.get("remarks") for row in found.rows] == ["没有关上", "一,二", "第一行\n第二行", None]


def test_quoted_lines_with_commas_stay_one_cell(tmp_path):
    found = outcome(tmp_path, [HEADER, f'张伟,{ID[0]},"住址：甲,乙,丙\n电话：丁,戊"', f"李娜,{ID[1]},"])
    assert people(found) == plain(0)[:2]
    assert found.rows[0].values["remarks"] == "住址：甲,乙,丙\n电话：丁,戊"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_stray_zero_bytes_are_passed_over(encoding, tmp_path):
    lines = [HEADER, f"张\0伟,{ID[0]},", *(f"{name},{number}," for _, name, number in plain(1)), "\0\0\0\0"]
    assert people(outcome(tmp_path, lines, encoding)) == plain(0)


def test_bytes_full_of_zeros_are_no_text(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(b"a\0b\0c\0d" * 100)
    with pytest.raises(RosterRefused, match="二进制"):
        outcome_of(path)


def test_quotes_may_stand_after_a_space(tmp_path):
    found = outcome(tmp_path, ['"姓名", "身份证号", "备注"', f'"张伟", "{ID[0]}", "一, 二"'])
    assert people(found) == plain(0)[:1]
    assert found.rows[0].values["remarks"] == "一, 二"


def test_chinese_commas_part_cells_where_no_others_do(tmp_path):
    lines = ["姓名，身份证号，备注", *(f"{name}，{number}，" for _, name, number in plain(0))]
    assert people(outcome(tmp_path, lines)) == plain(0)
