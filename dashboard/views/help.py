"""使用手册: short pages beside each task. Words only, no query."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from branches.choices import Role
from dashboard.forms import FeedbackForm


@dataclass(frozen=True)
class Topic:
    """One help page: templates/dashboard/help/<slug>.html."""

    slug: str
    title: str
    summary: str
    icon: str


TOPICS = (
    Topic("sign-in", "登录和密码", "第一次登录、动态验证码、忘记密码、被锁住怎么办", "key"),
    Topic("desk", "工作台", "每个数是怎么数出来的，点开是什么", "house"),
    Topic("roster-import", "导入名册：一步一步", "拖进文件、核对列、核对计划、写入、下载批注表", "upload"),
    Topic("roster-columns", "名册里的列", "认得哪些列名，每列怎么填，日期有几种写法", "table"),
    Topic("roster-errors", "拒绝和提醒的原因", "每个原因是什么意思、怎么改", "exclamation-triangle"),
    Topic("roster-undo", "撤销一批导入", "撤销会做什么，哪些行撤不掉", "arrow-counterclockwise"),
    Topic("search", "查找", "姓名、拼音首字母、车牌、电话后四位、身份证号", "search"),
    Topic("drivers", "司机登记", "登记、修改、认领别处登记的司机、可能重复", "people"),
    Topic("members", "党员名单和党员页面", "谁在名单里、打电话、修改、外出、出党或去世", "people"),
    Topic("placement", "把党员编入支部", "先企业支部、再流动支部；编入率怎么数", "diagram-3"),
    Topic("transfers", "转接组织关系", "起草、审核、签发介绍信、接收、回执、过期", "arrow-repeat"),
    Topic("lost-contact", "失联党员", "怎么找、几时能停止党籍、恢复和除名", "telephone"),
    Topic("development", "发展党员", "25 步谁来记、为什么还不能办、特批放行、记错了", "person-plus"),
    Topic("dues", "登记党费", "定标准、记谁交了、预交、冲正；只登记，不收钱", "cash-coin"),
    Topic("appraisals", "民主评议的结果", "一次登记、补记、更正，谁看得到", "clipboard-data"),
    Topic("member-card", "一员一卡", "发卡、换二维码、挂失、注销，别人扫码看到什么", "person-vcard"),
    Topic("contacts", "党员联系司机和骨干", "结对、打电话、记一下联系过；骨干和退役军人", "telephone"),
    Topic("verification", "党员核查（双查四核）", "线索从哪里来，谁记什么，几时能确认", "person-check"),
    Topic("recruit", "红色征集令和自愿亮身份", "发起、打印二维码、处理、撤回", "megaphone"),
    Topic("export", "导出", "导出的就是筛选出来的那些行，默认打码", "download"),
    Topic("protected-data", "看身份证号和电话", "默认打码，看一次要写理由，谁看过都有记录", "eye"),
    Topic("notifications", "通知", "在哪里看、发到哪里、夜里不打扰、每天汇总", "bell"),
    Topic("grievance-desk", "诉求待办", "谁在等、几时到期、每一页是什么", "chat-left-text"),
    Topic("grievance-case", "办一件诉求", "受理、转办、写进度、答复、回访，每一步谁办", "check2-circle"),
    Topic("grievance-limits", "诉求的时限", "从什么时候起算、工作日怎么数、几时停", "clock"),
    Topic("grievance-campaigns", "专项整治", "把同一类诉求归在一起办", "flag"),
    Topic("ledger", "诉求台账和抽查回访", "筛选、导出，按种子抽取回访名单", "journal-text"),
    Topic("grievance-figures", "诉求统计怎么数", "响应率、解决率、满意率的分子和分母", "bar-chart"),
    Topic("hotline", "热线工单", "12328、12345 的工单按文件登记", "telephone"),
    Topic("activities", "组织生活", "记一次会、安排活动、名册怎么算、补学和更正", "calendar3"),
    Topic(
        "activity-calendar", "组织生活完成情况", "应做几次是按哪条规定、已做怎么算、提醒什么时候来", "clipboard-check"
    ),
    Topic("instructors", "指导员和走访", "记一次走访、发现的问题谁来办、确认、走访几次", "person-check"),
    Topic("joint-conferences", "联席会议", "成员单位、会次、议定事项怎么跟踪、打印", "people"),
    Topic("organizations", "组织树", "谁能设在谁下面、指导关系、撤销组织", "diagram-3"),
    Topic("appointments", "任职与空缺", "任命、免职、产生方式、空缺是怎么算的", "person-badge"),
    Topic("hand-over", "离任和交接", "工作自动归谁、交接清单、确认接手", "arrow-repeat"),
    Topic("terms", "届期和换届", "登记换届、延期、什么时候提醒", "calendar3"),
    Topic("users", "开账号和一次性验证码", "给同事开账号、重设密码", "person-gear"),
    Topic("grievance", "说难处和查进度", "怎么提、查询码和口令、时限怎么算、没解决怎么办", "chat-left-text"),
    Topic("lodge-grievance", "替司机登记诉求", "找司机、从哪里来的、草稿、把查询码交给司机", "pencil"),
    Topic("audit", "审计", "记了什么、怎么查、封存是什么意思", "shield-check"),
)
BY_SLUG = {topic.slug: topic for topic in TOPICS}


def _layout(request) -> str:
    return "base.html" if request.user.is_authenticated else "base_public.html"


@require_safe
def contents(request):
    """List the help pages."""
    return render(request, "dashboard/help/contents.html", {"layout": _layout(request), "topics": TOPICS})


@require_safe
def topic(request, topic):
    """Show one help page; 404 for an unknown one."""
    found = BY_SLUG.get(topic)
    if found is None:
        raise Http404
    position = TOPICS.index(found)
    context = {
        "layout": _layout(request),
        "topic": found,
        "following": TOPICS[position + 1] if position + 1 < len(TOPICS) else None,
        "idle_minutes": settings.SESSION_COOKIE_AGE // 60,
        "largest_file": settings.ROSTER_MAX_BYTES,
        "notification_days": settings.NOTIFICATION_RETENTION_DAYS,
        "failure_limit": settings.AXES_FAILURE_LIMIT,
        "lock_minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60),
    }
    return render(request, f"dashboard/help/{found.slug}.html", context)


@require_safe
def privacy(request):
    """Say what the portal keeps about people and who may see it."""
    return render(request, "dashboard/privacy.html", {"layout": _layout(request)})


@require_safe
def design(request):
    """Show the components side by side; for developers (DEBUG) and system administrators."""
    if not settings.DEBUG and Role.SYSTEM_ADMIN not in request.reach.roles:
        raise Http404
    now = timezone.now()
    context = {
        "layout": _layout(request),
        "phone": "19000007720",
        "steps": [("上传文件", "done"), ("核对列", "now"), ("核对计划", "next"), ("写入", "next"), ("结果", "next")],
        "tabs": [
            {"label": "全部", "url": "#t", "count": 12486},
            {"label": "30 天内到期", "url": "#t", "count": 214, "current": True},
        ],
        "sizes": [{"size": 50, "url": "#t", "current": True}, {"size": 100, "url": "#t"}],
        "applied": [{"label": "司机类别：货车司机", "url": "#t"}, {"label": "实际营运", "url": "#t"}],
        "entries": [
            {"at": now, "who": "示例专干", "text": "查看电话：提醒证件到期"},
            {
                "at": now - timedelta(days=33),
                "text": "名册导入",
                "changes": [{"label": "车牌", "before": "川D7F210", "after": "川D2K907"}],
            },
        ],
        "form": FeedbackForm({"title": "", "description": "看不懂“校验码不符”"}),
    }
    return render(request, "dashboard/design.html", context)
