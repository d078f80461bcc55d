"""Headers, and which rows are people: the kinds of files that people really send."""

import csv

import pytest
import xlsxwriter

from members.roster.columns.headers import folded_header, label_of
from tests.members.rosters import outcome_of

ID = [
    "510105199001011237",
    "51040319671210726X",
    "510115200011139697",
    "360102199907052417",
    "511502196705039203",
    "510107199211095507",
]


@pytest.fixture
def roster(tmp_path):
    """Write sheets (name → rows) as a workbook, with merged cells; return what the pipeline makes of it."""

    def make(rows, *, name="Sheet1", merged=(), mapping=None, organization="510100", others=None):
        path = tmp_path / "roster.xlsx"
        workbook = xlsxwriter.Workbook(path)
        for sheet_name, lines in {name: rows, **(others or {})}.items():
            sheet = workbook.add_worksheet(sheet_name)
            for cells in merged if sheet_name == name else ():
                sheet.merge_range(cells, "")
            for at, line in enumerate(lines):
                for index, cell in enumerate(line):
                    if cell not in ("", None):
                        sheet.write(at, index, cell)
        workbook.close()
        return outcome_of(path, organization, mapping)

    return make


def people(outcome):
    return [(row.row, row.values.get("name"), row.values.get("id_number")) for row in outcome.rows]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("姓  名", "姓名"),
        ("姓\u3000\u3000名", "姓名"),
        ("身份证\n号码", "身份证号码"),
        ("*手机号", "手机号"),
        ("手机号（必填）", "手机号"),
        ("手机号（必填，11 位（本人））", "手机号"),
        ("手机号【必填】", "手机号"),
        ("手机号(必填", "手机号"),
        ("（姓名）", "姓名"),
        ("１.姓名", "姓名"),
        ("身份證號碼：", "身份证号码"),
        ("ID_Card", "idcard"),
        ("姓名 *", "姓名"),
        ("\u200b姓名\ufeff", "姓名"),
        ("", ""),
        ("（）", ""),
    ],
)
def test_header_texts_are_folded(written, folded):
    assert folded_header(written) == folded


def test_a_label_keeps_brackets_but_no_spaces():
    assert label_of("手机号 （必填）\n") == "手机号(必填)"


def test_the_header_may_stand_in_row_seven_and_right_of_column_a(roster):
    rows = [["某某公司司机花名册"], [], ["填报单位：某某"], ["联系人：甲", "电话：0812-1234567"], ["（一）司机"], []]
    outcome = roster([*rows, ["", "", "姓名", "公民身份号码"], ["", "", "张伟", ID[0]]])
    assert people(outcome) == [(8, "张伟", ID[0])]
    assert outcome.roster.tables[0].columns[-1].letter == "D"


def test_two_tables_one_below_the_other_have_columns_of_their_own(roster):
    outcome = roster(
        [
            ["货车司机名单"],
            ["序号", "姓名", "身份证号", "手机号"],
            [1, "张伟", ID[0], "13800138000"],
            ["合  计", "", "", ""],
            [],
            ["网约车司机名单"],
            ["姓名", "手机号", "车牌号", "身份证号"],
            ["李娜", "13900139000", "川A12345", ID[1]],
        ]
    )
    assert people(outcome) == [(3, "张伟", ID[0]), (8, "李娜", ID[1])]
    assert outcome.rows[1].values["plate"] == "川A12345"
    assert [table.titles for table in outcome.roster.tables] == [("货车司机名单",), ("网约车司机名单",)]
    assert outcome.errors == []


def test_a_second_table_may_have_a_header_of_two_rows(roster):
    outcome = roster(
        [
            ["姓名", "身份证号", "手机号"],
            ["张伟", ID[0], ""],
            ["序号", "基本信息", "", "联系方式"],
            ["", "姓名", "身份证号", "手机号"],
            [1, "李娜", ID[1], "13900139000"],
        ],
        merged=["B3:C3", "A3:A4"],
    )
    assert people(outcome) == [(2, "张伟", ID[0]), (5, "李娜", ID[1])]
    assert outcome.rows[1].values["phone"] == "13900139000"


def test_groups_over_a_second_header_are_no_person(roster):
    rows = [["姓名", "身份证号", "手机号"], ["张伟", ID[0], ""], ["基本信息", "", "联系"]]
    outcome = roster([*rows, ["姓名", "身份证号", "车牌号"], ["李娜", ID[1], "川A12345"]], merged=["A3:B3"])
    assert people(outcome) == [(2, "张伟", ID[0]), (5, "李娜", ID[1])]


