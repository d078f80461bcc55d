"""`verify_audit`: exit 0 when the trail is whole, 1 with the first thing that is wrong, 2 for wrong use."""

import json
import re
import sys

from django.core.management.base import BaseCommand, CommandError

from foundation.audit.sealing import Head, verify


class Command(BaseCommand):
    help = "核对审计链条。退出码：0 完好；1 有问题（说明第一条有问题的记录）；2 用法不对。"

    def add_arguments(self, parser):
        parser.add_argument(
            "--anchor", metavar="序号:封印", help="anchor_audit 以前打印的一行，可重复", action="append"
        )
        parser.add_argument("--json", action="store_true", help="用 JSON 输出")

    def handle(self, *args, anchor, **options):
        anchors = [self._anchor(text) for text in anchor or []]
        outcomes = [verify(anchor=known) for known in anchors or [None]]
        outcome = next((one for one in outcomes if one.problem), outcomes[0])
        problem = outcome.problem
        if options["json"]:
            found = problem and {
                "kind": problem.kind,
                "sequence": problem.sequence,
                "entry": problem.entry_id,
                "message": problem.sentence,
            }
            answer = {"checked": outcome.checked, "head": str(outcome.head), "problem": found}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif problem:
            self.stdout.write(f"审计链条有问题（{problem.kind}）：{problem.sentence}")
        else:
            self.stdout.write(f"审计链条完好：核对了 {outcome.checked} 条，末端 {outcome.head}")
        if problem:
            sys.exit(1)

    def _anchor(self, text):
        match = re.fullmatch(r"([0-9]+):([0-9a-f]{64})(?:\s.*)?", text.strip())
        if not match:
            raise CommandError("锚点的写法不对，应为“序号:封印”，照抄 anchor_audit 打印的那一行。", returncode=2)
        return Head(int(match[1]), match[2])
