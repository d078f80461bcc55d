"""Categories and the national limits "2252", as data that an administrator can change."""

from datetime import date, time

from django.db import migrations

# code, name, money, measure, kinds
CATEGORIES = [
    ("freight", "运费结算", True, "case_solved", [("freight_arrears", "拖欠运费"), ("freight_price", "压价和抽成"), ("freight_deposit", "押金保证金")]),
    ("wages", "工资报酬", True, "case_solved", [("wages_arrears", "拖欠工资"), ("wages_deduction", "乱扣乱罚")]),
    ("loan", "贷款购车", True, "case_solved", [("loan_trap", "套路贷、套路购车"), ("loan_contract", "车贷合同纠纷"), ("loan_repossession", "拖车扣车")]),
    ("insurance", "保险理赔", True, "case_solved", [("insurance_claim", "拒赔少赔"), ("insurance_purchase", "买不到保险")]),
    ("accident", "交通事故", True, "dispute_mediated", [("accident_damages", "事故赔偿"), ("accident_injury", "工伤认定")]),
    ("labour", "劳动纠纷", False, "dispute_mediated", [("labour_contract", "劳动合同"), ("labour_social_insurance", "社会保险")]),
    ("platform", "平台规则", False, "case_solved", [("platform_penalty", "封号处罚"), ("platform_dispatch", "派单和抽成规则")]),
    ("schooling", "子女上学", False, "other_help", [("schooling_enrolment", "入学"), ("schooling_transfer", "转学")]),
    ("parking", "停车与盗抢", False, "case_solved", [("parking_space", "停车难"), ("parking_theft", "油料货物被盗")]),
    ("passage", "道路通行", False, "case_solved", [("passage_restriction", "限行禁行"), ("passage_rescue", "救援和恶劣天气")]),
    ("enforcement", "执法监管", False, "case_solved", [("enforcement_fine", "对处罚有异议"), ("enforcement_conduct", "执法态度和程序")]),
    ("service", "服务保障", False, "case_solved", [("service_station", "服务区和站点"), ("service_licence", "证照办理")]),
    ("hardship", "生活困难", False, "other_help", [("hardship_illness", "生病和医疗"), ("hardship_family", "家庭困难")]),
    ("other", "其他", False, "other_help", []),
    ("portal_feedback", "对本网站的意见建议", False, "other_help", []),
]
MOT = "交通运输部 12328 货车司机诉求“2252”工作机制（2025年7月28日、12月23日发布，据媒体转载，请核对原文）"
LOCAL = "原文只说“立即”，没有数字；出厂值，请按本地规定改"
FROM = date(2025, 7, 28)
# clock, urgency, amount, unit, remind hours, escalates, extension days, rule, source
POLICIES = [
    ("transfer", "", 2, "hours", 1, False, 0, "2 小时内完成工单转办", MOT),
    ("progress", "", 2, "working_days", 4, False, 0, "2 个工作日内反馈办理进度", MOT),
    ("answer", "", 5, "working_days", 24, True, 5, "5 个工作日内答复处理意见", MOT),
    ("call_back", "", 2, "working_days", 4, False, 0, "办结后 2 个工作日内回访", MOT),
    ("transfer", "urgent", 15, "minutes", 0, True, 0, "救援、恶劣天气、突发疾病等紧急诉求即接、即转、即办", LOCAL),
    ("progress", "urgent", 2, "hours", 1, False, 0, "救援、恶劣天气、突发疾病等紧急诉求即接、即转、即办", LOCAL),
]


def load(apps, schema_editor):
    """Write what is not there yet."""
    category = apps.get_model("grievances", "Category")
    policy = apps.get_model("grievances", "SlaPolicy")
    for position, (code, name, money, measure, kinds) in enumerate(CATEGORIES):
        values = {"is_money": money, "measure": measure}
        main, _ = category.objects.get_or_create(
            code=code,
            defaults=values | {"name": name, "position": position * 10, "is_about_portal": code == "portal_feedback"},
        )
        for place, (kind, words) in enumerate(kinds, start=1):
            category.objects.get_or_create(
                code=kind, defaults=values | {"name": words, "parent": main, "position": position * 10 + place}
            )
    if policy.objects.exists():
        return
    policy.objects.bulk_create(
        policy(
            clock=clock,
            urgency=urgency,
            from_date=FROM,
            amount=amount,
            unit=unit,
            closes_at=time(18, 0),
            remind_hours=remind,
            escalates=escalates,
            extension_days=days,
            rule=rule,
            source=source,
        )
        for clock, urgency, amount, unit, remind, escalates, days, rule, source in POLICIES
    )


class Migration(migrations.Migration):
    dependencies = [("grievances", "0001_grievances")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
