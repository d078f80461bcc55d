"""`create_field_keys PATH`: a new key file, for an installation on PostgreSQL."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from foundation.protection.keyring import create_key_file


class Command(BaseCommand):
    help = (
        "新装系统时生成字段加密密钥文件（权限 0600）。已有的文件不会被改动。"
        "请把它和数据库分开备份：丢了它，身份证号、电话、住址再也打不开。"
    )
    requires_system_checks = []  # the missing file is what the checks complain about

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path, help="文件位置，应与 FIELD_KEY_FILE 相同")

    def handle(self, *args, path, **options):
        try:
            created = create_key_file(path)
        except OSError as error:
            raise CommandError(f"密钥文件写不进去：{error.strerror}。请检查目录和权限。", returncode=2) from error
        if not created:
            raise CommandError(f"{path.name} 已经存在，没有改动。", returncode=1)
        self.stdout.write(f"已生成 {path.name}。请立即另存一份备份，与数据库备份分开保管。")
