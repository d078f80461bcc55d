"""The commands that load organisations, divisions and the calendar."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from branches.models import Division, Organization, Workday
from foundation.audit.models import Entry

COMMITTEES = Path(__file__).resolve().parent.parent / "rosters" / "committees.csv"
BRANCHES = COMMITTEES.with_name("branches.csv")


def run(name, *args):
    out = io.StringIO()
    code = 0
    try:
        call_command(name, *map(str, args), stdout=out)
    except SystemExit as stop:
        code = stop.code
    return code, out.getvalue()


def load(tmp_path, text, *more):
    file = tmp_path / "units.csv"
    file.write_text(text, encoding="utf-8")
    code, said = run("load_organizations", file, "--json", *more)
    return code, json.loads(said)


def test_the_shipped_committees_and_branches_load_and_load_again_unchanged(divisions):
    code, said = run("load_organizations", COMMITTEES, "--json")
    assert code == 0, said
    result = json.loads(said)
    assert result["created"] == result["rows"] > 30
    code, said = run("load_organizations", BRANCHES, "--json")
    assert code == 0, said
    jinjiang = Organization.objects.get(code="510104")
    assert (jinjiang.kind, jinjiang.level, jinjiang.short_name) == ("industry_committee", "county", "锦江区")
    assert Organization.objects.get_parent(jinjiang).code == "510100"
    cloud = Organization.objects.get(code="510104-03")
    assert (cloud.kind, cloud.division) == ("cloud_branch", None)
    assert Organization.objects.find_problems() == ([], [], [], [], [])
    entries = Entry.objects.count()
    for file in (COMMITTEES, BRANCHES):
        result = json.loads(run("load_organizations", file, "--json")[1])
        assert result["unchanged"] == result["rows"]
    assert Entry.objects.count() == entries


def test_parents_may_stand_later_in_the_file_and_kinds_have_their_defaults(divisions, tmp_path):
    rows = [
        "code,name,parent",
        "510411-01,仁和区测试支部,510411",
        "510411,中共仁和区委员会,510400",
        "510400,中共攀枝花市委,",
    ]
    text = "\n".join(rows)
    code, result = load(tmp_path, text)
    assert (code, result["created"]) == (0, 3)
    made = {one.code: one for one in Organization.objects.all()}
    assert [made[one].level for one in ("510400", "510411", "510411-01")] == ["city", "county", "base"]
    assert made["510411-01"].kind == "mobile_branch"
    assert made["510411"].short_name == "仁和区"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("510400,甲,510411\n510411,乙,510400\n", {2: "圈", 3: "圈"}),
        ("510400,甲,510400\n", {2: "圈"}),
        ("510400,甲,\n510411-01,乙,999999\n510411-02,丙,510411-01\n", {3: "999999", 4: "510411-01 有错"}),
        ("510400,甲,\n510400,乙,\n", {3: "第 2 行重复"}),
        ("510400,甲,\n,乙,510400\n", {3: "没有代码"}),
        ("510400,,\n", {2: "不能为空"}),
        ("510411-01,支部,\n", {2: "不能设在最上层"}),
    ],
)
def test_one_wrong_row_and_nothing_is_written(divisions, tmp_path, rows, said):
    code, result = load(tmp_path, "code,name,parent\n" + rows)
    assert code == 1
    assert not Organization.objects.exists()
    assert result["created"] == 0
    found = {error["row"]: error["message"] for error in result["errors"]}
    assert found.keys() == said.keys()
    for row, words in said.items():
        assert words in found[row], found[row]


def test_an_unknown_kind_is_named_and_a_chinese_one_understood(divisions, tmp_path):
    head = "code,name,parent,kind\n510400,甲,,\n"
    code, result = load(tmp_path, head + "A-01,乙,510400,流动党员党支部\n")
    assert code == 0
    code, result = load(tmp_path, head + "A-02,乙,510400,nonsense\n")
    assert code == 1
    assert "nonsense" in result["errors"][0]["message"]


def test_a_changed_parent_moves_and_an_empty_cell_clears_nothing(tree, tmp_path):
    branch = tree.branch.code
    text = f"code,name,parent,short_name\n{branch},新全称,{tree.second_county.code},\n{tree.county.code},,,\n"
    code, result = load(tmp_path, text)
    assert (code, result["updated"], result["unchanged"]) == (0, 1, 1)
    moved = Organization.objects.get(code=branch)
    assert (moved.name, moved.short_name) == ("新全称", tree.branch.short_name)
    assert Organization.objects.get_parent(moved).pk == tree.second_county.pk
    county = Organization.objects.get(pk=tree.county.pk)
    assert (county.name, Organization.objects.get_parent(county).pk) == (tree.county.name, tree.city.pk)


def test_a_file_that_would_turn_the_tree_round_is_refused(tree, tmp_path):
    code, result = load(tmp_path, f"code,name,parent\n{tree.city.code},甲,{tree.county.code}\n")
    assert code == 1
    assert "圈" in result["errors"][0]["message"]
    assert Organization.objects.find_problems() == ([], [], [], [], [])


@pytest.mark.parametrize("text", ["name,parent\n甲,\n", "", "code,name,parent\n1,2,3,4\n", "\0\0"])
def test_a_file_that_is_no_table_is_wrong_use(db, tmp_path, text):
    file = tmp_path / "units.csv"
    file.write_text(text)
    for name, more in (("load_organizations", [file]), ("load_divisions", [file]), ("load_workdays", ["2027", file])):
        with pytest.raises(CommandError) as caught:
            call_command(name, *map(str, more))
        assert caught.value.returncode == 2
    with pytest.raises(CommandError):
        call_command("load_organizations", str(tmp_path / "absent.csv"))


def test_unknown_columns_are_named_and_gb18030_is_read(divisions, tmp_path):
    file = tmp_path / "units.csv"
    file.write_bytes("code,name,parent,电话\n510400,攀枝花市党委,,0812\n".encode("gb18030"))
    result = json.loads(run("load_organizations", file, "--json")[1])
    assert result["unknown_columns"] == ["电话"]
    assert Organization.objects.get().name == "攀枝花市党委"


def test_the_plain_answer_says_row_and_reason(divisions, tmp_path):
    file = tmp_path / "units.csv"
    file.write_text("code,name,parent\n510400,甲,999999\n", encoding="utf-8")
    code, said = run("load_organizations", file)
    assert code == 1
    assert "第 2 行 510400：上级 999999" in said


# --- divisions and calendar -------------------------------------------------------------------------------------------
def test_divisions_are_updated_with_dates_and_successors_and_none_is_deleted(divisions, tmp_path):
    before = Division.objects.count()
    file = tmp_path / "divisions.csv"
    file.write_text(
        "code,name,level,parent,valid_from,valid_until,successor\n"
        "512081,简阳市,county,510000,,2016-05-01,510185\n510185,简阳市,county,510100,2016-05-01,,\n",
        encoding="utf-8",
    )
    code, said = run("load_divisions", file)
    assert code == 0, said
    assert Division.objects.count() == before + 1
    old = Division.objects.get(pk="512081")
    assert (old.successor_id, str(old.valid_until)) == ("510185", "2016-05-01")
    assert run("load_divisions", file)[0] == 0


@pytest.mark.parametrize(
    "row", ["51,短,county,510000", "519999,甲,village,510000", "519999,甲,county,599999", "519999,,county,510000"]
)
def test_wrong_divisions_are_refused_whole(divisions, tmp_path, row):
    before = Division.objects.count()
    file = tmp_path / "divisions.csv"
    file.write_text(f"code,name,level,parent\n519998,好的,county,510000\n{row}\n", encoding="utf-8")
    code, said = run("load_divisions", file)
    assert code == 1
    assert "第 3 行" in said
    assert Division.objects.count() == before


def year_of(days, skip=(), extra=""):
    from branches.reference import _days_of

    lines = [f"{day},{int(day.weekday() < 5)},\n" for day in _days_of(2027) if str(day) not in skip]
    return "date,is_workday,note\n" + "".join(lines) + extra


def test_a_whole_year_of_workdays_loads_and_loads_again(db, tmp_path):
    file = tmp_path / "workdays.csv"
    file.write_text(year_of(2027), encoding="utf-8")
    for _ in range(2):
        code, said = run("load_workdays", 2027, file)
        assert (code, Workday.objects.filter(date__year=2027).count()) == (0, 365), said
    assert "工作日 261 天" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (year_of(2027, skip=("2027-10-01",)), "缺 1 天"),
        (year_of(2027, extra="2027-10-01,1,\n"), "写了两次"),
        (year_of(2027, extra="2028-01-01,1,\n"), "不在 2027 年"),
        (year_of(2027, skip=("2027-10-01",), extra="2027-10-01,maybe,\n"), "is_workday"),
    ],
)
def test_an_incomplete_or_wrong_year_is_refused(db, tmp_path, text, said):
    file = tmp_path / "workdays.csv"
    file.write_text(text, encoding="utf-8")
    code, answer = run("load_workdays", 2027, file)
    assert code == 1
    assert said in answer
    assert not Workday.objects.filter(date__year=2027).exists()


# --- first administrators ---------------------------------------------------------------------------------------------
def test_the_first_administrator_is_appointed_by_command_and_gets_a_code(tree):
    code, said = run("appoint", "first", "security_admin", "--organization", "510000", "--name", "首任")
    assert code == 0
    assert "一次性验证码" in said
    with pytest.raises(CommandError, match="三员分立"):
        call_command("appoint", "first", "auditor", "--organization", "510000")
    with pytest.raises(CommandError, match="没有代码"):
        call_command("appoint", "first", "auditor", "--organization", "nowhere")
