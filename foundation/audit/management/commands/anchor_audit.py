"""`anchor_audit`: print the head of the chain, to be kept outside this system."""

from django.core.management.base import BaseCommand

from foundation.audit.sealing import head
from foundation.audit.tasks import seal_audit_trail


class Command(BaseCommand):
    help = (
        "打印审计链条的当前末端“序号:封印 时间”。把它抄到系统以外（另一台机器、纸面），"
        "以后用 verify_audit --anchor 序号:封印 核对，能发现末尾的记录被删或整条链被重做。"
    )

    def handle(self, *args, **options):
        seal_audit_trail()
        newest = head()
        self.stdout.write(f"{newest} {newest.at.isoformat(timespec='seconds') if newest.at else '-'}")
