"""`load_workdays YEAR FILE`: the official calendar of one whole year."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from branches.models import Workday
from branches.reference import CALENDAR_SOURCE, Unreadable, rows_of, workday_values
from foundation.audit import trail


class Command(BaseCommand):
    help = (
        "载入一年的工作日历：列 date、is_workday（1 上班、0 休息），可选 note。一年的每一天都要有，缺一天就不写。"
        "退出码：0 已写入，1 不完整或有错、什么都没写，2 文件读不了。"
    )

    def add_arguments(self, parser):
        parser.add_argument("year", type=int, help="年份，如 2027")
        parser.add_argument("file", help="CSV 文件")
        parser.add_argument("--source", default=CALENDAR_SOURCE, help="依据，如通知的名称和文号")

    def handle(self, *args, year, file, source, **options):
        if not 2000 <= year <= 2100:
            raise CommandError("年份应在 2000 到 2100 之间。", returncode=2)
        try:
            rows = rows_of(file, ("date", "is_workday"))
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        found, errors = workday_values(rows, year, source)
        if errors:
            for line, day, sentence in errors[:20]:
                self.stdout.write(f"第 {line} 行 {day}：{sentence}" if line else sentence)
            self.stdout.write("什么都没有写入。")
            raise SystemExit(1)
        with transaction.atomic():
            Workday.objects.bulk_create(
                [Workday(**values) for values in found],
                batch_size=500,
                update_conflicts=True,
                unique_fields=["date"],
                update_fields=["is_workday", "note", "source"],
            )
            trail.record("workday.loaded", None, actor=None, details={"year": year, "days": len(found)})
        working = sum(values["is_workday"] for values in found)
        self.stdout.write(f"{year} 年 {len(found)} 天，其中工作日 {working} 天")
