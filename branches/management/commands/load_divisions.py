"""`load_divisions FILE`: create or update divisions by code; none is ever deleted."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from branches.models import Division
from branches.reference import Unreadable, division_values, rows_of
from foundation.audit import trail

ORDER = {"province": 0, "prefecture": 1, "county": 2}


class Command(BaseCommand):
    help = (
        "载入行政区划：列 code、name、level、parent，可选 valid_from、valid_until、successor。"
        "按代码新建或更新，不删除；文件里没有的区划保持原样。退出码：0 已写入，1 有错的行、什么都没写，2 文件读不了。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="CSV 文件")

    def handle(self, *args, file, **options):
        try:
            rows = rows_of(file, ("code", "name", "level", "parent"))
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        stored = Division.objects.in_bulk()
        found, errors = division_values(rows, stored)
        if errors:
            for line, code, sentence in errors:
                self.stdout.write(f"第 {line} 行 {code}：{sentence}")
            self.stdout.write(f"{len(errors)} 行有错，什么都没有写入。")
            raise SystemExit(1)
        found.sort(key=lambda values: (ORDER[values["level"]], values["code"]))
        successors = {values["code"]: values.pop("successor_id", None) for values in found}
        created = sum(values["code"] not in stored for values in found)
        with transaction.atomic():
            for values in found:
                Division.objects.update_or_create(code=values["code"], defaults=values)
            for code, successor in successors.items():
                if successor:
                    Division.objects.filter(pk=code).update(successor=successor)
            trail.record(
                "division.loaded", None, actor=None, details={"created": created, "updated": len(found) - created}
            )
        self.stdout.write(f"{len(found)} 个区划：新建 {created}，已有 {len(found) - created}")
