"""`seed_scale`: a synthetic registry of any size."""

import time

from django.core.management.base import BaseCommand, CommandError

from dashboard.demo.scale import load


class Command(BaseCommand):
    help = (
        "装入任意规模的虚构数据，用来压力测试：同一个 --seed 装出来的内容每次都一样；已经在的不重复装，"
        "中断后再运行会接着装。"
        "组织按四川的市县建行业党委，其余是支部。退出码：0 完成；2 参数不对。"
    )

    def add_arguments(self, parser):
        parser.add_argument("--drivers", type=int, default=10_000, metavar="N", help="司机数，默认 10000")
        parser.add_argument("--members", type=int, metavar="N", help="其中党员数，默认司机的 4.1 %%")
        parser.add_argument(
            "--organizations", type=int, default=300, metavar="N", help="组织总数（含行业党委），默认 300"
        )
        parser.add_argument("--grievances", type=int, default=0, metavar="N", help="诉求数，默认 0")
        parser.add_argument(
            "--activities", type=int, default=0, metavar="N", help="上一年的组织生活次数（带到会名册和届期），默认 0"
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="随机种子，默认 1")

    def handle(self, *, drivers, members, organizations, grievances, activities, seed, **options):
        members = drivers * 41 // 1000 if members is None else members
        if min(drivers, members, organizations, grievances, activities, seed) < 0:
            raise CommandError("数量和种子不能是负数。", returncode=2)
        started = time.monotonic()
        try:
            loaded = load(
                drivers=drivers,
                members=members,
                organizations=organizations,
                grievances=grievances,
                activities=activities,
                seed=seed,
                tell=self._tell,
            )
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(
            f"新增组织 {loaded.organizations} 个、企业 {loaded.enterprises} 户、司机 {loaded.drivers} 人、"
            f"党员 {loaded.members} 人、诉求 {loaded.grievances} 件、活动 {loaded.activities} 次，"
            f"用时 {time.monotonic() - started:.1f} 秒。全部是虚构数据。"
        )

    def _tell(self, sentence):
        self.stderr.write(sentence)
