"""`rotate_keys`: a new data key, all values sealed with it. Here and not in protection, because it is put on record."""

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from foundation.audit.trail import record
from foundation.protection import rotation
from foundation.protection.keyring import reload_keyring


class Command(BaseCommand):
    help = (
        "更换字段加密密钥：生成新密钥，把所有加密值换成用新密钥加密。可以随时中断，再运行一次会接着做。"
        "索引密钥不更换。退出码：0 完成；1 有打不开的值，或旧密钥还不能删；2 用法不对。"
        "删除旧密钥后，更早的备份必须连同当时的密钥文件一起才能恢复。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--to", metavar="编号", default="", help="新密钥的编号，默认 k2、k3 …")
        parser.add_argument("--forget", metavar="编号", help="从密钥文件删除一把已不再使用的旧密钥")
        parser.add_argument("--chunk", type=int, default=1000, help="每个事务处理多少行，默认 1000")

    def handle(self, *args, to, forget, chunk, **options):
        if chunk < 1 or (to and forget):
            raise CommandError("--chunk 至少是 1；--to 和 --forget 不能同时用。", returncode=2)
        if forget:
            self._forget(forget)
        else:
            self._rotate(to, chunk)

    def _rotate(self, to, chunk):
        current = reload_keyring().current
        if to == current or (not to and rotation.is_unfinished()):
            self.stdout.write(f"接着上次做：换用密钥 {current}")
        else:
            try:
                current = rotation.add_key(rotation.key_file(), to)
            except ValueError as error:
                raise CommandError(str(error), returncode=2) from error
            with transaction.atomic():
                record("keys.rotate", None, actor=None, details={"key": current})
            self.stdout.write(f"新密钥 {current} 已启用")
        outcome = rotation.reseal_all(chunk, self._tell)
        self.stdout.write(f"换了 {outcome.resealed} 个值")
        if outcome.broken:
            places = "、".join(f"{table} 编号 {pk}" for table, pk in outcome.broken[:20])
            raise CommandError(f"有 {len(outcome.broken)} 个值打不开，没有改动：{places}", returncode=1)
        old = [kid for kid in reload_keyring().keys if kid != current]
        if old:
            self.stdout.write(f"旧密钥 {'、'.join(old)} 还在文件里。确认无误、备份之后可用 --forget 删除。")

    def _tell(self, place, count):
        self.stdout.write(f"  {place.table}.{place.column}: {count}")

    def _forget(self, kid):
        try:
            rotation.forget_key(rotation.key_file(), kid)
        except LookupError as error:
            raise CommandError(str(error.args[0]), returncode=2) from error
        except RuntimeError as error:
            raise CommandError(str(error), returncode=1) from error
        with transaction.atomic():
            record("keys.forget", None, actor=None, details={"key": kid})
        self.stdout.write(f"旧密钥 {kid} 已删除")
