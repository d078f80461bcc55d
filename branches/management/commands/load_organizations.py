"""`load_organizations FILE.csv [--json]`: create or update organisations by code, all or nothing."""

import json
import time
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from branches.reference import Unreadable, rows_of
from branches.workflow.loading import COLUMNS, OPTIONAL, load_organizations


class Command(BaseCommand):
    help = (
        "载入组织：列 code、name、parent，可选 short_name、kind、level、division。"
        "按 code 新建或更新，有一行错就全不写。"
        "退出码：0 全部写入，1 有错的行、什么都没写，2 文件读不了。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV 文件，UTF-8 或 GB18030")
        parser.add_argument("--json", action="store_true", help="结果写成一行 JSON")

    def handle(self, *args, file, **options):
        begun = time.monotonic()
        try:
            rows = rows_of(file, COLUMNS)
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        loaded = load_organizations(rows)
        unknown = sorted({name for _, cells in rows for name in cells} - {*COLUMNS, *OPTIONAL, ""})
        result = asdict(loaded)
        if loaded.errors:
            result |= {"created": 0, "updated": 0, "unchanged": 0}
        result |= {"unknown_columns": unknown, "seconds": round(time.monotonic() - begun, 2)}
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            self._say(result)
        if loaded.errors:
            raise SystemExit(1)

    def _say(self, result: dict) -> None:
        for error in result["errors"]:
            self.stdout.write(f"第 {error['row']} 行 {error['code']}：{error['message']}")
        if result["unknown_columns"]:
            self.stdout.write(f"没有用到的列：{'、'.join(result['unknown_columns'])}")
        if result["errors"]:
            self.stdout.write(f"{len(result['errors'])} 行有错，什么都没有写入。改好后重新载入。")
        else:
            self.stdout.write(
                f"{result['rows']} 行：新建 {result['created']}，更新 {result['updated']}，不变 {result['unchanged']}"
            )