def test_a_header_of_two_rows_repeats(roster):
    header = [["序号", "人员", "", "党员"], ["", "姓名", "身份证号", "入党时间"]]
    outcome = roster([*header, [1, "张伟", ID[0], "2011.07"], *header, [2, "李娜", ID[1], ""]])
    assert people(outcome) == [(3, "张伟", ID[0]), (6, "李娜", ID[1])]
    assert len(outcome.roster.tables) == 1


def test_a_header_of_three_rows_is_read(roster):
    rows = [["名册", "", ""], ["基本情况", "", "联系"], ["姓名", "身份证号", "手机号"], ["张伟", ID[0], "13800138000"]]
    assert roster(rows).rows[0].values["phone"] == "13800138000"


def test_a_lower_header_that_means_nothing_alone_is_read_with_the_upper(roster):
    outcome = roster([["姓名", "身份证号", "入党"], ["", "", "时间"], ["张伟", ID[0], "2011年07月"]])
    assert outcome.rows[0].values["declared_joined"] == "2011-07"


@pytest.mark.parametrize(
    "line",
    [
        ["合计", "", "", "2"],
        ["合  计", "2人"],
        ["", "总计：2 人"],
        ["一分队小计", "", "", 2],
        ["合計"],
        ["填表人：甲", "", "", "审核人：乙"],
        ["填表人 甲"],
        ["制表日期：2026年3月5日"],
        ["备注：以上属实"],
        ["注：以上属实", "", "13800138000"],
        ["单位（盖章）：", "", "", "2026年3月5日"],
        ["单位负责人：甲", "联系电话：13800138000"],
        ["填报单位：某某", "", "", "填报日期：2026年3月"],
        [3, "", "", ""],
        ["", "  ", "\u3000", "\u00a0"],
        ["序 号", "姓 名", "身份证号", "手机号"],
        ["示例", "张三", "110101199001011237", "13800138000"],
        [9, "张三（示例）", "110101199001011237", "13800138000"],
        ["样例：", "张三", "", ""],
        ["", "（必填）", "（必填，18 位）", "（选填）"],
        [1, 2, 3, 4],
        ["(1)", "(2)", "(3)", "(4)"],
        ["甲", "1", "2", "3"],
        ["一、网约车司机"],
        ["", "二、货车司机"],
    ],
)
def test_rows_that_are_no_people_are_ignored(line, roster):
    rows = [["序号", "姓名", "身份证号", "手机号"], [1, "张伟", ID[0], ""], line, [2, "李娜", ID[1], "13900139000"]]
    outcome = roster(rows)
    assert people(outcome) == [(2, "张伟", ID[0]), (4, "李娜", ID[1])]
    assert sum(outcome.roster.ignored_counts.values()) == 1


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (["", "", "", "13800138000"], ["name_missing", "id_missing"]),
        ([3, "王芳", "", ""], ["id_missing"]),
        (["备注", "王芳", ID[2], ""], []),
        (["合计", "王芳", ID[2], ""], []),
        (["注", "王芳", 5.1e17, ""], ["id_numeric_cell"]),
        (["", "王芳", "510115200011139698", ""], ["id_checksum"]),
        (["", "小计算", ID[2], ""], []),
        (["", "总", "", "138"], ["id_missing", "phone_invalid"]),
    ],
)
def test_rows_that_are_people_are_never_ignored(line, codes, roster):
    rows = [["序号", "姓名", "身份证号", "手机号"], [1, "张伟", ID[0], ""], line, [2, "李娜", ID[1], "13900139000"]]
    outcome = roster(rows)
    assert [row.row for row in outcome.rows] == [2, 3, 4]
    assert [code for _, code, _ in outcome.rows[1].errors] == codes


def test_a_block_of_instructions_runs_to_the_next_header(roster):
    header = ["姓名", "身份证号", "手机号"]
    outcome = roster(
        [
            header,
            ["张伟", ID[0], ""],
            ["填表说明："],
            ["1. 姓名", "与身份证一致", "写全"],
            ["2. 例如 张三", "110101199001011237"],
            header,
            ["李娜", ID[1], ""],
            ["填写说明"],
            ["每人一行", "不要合并"],
        ]
    )
    assert people(outcome) == [(2, "张伟", ID[0]), (7, "李娜", ID[1])]


def test_instructions_above_the_header_hide_nobody(roster):
    rows = [["填表说明：请如实填写。"], ["1. 每人一行"], ["姓名", "身份证号"], ["张伟", ID[0]]]
    assert people(roster(rows)) == [(4, "张伟", ID[0])]


def test_lines_after_a_note_belong_to_it(roster):
    rows = [["姓名", "身份证号"], ["张伟", ID[0]], ["备注："], ["一式两份"], ["盖章有效"], ["", ""], ["李娜", ID[1]]]
    assert people(roster(rows)) == [(2, "张伟", ID[0]), (7, "李娜", ID[1])]


