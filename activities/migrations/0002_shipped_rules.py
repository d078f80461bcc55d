"""The rules of the calendar as shipped: data with its article, which an administrator ends and replaces."""

from datetime import date

from django.db import migrations

FROM = date(2018, 10, 28)
REGULATION = "《中国共产党支部工作条例（试行）》{}（据二手资料，请核对原文）"
LOCAL = "全国没有统一次数；出厂值，请按本地规定改"
MOBILE = "中办《关于进一步加强和改进流动党员管理工作的意见》（2024年11月，据二手资料，请核对原文）；"
PLACED = ["branch", "enterprise_branch", "joint_branch"]
# Members on the road meet online; a cloud branch holds nobody's formal affiliation, so it neither votes nor appraises.
ROAD = ["mobile_branch"]
CLOUD = ["cloud_branch"]
# kind, frequency, condition, online counts in branches of a place, kinds beside PLACED, rule, article
RULES = [
    ("member_assembly", "quarter", "always", False, ROAD, "党员大会一般每季度召开 1 次", "第十一条"),
    ("committee_meeting", "month", "has_committee", True, ROAD, "支委会一般每月召开 1 次", "第十二条"),
    ("group_meeting", "month", "has_groups", True, ROAD, "党小组会一般每月召开 1 次", "第十三条"),
    ("theme_day", "month", "always", True, ROAD + CLOUD, "每月相对固定 1 天开展主题党日", "第十六条"),
    ("party_lecture", "quarter", "always", True, ROAD + CLOUD, "每季度上 1 次党课", ""),
    ("organisational_life_meeting", "year", "always", False, ROAD, "组织生活会每年至少召开 1 次，一般在第四季度", "第十七条"),
    ("appraisal", "year", "always", False, ROAD, "民主评议党员一般每年开展 1 次", "第十八条"),
    ("heart_talk", "year", "always", True, ROAD, "谈心谈话每年一般不少于 1 次", "第十九条"),
]


def load(apps, schema_editor):
    """Write the rules when there are none."""
    rule = apps.get_model("activities", "ComplianceRule")
    if rule.objects.exists():
        return
    rows = []
    for kind, frequency, condition, online, others, words, article in RULES:
        source = REGULATION.format(article) if article else LOCAL
        values = {"kind": kind, "frequency": frequency, "condition": condition, "from_date": FROM, "rule": words}
        rows.append(rule(organization_kinds=PLACED, online_counts=online, source=source, **values))
        rows.append(
            rule(
                organization_kinds=others,
                online_counts=True,
                source=f"{MOBILE}{source}"[:200],
                **values | {"rule": f"{words}；在路上的党员可以线上参加"},
            )
        )
    rule.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_activities_and_calendar")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
