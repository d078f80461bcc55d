"""One address per act on a case: scope, one verb, the answer. GET shows the form of the act on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches.choices import Duty
from branches.models import Organization
from branches.views.pages import form_page
from branches.workflow import office_of
from grievances import workflow
from grievances.forms import acts as forms
from grievances.lists.offices import SHOWN, taking_units
from grievances.lists.worklist import Reader
from grievances.models import Assist, Clock, Grievance
from grievances.rules import cases
from grievances.rules.acts import ACTS, HELPERS_ACT
from grievances.views.worklist import needs_view
from grievances.workflow.handling import is_helped_by


def case_or_404(request, pk: int) -> Grievance:
    """Return a case within reach, with its names; the answer for a foreign one is that of none. One query."""
    needs_view(request)
    return get_object_or_404(Grievance.objects.visible_to(request.reach).with_names(), pk=pk)


@dataclass(frozen=True)
class ActPage:
    """How an act is asked for: its form, what is said around it, and the verb it calls with the form's values."""

    form: type[forms.ActForm]
    submit: str
    success: str
    call: Callable[..., Any]
    about: str = ""
    danger: bool = False
    label: str = ""  # of the one field of a ReasonForm
    hint: str = ""


def _to_unit(verb, grievance: Grievance, *, form, actor, at, **values) -> Any:
    values.pop("unit")
    return verb(grievance, office_of(form.chosen().organization, Duty.HANDLE), actor=actor, at=at, **values)


def _merge(grievance: Grievance, *, form, number, actor, at) -> None:
    try:
        workflow.merge(grievance, number, actor=actor, at=at)
    except ValidationError as error:
        raise ValidationError({"number": error.messages}) from error


def _supervise(grievance: Grievance, *, form, demand, actor, at) -> None:
    unit = cases.supervising_unit(form.reach, grievance)
    if unit is None:
        raise PermissionDenied("督办由上级委员会的专干或负责人办。")
    organization = Organization.objects.visible_to(form.reach).get(pk=unit)
    workflow.supervise(grievance, actor=actor, organization=organization, demand=demand, at=at)


def _report_back(grievance: Grievance, *, form, report, actor, at) -> None:
    waiting = grievance.supervisions.filter(reported_at__isnull=True).select_related("grievance").order_by("at", "pk")
    for supervision in waiting:  # one report answers every order that waits
        supervision.grievance = grievance
        workflow.report_on_supervision(supervision, actor=actor, report=report, at=at)
    if not waiting:
        raise ValidationError("现在没有要回报的督办。")


def _plain(verb, grievance: Grievance, *, form, **values) -> Any:
    return verb(grievance, **values)


