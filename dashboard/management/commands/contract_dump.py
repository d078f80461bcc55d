"""`contract_dump`: JSON description of models, addresses, roles and masks."""

import json

from django.core.management.base import BaseCommand

from dashboard.contract import contract


class Command(BaseCommand):
    help = (
        "把本系统对外的约定写成 JSON：数据表、网址和参数所指的模型、角色和权限、敏感字段和打码方式、保存期限。"
        "退出码：0。"
    )

    def handle(self, *args, **options):
        self.stdout.write(json.dumps(contract(), ensure_ascii=False, indent=2))
