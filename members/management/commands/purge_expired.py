"""`purge_expired [--dry-run]`: the daily deletion, by hand."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from members.workflow import retention


class Command(BaseCommand):
    help = (
        "删除过了保存期的内容：结束已满 ROSTER_RETENTION_DAYS 天（默认 90）的导入的逐行留底"
        "（此后不能整批撤销，批次和人数保留），过期的导出文件、登录会话、一次性验证码。"
        "后台每天自动做一次；可以随时中断，再运行会接着做。退出码：0。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="只数，不删")

    def handle(self, *, dry_run, **options):
        purged, _ = retention.purge_expired(timezone.now(), dry_run=dry_run)
        for key, number in purged.items():
            self.stdout.write(f"{retention.LABELS[key]}：{'会删' if dry_run else '已删'} {number}")
