"""Why a file is not read at all: a code for programs, a sentence for people."""

SENTENCES: dict[str, str] = {
    "empty": "文件是空的（0 字节）。请重新导出或另存一份，再上传。",
    "too_large": "文件有 {size} MB，最多 {limit} MB。请按县区拆成几个文件，再分别上传。",
    "wrong_type": "这是{what}，不是表格。请把名册另存为 .xlsx、.xls、.ods 或 .csv，再上传。",
    "html": "这是网页（HTML）改名成的表格。请用 WPS 或 Excel 打开，另存为 .xlsx，再上传。",
    "xml": "这是 XML 表格，不是 .xlsx。请用 WPS 或 Excel 打开，另存为 .xlsx，再上传。",
    "archive": "这是压缩包。请先解压，再把里面的名册一个一个上传。",
    "macro": "文件里有宏。为了安全不读取带宏的文件，请另存为不带宏的 .xlsx，再上传。",
    "encrypted": "文件加了密码，打不开。请在 WPS 或 Excel 里取消密码，另存后再上传。",
    "bomb": "文件展开后大得不正常（{size} MB），没有读取。请把名册复制到一个新文件里，再上传。",
    "too_many_parts": "文件里有 {count} 个部件，大得不正常，没有读取。请把名册复制到一个新文件里，再上传。",
    "damaged": "文件不完整或已损坏，读不出来。请用 WPS 或 Excel 打开，另存一份新的 .xlsx，再上传。",
    "too_many_rows": "工作表“{sheet}”有 {count} 行，最多 {limit} 行。请拆成几个文件；如果没有这么多人，"
    "请按 Ctrl+End 找到最后一格，删去后面的空行，再上传。",
    "too_many_columns": "工作表“{sheet}”有 {count} 列，最多 {limit} 列。"
    "请按 Ctrl+End 找到最后一格，删去右边多余的列，再上传。",
    "too_much_memory": "读取这个文件要用的内存太多，没有读取。常见原因是很远的地方还有内容："
    "请按 Ctrl+End 找到最后一格，或者把名册复制到一个新文件里，再上传。",
    "too_slow": "读取这个文件用的时间太长，已停止。请把名册复制到一个新文件里，或者拆成几个文件，再上传。",
    "encoding_unknown": "这个文本文件的编码认不出来（不是 UTF-8，也不是 GB18030）。"
    "请用 WPS 或 Excel 打开，另存为 .xlsx，再上传。",
    "no_visible_sheet": "文件里没有可见的、有内容的工作表。"
    "隐藏的工作表不读取；如果名册在里面，请取消隐藏，保存后再上传。",
    "no_header": "没有找到表头。表头至少要有“姓名”“身份证号”这样的列名。"
    "请补上表头，或者下载模板，把名单粘贴进去，再上传。",
    "no_rows": "找到了表头，但下面一个人也没有。请填好名单再上传。",
}


class RosterRefused(Exception):
    """A file that is not read. `code` is one of SENTENCES; `sentence` says what, where and what to do."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        self.sentence = SENTENCES[code].format_map(values)
        super().__init__(self.sentence)