def test_merged_cells_count_for_each_of_their_rows_and_no_further(roster):
    outcome = roster(
        [
            ["党支部", "姓名", "身份证号"],
            ["510104-01", "张伟", ID[0]],
            ["", "李娜", ID[1]],
            ["", "", ""],
            ["", "王芳", ID[2]],
            ["", "刘洋", ID[3]],
        ],
        merged=["A2:A5"],
    )
    branches = [row.values.get("declared_branch") for row in outcome.rows]
    assert branches[:3] == [branches[0]] * 3
    assert branches[0] is not None
    assert branches[3] is None
    assert [row.row for row in outcome.rows] == [2, 3, 5, 6]
    assert outcome.rows[1].cells[0] == "510104-01"


def test_an_identity_number_merged_over_two_rows_is_one_person_twice(roster):
    rows = [["姓名", "身份证号", "车牌号"], ["张伟", ID[0], "川A12345"], ["", "", "川A12346"]]
    outcome = roster(rows, merged=["A2:A3", "B2:B3"])
    assert [code for _, code, _ in outcome.rows[1].errors] == ["duplicate_in_file"]


def test_of_two_columns_for_one_field_the_better_header_counts_wherever_it_stands(roster):
    for header in (["姓名", "身份证号", "车辆类型", "司机类别"], ["姓名", "身份证号", "司机类别", "车辆类型"]):
        cells = {"姓名": "张伟", "身份证号": ID[0], "车辆类型": "重型半挂牵引车", "司机类别": "货运"}
        outcome = roster([header, [cells[name] for name in header]])
        assert outcome.rows[0].values["group"] == "truck"
        left_out = [(column.label, column.left_out) for column in outcome.roster.tables[0].columns if column.left_out]
        assert left_out == [("车辆类型", "repeated")]


def test_a_second_phone_fills_in_where_the_first_is_empty(roster):
    header = ["姓名", "身份证号", "联系电话", "手机号"]
    rows = [["张伟", ID[0], "13900139000", "13800138000"], ["李娜", ID[1], "13900139001", "无"]]
    outcome = roster([header, *rows])
    assert [row.values["phone"] for row in outcome.rows] == ["13800138000", "13900139001"]


def test_columns_nobody_knows_are_named_with_what_they_look_like(roster):
    header = ["姓名", "证件编码", "性别", "民族", "", "  "]
    rows = [["张伟", ID[0], "男", "汉", "13800138000"], ["李娜", ID[1], "女", "汉族", "13900139000"]]
    outcome = roster([header, *rows, ["王芳", ID[2], "男", "回", "13700137000"]])
    table = outcome.roster.tables[0]
    seen = [(column.letter, column.label, column.left_out, column.suggestion) for column in table.columns]
    assert seen[1] == ("B", "证件编码", "unknown", "id_number")
    assert seen[4:] == [("E", "", "nameless", "phone")]
    assert table.missing() == ["id_number"]
    assert outcome.errors == [("Sheet1", row, "id_number", "id_missing") for row in (2, 3, 4)]


def test_a_mapping_by_hand_goes_before_every_synonym(roster):
    rows = [["姓名", "证件编码", "备注", "性别"], ["张伟", ID[0], "13800138000", "男"]]
    mapping = {"证件编码": "id_number", "备注": "phone", "性别": ""}
    outcome = roster(rows, mapping=mapping)
    values = outcome.rows[0].values
    assert (values["id_number"], values["phone"], "sex" in values) == (ID[0], "13800138000", False)
    assert outcome.roster.tables[0].columns[3].left_out == "by_hand"


def test_the_fingerprint_of_a_header_forgets_order_and_spelling(roster):
    first = roster([["姓名", "身份证号", "手机号"], ["张伟", ID[0], ""]]).roster.tables[0].fingerprint
    second = roster([["手机号（必填）", "姓 名", "*身份證號"], ["", "张伟", ID[0]]]).roster.tables[0].fingerprint
    other = roster([["姓名", "身份证号", "备注"], ["张伟", ID[0], ""]]).roster.tables[0].fingerprint
    assert first == second != other


def test_a_sheet_of_contacts_is_no_roster(roster):
    others = {"联系人": [["姓名", "联系电话"], ["甲", "028-12345678"]]}
    outcome = roster([["姓名", "身份证号"], ["张伟", ID[0]]], others=others)
    assert people(outcome) == [(2, "张伟", ID[0])]
    assert outcome.roster.skipped == [("联系人", "no_header")]


