"""`undo_import BATCH`: take a roster import back."""

import orjson
from django.core.management.base import BaseCommand, CommandError

from members.choices import ImportStatus
from members.models import RosterImport, RosterResult, RosterRow
from members.roster.undo import CHANGED
from members.workflow.import_run import run_to_end
from members.workflow.imports import NotReady, request_undo

FOUND, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = "撤销一次名册导入；之后改过的行跳过并列出。退出码：0 全部撤销；1 有行跳过；2 不能撤销。"

    def add_arguments(self, parser):
        parser.add_argument("batch", type=int, help="导入编号")
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *, batch, **options):
        found = RosterImport.objects.filter(pk=batch).first()
        if found is None:
            raise CommandError(f"没有编号为 {batch} 的导入。", returncode=WRONG_USE)
        try:
            request_undo(None, found)
        except NotReady as refusal:
            raise CommandError(str(refusal), returncode=WRONG_USE) from refusal
        found = run_to_end(found.pk)
        if found.status != ImportStatus.UNDONE:
            raise CommandError("撤销没有完成，后台会接着做。", returncode=WRONG_USE)
        results = RosterResult.objects.filter(roster_import=found)
        skipped = set(results.filter(undone=CHANGED).values_list("ordinal", flat=True))
        rows = RosterRow.objects.filter(roster_import=found, ordinal__in=skipped).order_by("ordinal")
        left = [{"sheet": sheet, "row": row} for sheet, row in rows.values_list("sheet", "row")]
        if options["json"]:
            body = {"batch": found.pk, "undone": results.count() - len(skipped), "skipped": len(skipped), "rows": left}
            self.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write(f"已撤销 {results.count() - len(skipped)} 行，{len(skipped)} 行之后改过，没有动。")
            for place in left:
                self.stdout.write(f"  {place['sheet']} 第 {place['row']} 行")
        if skipped:
            raise SystemExit(FOUND)