PAGES: dict[str, ActPage] = {
    "accept": ActPage(
        forms.AcceptForm,
        "受理，列入台账",
        "已受理，列入台账",
        partial(_plain, workflow.accept),
        "受理以后由三个岗位负责：有人问、有人办、有人管。诉求人会收到消息。",
    ),
    "refuse": ActPage(
        forms.RefuseForm, "不予受理", "已告诉诉求人不予受理", partial(_plain, workflow.refuse), danger=True
    ),
    "assign": ActPage(forms.AssignForm, "转过去", "已转办", partial(_to_unit, workflow.assign)),
    "report": ActPage(
        forms.PublicTextForm, "发给诉求人", "进度已发给诉求人", partial(_plain, workflow.report_progress)
    ),
    "answer": ActPage(
        forms.AnswerForm,
        "提交答复",
        "已答复，接下来由别的岗位回访",
        partial(_plain, workflow.answer),
        "提交后由别的岗位回访，您不能回访自己办的件。",
    ),
    "follow_up": ActPage(forms.FollowUpForm, "记下这次回访", "回访已记下", partial(_plain, workflow.follow_up)),
    "report_back": ActPage(forms.ReportBackForm, "回报", "已回报督办", _report_back),
    "ask": ActPage(forms.AskForm, "请他补充", "已请诉求人补充，时限停下", partial(_plain, workflow.ask_complainant)),
    "resume": ActPage(
        forms.ResumeForm,
        "恢复办理",
        "已恢复办理",
        partial(_plain, workflow.resume),
        "诉求人补充了会自动接着办；不等他了，或者司法、信访程序走完了，才点这里。",
    ),
    "assist": ActPage(
        forms.AssistForm,
        "请他们协办",
        "已请协办",
        partial(_to_unit, workflow.assist),
        "承办的还是原来的岗位，协办的看得到这件、可以出主意。",
    ),
    "extend": ActPage(forms.ExtendForm, "申请延期", "已申请，等上一级批", partial(_plain, workflow.request_extension)),
    "return": ActPage(
        forms.ReasonForm,
        "退回",
        "已退回委员会",
        partial(_plain, workflow.return_to_unit),
        "退回委员会重新转办，时限不停。",
        danger=True,
        label="为什么退回，应该由谁办",
        hint="诉求人看不到。",
    ),
    "escalate": ActPage(
        forms.ReasonForm,
        "升级到上一级",
        "已升级到上一级",
        partial(_plain, workflow.escalate),
        "以后由上一级委员会办，本级的时限重新起算，对诉求人的承诺不变。",
        danger=True,
        label="为什么要上一级来办",
        hint="诉求人会看到。",
    ),
    "take_up": ActPage(
        forms.ReasonForm,
        "提级办理",
        "已提到您这一级",
        partial(_plain, workflow.take_up),
        "以后由您的委员会办，下级不再办这件。",
        danger=True,
        label="为什么提级",
        hint="诉求人会看到。",
    ),
    "supervise": ActPage(
        forms.DemandForm, "督办", "已督办，等承办单位回报", _supervise, "还由原单位办，列入督办清单，等他们回报。"
    ),
    "merge": ActPage(forms.MergeForm, "合并", "已合并", _merge, danger=True),
    "suspend": ActPage(
        forms.ReasonForm,
        "挂起",
        "已挂起，时限停下",
        partial(_plain, workflow.suspend),
        "只有进入诉讼、仲裁、信访程序才能挂起，挂起期间时限停着不算。",
        danger=True,
        label="在哪里走什么程序",
        hint="诉求人会看到，如 已向东区人民法院起诉。",
    ),
    "withdraw": ActPage(
        forms.WithdrawForm,
        "替他撤回",
        "已撤回",
        partial(_plain, workflow.withdraw_for_driver),
        danger=True,
    ),
    "note": ActPage(forms.NoteForm, "记下", "内部意见已记下", partial(_plain, workflow.note_internally)),
}


def form_of(request, grievance: Grievance, code: str, data=None) -> forms.ActForm:
    """Return the form of an act, filled with what was sent. Up to six queries for those that offer units."""
    page = PAGES[code]
    more: dict[str, Any] = {}
    if issubclass(page.form, forms.UnitForm):
        more["units"] = _units(request, grievance, code)
    if page.form is forms.ReasonForm:
        more |= {"label": page.label, "hint": page.hint}
    if code == "extend":
        running = Clock.objects.running().filter(grievance=grievance, kind="answer").select_related("policy").first()
        more["most"] = running.policy.extension_days if running is not None else 0
    if code == "answer":
        more["kept"] = workflow.kept_answer(grievance)
    return page.form(data, grievance=grievance, reach=request.reach, **more)


def _units(request, grievance: Grievance, code: str) -> list:
    asked = request.GET.get("unit", "").strip()[:40]
    units = taking_units(grievance.organization, request.reach, timezone.now(), asked)[:SHOWN]
    taken = {grievance.handler.organization_id} if grievance.handler is not None else set()
    if code == "assign" and grievance.status == "accepted":
        # Named when it was accepted, nothing has gone there yet; but whoever answered before does not get it again.
        taken = workflow.units_that_answered(grievance) if grievance.reopened else set()
    return [one for one in units if one.organization.pk not in taken]


