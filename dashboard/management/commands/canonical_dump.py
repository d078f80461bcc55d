"""`canonical_dump`: comparable text of all business rows."""

import os
import sys

from django.core.management.base import BaseCommand

from dashboard.canonical import COMMON_SALT, lines


class Command(BaseCommand):
    help = (
        "把全部业务数据写成文本，每条一行、排好序；编号、时间、版本和密文都归一，内容相同的两个库输出相同"
        "（SQLite 与 PostgreSQL 之间也是）。姓名、号码、车牌只写带盐的指纹。用默认的盐，号码可以被穷举猜出来，"
        "输出仍要当作个人信息保管；要交给别人，两边用同一个自定的 --salt。退出码：0。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--salt", default=COMMON_SALT, help="指纹用的盐；比较的两个库要用同一个")

    def handle(self, *, salt, **options):
        written = 0
        try:
            for line in lines(salt):
                self.stdout.write(line)
                written += 1
        except BrokenPipeError:  # piped into head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        if salt == COMMON_SALT:
            self.stderr.write(f"共 {written} 行。指纹用的是公开的默认盐：请按个人信息保管；给别人看请加 --salt。")