@pytest.mark.parametrize(
    ("name", "title", "organization", "committee"),
    [
        ("金牛区", "司机花名册", "510100", "510106"),
        ("金牛", "司机花名册", "510100", "510106"),
        ("01 金牛", "司机花名册", "510100", "510106"),
        ("Sheet1", "成都市金牛区流动党员司机花名册", "510100", "510106"),
        ("Sheet1", "中共成都市金牛区道路运输行业委员会花名册", "510100", "510106"),
        ("Sheet1", "填报单位：成都市金牛区", "510100", "510106"),
        ("金牛区", "成都市武侯区司机花名册", "510100", "510106"),
        ("Sheet1", "崑山市司機名冊", "320500", "320583"),
        ("Sheet1", "攀枝花市东区司机花名册", "510400", "510402"),
        ("Sheet1", "攀枝花东区司机花名册", "510400", "510402"),
        ("Sheet1", "东区司机花名册", "510400", "510402"),
        ("Sheet1", "华东区域司机花名册", "510400", "510400"),
        ("Sheet1", "金牛区、武侯区司机花名册", "510100", "510100"),
        ("Sheet1", "昆山市司机花名册", "510100", "510100"),
        ("Sheet1", "金牛区司机花名册", "510107", "510107"),
        ("Sheet1", "成都市司机花名册", "510100", "510100"),
    ],
)
def test_without_a_column_the_sheet_or_its_title_names_the_county(name, title, organization, committee, roster):
    outcome = roster([[title], ["姓名", "身份证号"], ["张伟", ID[0]]], name=name, organization=organization)
    assert outcome.rows[0].committee.code == committee


def test_a_title_that_names_the_importing_committee_moves_nobody(roster):
    outcome = roster([["成都市司机花名册"], ["姓名", "身份证号"], ["张伟", ID[0]]])
    assert "committee" not in outcome.rows[0].values
    moved = roster([["金牛区司机花名册"], ["姓名", "身份证号"], ["张伟", ID[0]]])
    assert "committee" in moved.rows[0].values


def test_a_number_on_two_sheets_is_a_duplicate(roster):
    lines = [["姓名", "身份证号"], ["张伟", ID[0]]]
    outcome = roster(lines, name="货车", others={"网约车": [["名单"], *lines]})
    assert outcome.errors == [("网约车", 3, "id_number", "duplicate_in_file")]
    assert "工作表“货车”第 2 行" in outcome.rows[1].errors[0][2]


def test_a_county_column_goes_before_the_title(roster):
    rows = [["金牛区花名册"], ["姓名", "身份证号", "区县"], ["张伟", ID[0], "武侯区"], ["李娜", ID[1], ""]]
    assert [row.committee.code for row in roster(rows).rows] == ["510107", "510100"]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "text"),
    [
        ("utf-8", ",", "sep=,\r\n姓名,身份证号,备注\r\n张伟,{0},\r\n"),
        ("utf-8", ";", "姓名;身份证号;备注\n张伟;{0};a,b,c,d,e\n"),
        ("gb18030", "\t", "姓名\t身份证号\t备注\r\n张伟\t'{0}\t\r\n"),
        ("utf-8-sig", ",", '姓名,身份证号,备注\r\n张伟,="{0}",\r\n'),
        ("utf-8", ",", "姓名,身份证号,备注\r张伟,{0}\t,\r"),
        ("utf-16", "\t", "姓名\t身份证号\t备注\r\n张伟\t{0}\t\r\n"),
        ("utf-8", ",", '姓名,身份证号,备注\n张伟,{0},"5"" 轮胎"\n'),
        ("utf-8", ",", '姓名,身份证号,备注\n张伟,{0},"没有关上的引号\n' + "李娜,51040319671210726X,\n" * 1),
        ("utf-8", ",", "姓名,身份证号\n张伟,{0},多出来,的格\n"),
    ],
)
def test_text_files_of_many_kinds_are_read(encoding, delimiter, text, tmp_path):
    path = tmp_path / "名册.xls"  # exports often call text a workbook
    path.write_bytes(text.format(ID[0]).encode(encoding))
    first = outcome_of(path).rows[0]
    assert (first.values["name"], first.values["id_number"]) == ("张伟", ID[0])


def test_a_stray_quote_does_not_swallow_the_rows_after_it(tmp_path):
    path = tmp_path / "x.csv"
    lines = ["姓名,身份证号,备注", f'张伟,{ID[0]},"没有关上', *(f"司机{n},{ID[1]}," for n in range(60))]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(outcome_of(path).rows) == 61


def test_rows_of_text_are_numbered_as_a_spreadsheet_shows_them(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(
            [["花名册"], ["姓名", "身份证号\n（18 位）", "备注"], ["张伟", ID[0], "第一行\n第二行"], [], []]
        )
        writer.writerow(["李娜", ID[1], ""])
    assert [row.row for row in outcome_of(path).rows] == [3, 6]
