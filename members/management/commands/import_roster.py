"""`import_roster FILE --organization CODE`: the roster pipeline from the command line."""

import time
from pathlib import Path

import orjson
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from branches.models import Organization
from foundation.accounts.models import User
from members.choices import Fate, ImportStatus
from members.models import RosterImport, RosterMapping, RosterRow
from members.roster.fields import BY_CODE
from members.roster.read import RosterRefused
from members.workflow.import_run import run_to_end
from members.workflow.imports import braked_fields, request_cancel, upload

GOOD, FOUND, WRONG_USE = 0, 1, 2


class Command(BaseCommand):
    help = (
        "导入一份司机花名册：读取、检查、计划、写入。"
        "退出码：0 全部写入；1 有行被拒绝，或有字段等待确认（此时什么也没写）；2 文件或参数不对。"
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="花名册文件（xlsx、xls、xlsb、ods、csv、txt）")
        parser.add_argument("--organization", required=True, metavar="CODE", help="导入到哪个委员会（代码）")
        parser.add_argument("--as", dest="user", metavar="USER", help="以谁的权限导入（用户名）；不写就是系统")
        parser.add_argument("--dry-run", action="store_true", help="只算计划，不写入")
        parser.add_argument("--json", action="store_true", help="结果写成 JSON")
        parser.add_argument("--errors", type=Path, metavar="OUT.xlsx", help="把被拒绝的行和原因写成批注表")
        parser.add_argument("--mapping", metavar="NAME", help="使用保存过的列对应")
        parser.add_argument(
            "--accept",
            action="extend",
            nargs="+",
            default=[],
            metavar="FIELD",
            help="同意这些字段大面积改动（可写几个，也可重复；放在文件名后面）",
        )

    def handle(self, *, file, organization, user, dry_run, errors, mapping, accept, **options):
        started = time.monotonic()
        place = Organization.objects.running().filter(code=organization).first()
        if place is None:
            raise CommandError(
                f"没有代码为 {organization} 的组织，请先用 load_organizations 载入。", returncode=WRONG_USE
            )
        actor = None
        if user is not None:
            actor = User.objects.filter(username=user.lower(), is_active=True).first()
            if actor is None:
                raise CommandError(f"没有用户名为 {user} 的启用账号。", returncode=WRONG_USE)
        if unknown := sorted(set(accept) - set(BY_CODE)):
            known = "、".join(BY_CODE)
            raise CommandError(f"--accept {unknown[0]}：没有这个字段。可以写：{known}", returncode=WRONG_USE)
        columns = self._mapping(place, mapping)
        try:
            with file.open("rb") as content:
                batch = upload(
                    actor,
                    place,
                    content,
                    file.name,
                    apply_at_once=not dry_run,
                    accepted_fields=accept,
                    mapping=columns,
                    wake_worker=False,
                )
        except OSError as error:
            raise CommandError(f"打不开 {file.name}：{error.strerror}。请检查路径。", returncode=WRONG_USE) from error
        except RosterRefused as refused:
            raise CommandError(refused.sentence, returncode=WRONG_USE) from refused
        except PermissionDenied as error:
            raise CommandError(
                f"{user} 不能向 {organization} 导入名册：不在他的权限里。", returncode=WRONG_USE
            ) from error
        batch = run_to_end(batch.pk)
        if batch.status == ImportStatus.FAILED:
            raise CommandError(batch.failure, returncode=WRONG_USE)
        waiting = [] if dry_run else (braked_fields(batch) if batch.status == ImportStatus.PREVIEW else [])
        if errors is not None:
            from members.roster.report import write_rejected

            write_rejected(batch, errors)
        result = outcome(batch, seconds=time.monotonic() - started)
        result["waiting_for"] = waiting
        if batch.status == ImportStatus.PREVIEW:
            request_cancel(None, batch)
        if options["json"]:
            self.stdout.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
        else:
            self._say(batch, result, dry_run=dry_run)
        if result["rejected"] or waiting:
            raise SystemExit(FOUND)

    @staticmethod
    def _mapping(place: Organization, name: str | None) -> dict[str, str]:
        if name is None:
            return {}
        found = RosterMapping.objects.filter(organization=place, name=name).first()
        if found is None:
            raise CommandError(f"这个组织没有名为“{name}”的列对应。", returncode=WRONG_USE)
        return found.columns

    def _say(self, batch: RosterImport, result: dict, *, dry_run: bool) -> None:
        counts = "，".join(f"{fate.label} {result[fate.value]}" for fate in Fate)
        state = "计划" if dry_run or batch.status == ImportStatus.PREVIEW else "已写入"
        self.stdout.write(
            f"{batch.file_name}：{state}。共 {result['rows']} 行：{counts}；提醒 {result['warnings']} 条。"
        )
        if result["unknown_columns"]:
            self.stdout.write(f"没有用到的列：{'、'.join(result['unknown_columns'])}")
        for error in result["errors"][:50]:
            where = f"{error['sheet']} 第 {error['row']} 行" if error["sheet"] else f"第 {error['row']} 行"
            self.stdout.write(f"  {where}，{error['column']}：{error['message']}")
        if len(result["errors"]) > 50:
            self.stdout.write(f"  还有 {len(result['errors']) - 50} 条，用 --errors 写成表格看。")
        for code in result["waiting_for"]:
            share = result["field_changes"][code]
            self.stdout.write(
                f"“{BY_CODE[code].label}”会改动 {share} 人，占三成以上，什么也没有写入。核对后加 --accept {code}。"
            )


def outcome(batch: RosterImport, *, seconds: float) -> dict:
    """Return the result of a batch as the contract describes it. One query over its rows with remarks."""
    named: dict[str, str] = {}
    unknown: list[str] = []
    for table in batch.columns:
        for column in table["columns"]:
            if column["field"]:
                named.setdefault(column["label"], column["field"])
            elif column["label"] and column["left_out"] != "ours" and column["label"] not in unknown:
                unknown.append(column["label"])
    found: dict[str, list[dict]] = {"errors": [], "warnings": []}
    rows = RosterRow.objects.filter(roster_import=batch).order_by("ordinal")
    for sheet, row, errors, warnings in rows.values_list("sheet", "row", "errors", "warnings").iterator(
        chunk_size=5000
    ):
        for key, remarks in (("errors", errors), ("warnings", warnings)):
            found[key] += [
                {"sheet": sheet, "row": row, "column": column, "code": code, "message": message}
                for column, code, message in remarks
            ]
    return {
        "batch": batch.pk,
        "status": batch.status,
        "rows": batch.rows,
        "created": batch.created,
        "updated": batch.updated,
        "unchanged": batch.unchanged,
        "rejected": batch.rejected,
        "warnings": batch.warnings,
        "seconds": round(seconds, 3),
        "columns": named,
        "unknown_columns": [label for label in unknown if label not in named],
        "field_changes": batch.field_changes,
        "errors": found["errors"],
        "warning_list": found["warnings"],
    }
