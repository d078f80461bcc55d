"""`seed_demo`: the demo of the five cities; `--sign-ins` only prints who may sign in."""

import time

from django.core.management.base import BaseCommand, CommandError

from dashboard.demo.accounts import sign_ins
from dashboard.demo.load import InUse, is_loaded, load_demo


class Command(BaseCommand):
    help = (
        "装入演示数据：苏州、攀枝花、四川（成都）、一个货运平台、东营，人员和企业全部虚构。几秒钟；已经装过就什么也不做。"
        "演示账号的密码是公开的，已经有人任职的库要加 --force 才装。退出码：0 完成；2 库里已经有人任职。"
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--sign-ins", "--print", action="store_true", dest="sign_ins", help="不装数据，只显示演示账号"
        )
        parser.add_argument("--force", action="store_true", help="库里已经有人任职也装（不要用在正式环境）")

    def handle(self, *, sign_ins: bool, force: bool, **options):
        if sign_ins:
            self._print_sign_ins()
            return
        started = time.monotonic()
        try:
            loaded = load_demo(force=force)
        except InUse as error:
            raise CommandError(str(error), returncode=2) from error
        if not loaded.appointments:
            self.stdout.write("演示数据已经在库里，没有改动。")
            return
        self.stdout.write(
            f"装入组织 {loaded.organizations} 个、任职 {loaded.appointments} 项、司机 {loaded.drivers} 人、"
            f"党员 {loaded.members} 人，用时 {time.monotonic() - started:.1f} 秒。全部是虚构数据；"
            "演示账号见 seed_demo --sign-ins。"
        )

    def _print_sign_ins(self):
        # Where the demo is not loaded, these accounts do not exist: nothing to print.
        if is_loaded():
            self.stdout.write(sign_ins())
