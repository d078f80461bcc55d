"""The navigation: one table. An entry is shown when its page exists and its reader may open it."""

from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import NoReverseMatch, reverse

from branches.capabilities import Capability
from grievances.lists.worklist import late_here


@dataclass(frozen=True)
class Entry:
    """One line of the navigation; `needs` empty means everybody who is signed in."""

    label: str
    icon: str
    url_name: str
    needs: tuple[Capability, ...] = ()
    staff: bool = False
    about: str = ""
    waiting: str = ""  # a number beside it: "late grievances" counts those of one's own unit


SEARCHED = (
    Capability.DRIVER_VIEW,
    Capability.ORGANIZATION_VIEW,
    Capability.ENTERPRISE_VIEW,
    Capability.VEHICLE_VIEW,
)

GROUPS: tuple[tuple[Entry, ...], ...] = (
    (
        Entry("工作台", "house", "dashboard:home"),
        Entry("通知", "bell", "notifications:list", about="有事要办、办了有结果"),
        Entry("司机", "people", "members:driver_list", (Capability.DRIVER_VIEW,), about="查找、筛选、看登记"),
        Entry(
            "党员",
            "person-badge",
            "members:member_list",
            (Capability.PARTY_MEMBER_VIEW,),
            about="组织关系、编入支部、转接、打电话",
        ),
        Entry(
            "发展党员",
            "person-plus",
            "members:development_list",
            (Capability.DEVELOPMENT_VIEW,),
            about="入党申请、25 步、几时能办、该谁办",
        ),
        Entry(
            "党费",
            "cash-coin",
            "members:dues_list",
            (Capability.DUES_VIEW,),
            about="谁交了、交到哪个月；只登记，不收钱",
        ),
        Entry(
            "民主评议", "clipboard-data", "members:appraisal_list", (Capability.APPRAISAL_VIEW,), about="每年一次的结果"
        ),
        Entry(
            "联系司机",
            "telephone",
            "members:contact_list",
            (Capability.CONTACT_PAIR_VIEW,),
            about="哪位党员联系哪位司机，打电话、记一下",
        ),
        Entry(
            "党员核查",
            "person-check",
            "members:verification_list",
            (Capability.VERIFICATION_VIEW,),
            about="双查四核：线索、查核、确认",
        ),
        Entry(
            "自愿亮身份",
            "megaphone",
            "members:declaration_list",
            (Capability.DECLARATION_VIEW,),
            about="红色征集令收到的，转入核查或答复",
        ),
        Entry(
            "组织",
            "diagram-3",
            "branches:organization_list",
            (Capability.ORGANIZATION_VIEW,),
            about="上下级、任职、指导关系",
        ),
        Entry(
            "企业", "building", "members:enterprise_list", (Capability.ENTERPRISE_VIEW,), about="登记的企业和组织覆盖"
        ),
        Entry("车辆", "truck", "members:vehicle_list", (Capability.VEHICLE_VIEW,), about="车牌、车型、谁在开"),
    ),
    (
        Entry(
            "组织生活",
            "calendar3",
            "activities:list",
            (Capability.ACTIVITY_VIEW,),
            about="三会一课、主题党日，计划、名册、记录",
        ),
        Entry(
            "完成情况",
            "clipboard-check",
            "activities:calendar",
            (Capability.ACTIVITY_VIEW,),
            about="哪个支部这个月还缺什么",
        ),
        Entry(
            "指导员",
            "person-check",
            "activities:instructors",
            (Capability.ACTIVITY_VIEW,),
            about="谁联系哪些支部、走访、发现的问题",
        ),
        Entry(
            "联席会议",
            "people",
            "activities:conference_list",
            (Capability.JOINT_CONFERENCE_VIEW,),
            about="几个部门一起议的事，谁牵头、几时办完",
        ),
        Entry(
            "诉求",
            "chat-left-text",
            "grievances:list",
            (Capability.GRIEVANCE_VIEW,),
            about="谁在等、几时到期、下一步",
            waiting="late grievances",
        ),
        Entry(
            "登记诉求",
            "chat-left-text",
            "grievances:lodge",
            (Capability.GRIEVANCE_LODGE_FOR_DRIVER,),
            about="司机说难处，替他登记；草稿",
        ),
        Entry(
            "专项整治",
            "flag",
            "grievances:campaign_list",
            (Capability.GRIEVANCE_ASSIGN, Capability.GRIEVANCE_SUPERVISE),
            about="同一类诉求几个部门一起办",
        ),
        Entry(
            "时限和类别",
            "clock-history",
            "grievances:policy_keep",
            (Capability.SLA_POLICY_CHANGE,),
            about="诉求的时限规定、类别",
        ),
        Entry(
            "诉求台账",
            "journal-text",
            "grievances:ledger",
            (Capability.GRIEVANCE_VIEW,),
            about="受理了的诉求，筛选、导出、抽查",
        ),
        Entry(
            "诉求统计",
            "bar-chart",
            "grievances:figures",
            (Capability.STATISTICS_VIEW,),
            about="响应率、解决率、满意率，点开就是那些诉求",
        ),
        Entry(
            "热线工单",
            "telephone",
            "grievances:hotline",
            (Capability.GRIEVANCE_ACCEPT,),
            about="12328、12345 的工单按文件登记",
        ),
    ),
    (
        Entry(
            "名册导入",
            "upload",
            "members:import_list",
            (Capability.ROSTER_IMPORT_VIEW,),
            about="把 Excel 花名册变成登记",
        ),
        Entry(
            "导出", "download", "members:export_list", (Capability.EXPORT_JOB_VIEW,), about="正在生成和可以下载的文件"
        ),
        Entry(
            "登记转移",
            "arrow-repeat",
            "members:registration_list",
            (Capability.DRIVER_CLAIM_REGISTRATION,),
            about="认领别处登记的司机、放行和裁定",
        ),
    ),
    (
        Entry(
            "任职与空缺",
            "person-badge",
            "branches:appointment_list",
            (Capability.APPOINTMENT_VIEW,),
            about="谁在哪里任职、哪里空缺",
        ),
        Entry("用户", "person-gear", "branches:user_list", (Capability.USER_VIEW,), about="谁有账号、能不能登录"),
        Entry(
            "通知投递",
            "send",
            "notifications:deliveries",
            (Capability.NOTIFICATION_RESEND,),
            about="没有发出去的短信、邮件，重发",
        ),
        Entry("审计", "shield-check", "dashboard:audit", (Capability.AUDIT_ENTRY_VIEW,), about="谁在什么时候做了什么"),
        Entry("管理后台", "table", "admin:index", staff=True, about="登记表、参考表和系统表"),
    ),
)


