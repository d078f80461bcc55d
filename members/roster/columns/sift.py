"""Which rows under a header are people, and what the others are."""

import re
from datetime import date

from foundation.protection.canonical import strip_spaces, to_simplified
from members.roster.columns.headers import Table
from members.roster.read.cells import Cell

# What a row can be instead of a person.
BLANK, TOTAL, NOTE, NOTES_BLOCK, SAMPLE, TITLE, RULED = (
    "blank",
    "total",
    "note",
    "notes_block",
    "sample",
    "title",
    "ruled",
)

SAMPLE_WORDS = ("示例", "样例", "范例", "举例", "例子")
_SAMPLE = re.compile(r"例[如\d]?|(?:例|例如)[:：].*|.*\(例\)")
_TOTAL_WORDS = ("其中", "合计", "小计", "总计", "共计", "累计", "总数", "总人数", "total", "共")
_TOTAL = re.compile(
    r"(?:(?:合计|小计|总计|共计|累计|总人数|总数|sub-?total|grandtotal|total)(?:[:：(（\d].*|人数.*|共.*)?|共\d+人.*"
    r"|其中(?:[:：].*)?|.*(?:合计|小计|总计)(?:[:：]?(?:共?\d+人?)?))",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"(?:填表|填写|填报)(?:说明|须知|要求|注意事项).*")
# These words open a line of notes however it goes on …
_NOTE = re.compile(
    r"(?:填表|填报|制表|审核|复核|审批|经办|报送|统计|汇总|核对|校对|打印|导出)(?:(?:人|单位|日期|时间|部门)|[:：]).*"
    # … these only before a colon, or alone.
    r"|(?:备注|注|说明|附注|注意|负责人|单位负责人|主管领导|分管领导|联系人|联系电话|签字|签名|盖章|单位|日期|时间|统计时间|统计日期"
    r"|截止日期|截止时间|单位\(盖章\)|单位名称\(盖章\)|单位\(公章\)|\(盖章\)|\(公章\))(?:[:：].*)?"
)
# … and so does any label before a colon, where no name of a person stands: 制表：甲, 单位负责人(签字)：乙.
_LABEL = re.compile(r"[※*]?[一-鿿()0-9]{1,14}[:：].*")
_PLAIN_NAME = re.compile(r"[一-鿿·]{2,15}")
_STRUCK_OUT = re.compile(r"[-—–―/\\_.…·~]+")
_NOTHING = re.compile(rf"{_STRUCK_OUT.pattern}|无|暂无")
_NOTE_NEEDS_COLON = re.compile(r"(?:单位|日期|时间|联系电话|注意|注)")
_TITLE = re.compile(
    r".*(?:花名册|名册|名单|登记表|情况表|汇总表|统计表|信息表|台账|一览表)(?:\(.*\))?|[一二三四五六七八九十]{1,3}、.*|\([一二三四五六七八九十]{1,3}\).*"
)
_DATE_LINE = re.compile(r"\d{4}[年./-]\d{1,2}(?:[月./-](?:\d{1,2}日?)?)?")
_HAN = re.compile(r"[一-鿿]{3}")
_LIKE_ID = re.compile(r"[0-9Xx*]{14,}")
_REQUIRED = re.compile(r"\(?(?:必填|选填|非必填|可选|1[18]位|[同与]身份证|填写?真实姓名).*")


def _text(cell: Cell) -> str:
    """Return a cell folded for comparison; "" for spaces only."""
    return to_simplified(strip_spaces(cell))[0] if type(cell) is str else str(cell)


def is_sample(name: Cell, number: Cell) -> bool:
    """Whether a row is marked as an example, in the column of names or of numbers."""
    for cell in (number, name):
        if type(cell) is str and "例" in cell:
            text = _text(cell)
            if any(word in text for word in SAMPLE_WORDS) or _SAMPLE.fullmatch(text.strip("[]【】:：")):
                return True
            if text.strip("()[]:：") in {"例", "例如"}:
                return True
    return False


