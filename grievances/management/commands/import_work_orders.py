"""`import_work_orders FILE --channel hotline_12328 --organization CODE`: work orders of a hotline, by command."""

from pathlib import Path

import orjson
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from branches.models import Organization
from foundation.accounts.models import User
from grievances.choices import HOTLINES, WorkOrderFate, WorkOrderStatus
from grievances.workflow.work_orders import read_to_end, rows_of, take_file

FOUND, WRONG_USE = 1, 2
SHOWN = 50


class Command(BaseCommand):
    help = (
        "登记一份 12328 或 12345 的工单：认列名、逐行登记、说清每一行的结果；同一份文件再导一次什么也不变。"
        "退出码：0 全部登记或已有；1 有行被拒绝；2 文件或参数不对。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="工单文件（xlsx、xls、ods、csv）")
        parser.add_argument("--channel", required=True, choices=sorted(HOTLINES), help="哪条热线")
        parser.add_argument("--organization", required=True, metavar="CODE", help="登记到哪个委员会（代码）")
        parser.add_argument("--as", dest="user", metavar="USER", help="以谁的权限登记（用户名）；不写就是系统")
        parser.add_argument("--dry-run", action="store_true", help="只试，不登记")
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *, file, channel, organization, user, dry_run, **options):
        place = Organization.objects.running().filter(code=organization).first()
        if place is None:
            raise CommandError(f"没有代码为 {organization} 的组织。", returncode=WRONG_USE)
        actor = None
        if user is not None:
            actor = User.objects.filter(username=user.lower(), is_active=True).first()
            if actor is None:
                raise CommandError(f"没有用户名为 {user} 的启用账号。", returncode=WRONG_USE)
        try:
            with file.open("rb") as content:
                batch = take_file(
                    actor,
                    place,
                    channel,
                    content,
                    file.name,
                    at=timezone.now(),
                    is_dry_run=dry_run,
                    wake_worker=False,
                )
        except OSError as error:
            raise CommandError(f"打不开 {file.name}：{error.strerror}。", returncode=WRONG_USE) from error
        except ValidationError as error:
            raise CommandError("；".join(error.messages), returncode=WRONG_USE) from error
        except PermissionDenied as error:
            raise CommandError(str(error), returncode=WRONG_USE) from error
        batch = read_to_end(batch.pk)
        if batch.status == WorkOrderStatus.FAILED:
            raise CommandError(batch.failure, returncode=WRONG_USE)
        counts = {fate.value: getattr(batch, fate.value) for fate in WorkOrderFate}
        rows = list(rows_of(batch))
        if options["json"]:
            result = {"batch": batch.pk, "dry_run": dry_run, "rows": batch.rows, **counts}
            result |= {"unknown_columns": batch.unknown_columns, "results": rows}
            self.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
        else:
            said = "，".join(f"{WorkOrderFate(fate).label} {number}" for fate, number in counts.items())
            self.stdout.write(
                f"{batch.file_name}{'（只试，没有登记）' if dry_run else ''}：共 {batch.rows} 行：{said}。"
            )
            if batch.unknown_columns:
                self.stdout.write(f"没有用到的列：{'、'.join(batch.unknown_columns)}")
            remarks = [(row["row"], one) for row in rows for one in row["remarks"]]
            for number, one in remarks[:SHOWN]:
                self.stdout.write(f"  第 {number} 行，{one['column']}：{one['message']}")
            if len(remarks) > SHOWN:
                self.stdout.write(f"  还有 {len(remarks) - SHOWN} 条，用 --json 看全部。")
        if batch.rejected:
            raise SystemExit(FOUND)