def has(request, capability: Capability) -> bool:
    """Return whether the reader holds a capability anywhere. At most the one query of `request.reach`."""
    reach = getattr(request, "reach", None)
    return reach is not None and reach.has(capability)


def may_search(request) -> bool:
    """Return whether the search box could find the reader anything. At most the one query of `request.reach`."""
    return any(has(request, capability) for capability in SEARCHED)


def navigation(request) -> list[list[dict]]:
    """Return groups of {label, icon, url, current, about, late} for the reader; empty groups are left out.

    `late` is a number to show, 0 for none: counted on the pages of grievances only, by one query.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    groups = []
    for group in GROUPS:
        lines = []
        for entry in group:
            if entry.staff and not user.is_staff:
                continue
            if entry.needs and not any(has(request, capability) for capability in entry.needs):
                continue
            try:
                url = reverse(entry.url_name)
            except NoReverseMatch:  # its app has not opened this door yet
                continue
            line = {"label": entry.label, "icon": entry.icon, "url": url, "current": False, "about": entry.about}
            # Only where one is at it: elsewhere the lists have their twelve queries already.
            lines.append(line | {"late": _late(request) if entry.waiting and request.path.startswith(url) else 0})
        if lines:
            groups.append(lines)
    _mark_current(request.path, groups)
    return groups


def _late(request) -> int:
    """Return how many grievances of the reader's own unit are late, counted once per request, at most 100."""
    known = getattr(request, "late_grievances", None)
    if known is None:
        known = late_here(request.reach, request.reach.at)
        request.late_grievances = known
    return known


def _mark_current(path: str, groups: list[list[dict]]) -> None:
    # The longest address that starts the path wins, so /drivers/3/ lights up 司机 and / only itself.
    fitting = [
        line
        for lines in groups
        for line in lines
        if path == line["url"] or (line["url"] != "/" and path.startswith(line["url"]))
    ]
    if fitting:
        max(fitting, key=lambda line: len(line["url"]))["current"] = True


def sign_in_required(view):
    """Send who is not signed in to the sign-in page; an htmx caller gets 401."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if getattr(request, "htmx", False):
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")

    return guarded