class Sifter:
    """Tells people from the rest, row by row; knows whether it stands in a block of notes."""

    def __init__(self, table: Table, wide: dict[int, set[int]]) -> None:
        self.table = table
        self.wide = wide  # row, from 1 → columns where a cell begins that is merged across
        self.in_block = False
        self.after_note = False
        self.name = table.index_of("name")
        self.id_number = table.index_of("id_number")
        self.number = table.index_of("number")
        self.known = {column.index for column in table.columns if column.field and column.field != "number"}

    def kind_of(self, number: int, cells: list[Cell], *, above_header: bool = False) -> str:
        """Return "" for a person, else what the row is. Alone above a header stands no person, but a title."""
        filled = [(index, text) for index, cell in enumerate(cells) if cell != "" and (text := _text(cell))]
        if not filled:
            return BLANK
        if self.in_block:
            return TITLE if above_header and _TITLE.fullmatch(filled[0][1]) else NOTES_BLOCK
        kind = self._kind_of_words(filled, cells) or self._kind_of_shape(number, filled, cells, above_header)
        if not kind and above_header:
            return TITLE
        if not kind:
            self.after_note = False
        return kind

    def _kind_of_words(self, filled: list[tuple[int, str]], cells: list[Cell]) -> str:
        first = filled[0][1]
        if is_sample(self._cell(self.name, cells), self._cell(self.number, cells)):
            return SAMPLE
        if self.has_id(cells):
            return ""
        name, number = _text(self._cell(self.name, cells)), _text(self._cell(self.id_number, cells))
        beside = [text for index, text in filled if index != self.number]
        if beside and all(_STRUCK_OUT.fullmatch(text) for text in beside):
            return BLANK
        if name and name == number and not _NOTHING.fullmatch(name):  # 文本 文本: what belongs into the columns
            return NOTE
        if _BLOCK.fullmatch(first):
            if name and number and first not in (name, number):  # a hint for each column
                return NOTE
            self.in_block = True
            return NOTES_BLOCK
        if _NOTE.fullmatch(first) and (len(filled) == 1 or not _NOTE_NEEDS_COLON.fullmatch(first)):
            self.after_note = True
            return NOTE
        if _LABEL.fullmatch(first) and (name == first or not _PLAIN_NAME.fullmatch(name)):
            self.after_note = True
            return NOTE
        marks = {first, _text(self._cell(self.name, cells)), _text(self._cell(self.number, cells))}
        if any(_TOTAL.fullmatch(mark) for mark in marks if any(word in mark.casefold() for word in _TOTAL_WORDS)):
            return TOTAL
        if any(_REQUIRED.fullmatch(_text(self._cell(index, cells))) for index in (self.name, self.id_number)):
            return NOTE
        return ""

    def _kind_of_shape(self, number: int, filled: list[tuple[int, str]], cells: list[Cell], above_header: bool) -> str:
        if len(filled) == 1:
            index, text = filled[0]
            if index == self.number and type(cells[index]) is not str:
                return BLANK
            if self.after_note:
                return NOTE
            if index in self.wide.get(number, ()) or _TITLE.fullmatch(text):
                return TITLE
            if isinstance(cells[index], date) or _DATE_LINE.fullmatch(text):
                return NOTE
            if above_header and index not in self.known:
                return TITLE
        if not any(index in self.known for index, _ in filled):
            return NOTE if len(filled) == 1 and _HAN.search(filled[0][1]) else BLANK
        if len(filled) >= 3 and self._is_ruled([text for _, text in filled]):
            return RULED
        return ""

    def _is_ruled(self, texts: list[str]) -> bool:
        """Whether a row numbers the columns, as statistical tables do: 1 2 3, (1) (2) (3), 甲 乙 1 2."""
        numbers = [text.strip("()").removesuffix(".0") for text in texts]
        numbers = [text for text in numbers if text not in {"甲", "乙", "丙", "丁", "栏次"}]
        if len(numbers) < 3 or not all(text.isdecimal() and len(text) <= 3 for text in numbers):
            return False
        values = [int(text) for text in numbers]
        return values == list(range(values[0], values[0] + len(values)))

    def has_id(self, cells: list[Cell]) -> bool:
        """Whether something as long as an identity number stands where one belongs."""
        cell = self._cell(self.id_number, cells)
        if type(cell) is str:
            return bool(_LIKE_ID.search(_text(cell)))
        return type(cell) in (int, float) and cell >= 1e13

    @staticmethod
    def _cell(index: int | None, cells: list[Cell]) -> Cell:
        return cells[index] if index is not None and index < len(cells) else ""
