"""`appoint USERNAME ROLE --organization CODE`: the first administrators of an installation, by the system itself."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from branches import workflow
from branches.choices import AppointmentSource, Role
from branches.models import Organization
from foundation.accounts.models import User


class Command(BaseCommand):
    help = (
        "任命一个用户；没有这个用户就开通账号，并给出一次性验证码。只在安装时用：日常任命在网页上办。"
        "退出码：0 已办好，1 规则不允许，2 用法不对。"
    )

    def add_arguments(self, parser):
        parser.add_argument("username", help="用户名")
        parser.add_argument("role", choices=Role.values, help="角色")
        parser.add_argument("--organization", required=True, help="组织代码")
        parser.add_argument("--name", default="", help="姓名（新账号必填）")

    def handle(self, *args, username, role, organization, name, **options):
        place = Organization.objects.filter(code=organization).first()
        if place is None:
            raise CommandError(f"没有代码为 {organization} 的组织。", returncode=2)
        user = User.objects.filter(username=username).first()
        if user is None and not name:
            raise CommandError("这是一个新账号，请用 --name 写姓名。", returncode=2)
        source = AppointmentSource.DELEGATED
        try:
            if user is None:
                user, _ = workflow.add_user(
                    username=username, name=name, organization=place, role=role, source=source, actor=None
                )
                code = workflow.issue_reset_code(user, actor=None)
                self.stdout.write(f"账号 {user.username} 的一次性验证码：{code}（24 小时内有效，只显示这一次）")
            else:
                workflow.appoint(user, place, role, source=source, actor=None)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=1) from error
        self.stdout.write(f"{user.name}（{user.username}）：{place.short_name} {Role(role).label}")