def _act(request, pk: int, code: str):
    """Show and take one act. Refused by the verb: its sentence; moved on meanwhile: the page of 409."""
    grievance = case_or_404(request, pk)
    page, act = PAGES[code], ACTS[code]
    reader = Reader.of(request.reach)
    helping = code == HELPERS_ACT and is_helped_by(grievance, reader.offices)
    if not (helping or act.may(request.reach, grievance, reader.offices)):
        raise PermissionDenied(f"“{act.label}”不在您的权限里，或者这件诉求现在不在您这里。")
    form = form_of(request, grievance, code, request.POST if request.method == "POST" else None)
    url = reverse("grievances:detail", args=[pk])

    if request.method == "POST" and "keep" in request.POST and isinstance(form, forms.AnswerForm):
        return _keep_answer(request, grievance, form)

    def call(form):
        form.require_unmoved()
        return page.call(grievance, form=form, actor=request.user, at=timezone.now(), **form.values())

    if request.method == "POST" and request.POST.get("panel"):
        done = _is_done(request, form, call, page.success)
        return redirect(url) if done else _panel_again(request, grievance, code, form)
    words = _words(request, grievance, code, form)
    return form_page(request, form, call, success=page.success, next_url=url, template="grievances/act.html", **words)


def _words(request, grievance: Grievance, code: str, form: forms.ActForm) -> dict:
    """Return what the page of an act says around its form."""
    page, act, url = PAGES[code], ACTS[code], reverse("grievances:detail", args=[grievance.pk])
    return {
        "title": act.label,
        "meta": f"{grievance.number} {grievance.title}",
        "about": page.about,
        "submit": page.submit,
        "danger": page.danger,
        "cancel_url": url,
        "search_units": isinstance(form, forms.UnitForm) and (len(form.units) >= SHOWN - 1 or "unit" in request.GET),
        "asked": request.GET.get("unit", ""),
        "crumbs": [("诉求", reverse("grievances:list")), (grievance.number, url), (act.label, "")],
    }


def _panel_again(request, grievance: Grievance, code: str, form: forms.ActForm):
    from grievances.views.case import case_context  # the panel is a part of the page of the case

    context = case_context(request, grievance, panel=(code, form))
    return render(request, "grievances/case.html", context, status=422)


def _keep_answer(request, grievance: Grievance, form: forms.AnswerForm):
    """Keep an unfinished answer and go back to the case; when it is refused, show what was typed and why."""
    written = form.written()
    try:
        kept = workflow.keep_answer(grievance, actor=request.user, at=timezone.now(), **written)
    except ValidationError as error:
        form.add_refusal(error)
        form.go_on_from(workflow.kept_answer(grievance))
        if request.POST.get("panel"):
            return _panel_again(request, grievance, "answer", form)
        words = _words(request, grievance, "answer", form)
        return render(request, "grievances/act.html", {"form": form, **words}, status=422)
    messages.success(request, "答复先存着，还没有提交" if kept is not None else "没有写什么，没有存")
    return redirect(f"{reverse('grievances:detail', args=[grievance.pk])}#next")


def _is_done(request, form, call, success: str) -> bool:
    if not form.is_valid():
        return False
    try:
        call(form)
    except ValidationError as error:
        form.add_refusal(error)
        return False
    messages.success(request, success)
    return True


def view_of(code: str):
    """Return the view of one act."""

    @login_required
    @require_http_methods(["GET", "POST"])
    def view(request, pk: int):
        return _act(request, pk, code)

    view.__name__ = f"case_{code}"
    view.__doc__ = f"Show and take the act “{code}” on a case."
    return view


VIEWS = {code: view_of(code) for code in PAGES}


@login_required
@require_http_methods(["GET", "POST"])
def end_assist(request, pk: int, assist: int):
    """Show and take the end of an office's help."""
    grievance = case_or_404(request, pk)
    helper = get_object_or_404(Assist.objects.select_related("office__organization"), pk=assist, grievance=grievance)
    if not cases.may_assign(request.reach, grievance):
        raise PermissionDenied("协办由现在承办的委员会专干结束。")
    if helper.until_at is not None:
        raise Http404
    helper.grievance = grievance
    url = reverse("grievances:detail", args=[pk])
    unit = helper.office.organization.short_name
    return form_page(
        request,
        forms.AcceptForm(request.POST if request.method == "POST" else None, grievance=grievance, reach=request.reach),
        lambda form: workflow.end_assist(helper, actor=request.user, at=timezone.now()),
        success="协办已结束",
        next_url=url,
        template="grievances/act.html",
        title=f"结束{unit}的协办",
        meta=f"{grievance.number} {grievance.title}",
        submit="结束协办",
        cancel_url=url,
        crumbs=[("诉求", reverse("grievances:list")), (grievance.number, url), ("结束协办", "")],
    )
