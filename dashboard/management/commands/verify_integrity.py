"""`verify_integrity`: exit 0 when every invariant holds, 1 with what is wrong."""

import json
import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from dashboard.integrity import NOT_YET, verify


class Command(BaseCommand):
    help = (
        "核对全库的不变量：组织树、唯一性、引用、组织关系恰好一个、检索名和盲索引、导入守恒、任职互斥、审计链条。"
        "只读，不改任何数据。退出码：0 都对；1 有不对的（逐条说明）。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="用 JSON 输出")

    def handle(self, *args, **options):
        outcomes = verify(timezone.now())
        found = sum(outcome.count for outcome in outcomes)
        if options["json"]:
            answer = {
                "problems": found,
                "checks": [
                    {"check": one.check, "label": one.label, "problems": one.count, "examples": list(one.sentences)}
                    for one in outcomes
                ],
                "not_yet": NOT_YET,
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            for outcome in outcomes:
                self.stdout.write(f"{'✗' if outcome.count else '✓'} {outcome.label}：{outcome.count} 处不对")
                for sentence in outcome.sentences:
                    self.stdout.write(f"    {sentence}")
                if outcome.count > len(outcome.sentences):
                    self.stdout.write(f"    还有 {outcome.count - len(outcome.sentences)} 处")
            self.stdout.write(f"这一版还没有的：{'、'.join(NOT_YET.values())}")
        if found:
            sys.exit(1)
