"""`recompute_calendar`: count the compliance calendar of a year anew, on demand; the night does the same."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from activities.workflow import recompute
from branches.models import Organization


class Command(BaseCommand):
    help = "重新数一年的组织生活完成情况：应做按规定，已做按记下的活动。数两遍结果一样。退出码：0 数完了，2 用法不对。"

    def add_arguments(self, parser):
        parser.add_argument("--year", type=int, help="年份，默认今年")
        parser.add_argument("--organization", help="只数一个组织和它的下级（代码）")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args, year, organization, **options):
        year = year or timezone.localdate().year
        if not 2018 <= year <= 2100:
            raise CommandError("年份应在 2018 到 2100 之间。", returncode=2)
        ids = None
        if organization:
            top = Organization.objects.filter(code=organization).first()
            if top is None:
                raise CommandError("没有这个代码的组织。", returncode=2)
            ids = list(Organization.objects.subtree_of(top).branches().values_list("pk", flat=True))
        counted = recompute(year, ids)
        if options["json"]:
            found = {"year": year, "lines": counted.lines, "written": counted.written, "removed": counted.removed}
            self.stdout.write(json.dumps(found))
        else:
            words = f"写入 {counted.written}，删去 {counted.removed}"
            self.stdout.write(f"{year} 年共 {counted.lines} 项（支部、种类、期间各一项），{words}")
