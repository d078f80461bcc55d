"""What is done with a file: an address of its own for every act, one verb behind each."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from branches.capabilities import Capability
from branches.views.pages import confirm_page, form_page
from members.choices import REFUSABLE, STEPS, SponsorKind, StepNumber, StepRecorder
from members.forms.development import (
    DevelopmentEndForm,
    OverrideForm,
    RefuseForm,
    ReviewForm,
    SponsorsForm,
    StepForm,
    TakeBackForm,
)
from members.rules.development import CAPABILITY_OF, Proposal, gate_codes
from members.views.development.file import crumbs, file_or_404, page_of_file
from members.workflow import development as verbs

_BRINGS = {
    StepNumber.ACTIVIST: "记下以后，他是入党积极分子，一年的培养教育考察从这一天算起。",
    StepNumber.TARGET_FILED: "记下以后，他是发展对象。",
    StepNumber.ADMISSION_MEETING: "审批通过后，预备期从支部大会这一天算起。",
    StepNumber.ADMISSION_APPROVED: "批准以后，他登记为预备党员，组织关系在这个支部；预备期从支部大会通过之日算起。",
    StepNumber.CONFIRMATION_APPROVED: "批准的是支部大会的决定：按期转正，党龄从预备期满那天算起；延长的再办一次转正；"
    "取消资格的，党籍到此为止。",
}


def _file(request, pk: int, capability: Capability):
    development = file_or_404(request, pk)
    if not request.reach.covers(capability, development.organization):
        raise PermissionDenied
    return development


def _step_page(request, pk: int, number: int, side: str):
    """Show and take the form of one step, with the gates before it."""
    step = STEPS.get(number)
    if step is None or step.by != side or number == StepNumber.APPLICATION:
        raise Http404
    development, today = _file(request, pk, CAPABILITY_OF[side]), timezone.localdate()
    initial = {"done_date": today, "version": development.version}
    people = None
    if {"cultivators", "introducers"}.intersection(step.fields):
        people = verbs.candidates(development.organization).select_related("person").order_by("person__name_key")
    facts = verbs.facts_of(development)
    ready = number not in facts.done and all(before in facts.done for before in step.after)
    preview = Proposal(on=today, is_preview=True)
    gates = verbs.gates_before(development, number, preview, facts) if ready else []
    return form_page(
        request,
        StepForm(request.POST or None, number=number, candidates=people, initial=initial),
        lambda form: verbs.record_step(
            development,
            number,
            done_date=form.cleaned_data["done_date"],
            version=form.cleaned_data["version"],
            values=form.values(),
            actor=request.user,
        ),
        success=f"第 {number} 步{step.name}已记下",
        next_url=page_of_file(pk),
        template="members/development_step.html",
        title=f"{development.person.name}：{step.name}",
        meta=f"第 {number} 步，《中国共产党发展党员工作细则》{step.article}",
        brings=_BRINGS.get(StepNumber(number), ""),
        gates=gates,
        submit="记下",
        help="development",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, step.name),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_step(request, pk: int, number: int):
    """Record a step of the branch."""
    return _step_page(request, pk, number, StepRecorder.BRANCH)


@login_required
@require_http_methods(["GET", "POST"])
def development_approve(request, pk: int, number: int):
    """Record a step of the committee above."""
    return _step_page(request, pk, number, StepRecorder.COMMITTEE)


@login_required
@require_http_methods(["GET", "POST"])
def development_refuse(request, pk: int, number: int):
    """Refuse what the branch submitted."""
    if number not in REFUSABLE:
        raise Http404
    development = _file(request, pk, Capability.DEVELOPMENT_APPROVE_STEP)
    again = STEPS[REFUSABLE[number]]
    initial = {"done_date": timezone.localdate(), "version": development.version}
    return confirm_page(
        request,
        RefuseForm(request.POST or None, initial=initial),
        lambda form: verbs.refuse_step(development, number, actor=request.user, **form.cleaned_data),
        success="已退回支部",
        next_url=page_of_file(pk),
        title=f"{development.person.name}：{STEPS[number].name}，没有批准",
        submit="退回支部",
        danger=True,
        consequence=f"第 {again.number} 步{again.name}和它以后的作废，支部可以重新办；不再培养的，请终止这份档案。",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, "没有批准"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_take_back(request, pk: int, number: int):
    """Void a step so that it is done again."""
    if number not in STEPS:
        raise Http404
    development = file_or_404(request, pk)
    rights = (Capability.DEVELOPMENT_RECORD_STEP, Capability.DEVELOPMENT_APPROVE_STEP)
    if not any(request.reach.covers(right, development.organization) for right in rights):
        raise PermissionDenied
    return confirm_page(
        request,
        TakeBackForm(request.POST or None, initial={"version": development.version}),
        lambda form: verbs.take_back(development, number, actor=request.user, **form.cleaned_data),
        success="已作废，请重新办",
        next_url=page_of_file(pk),
        title=f"{development.person.name}：作废第 {number} 步{STEPS[number].name}",
        submit="作废重办",
        danger=True,
        consequence="这一步和以它为基础的后面各步一起作废，要重新办。作废的留在记录里。",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, "作废重办"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_override(request, pk: int, number: int):
    """Let a gate pass."""
    codes = gate_codes(number)
    if not codes:
        raise Http404
    development = _file(request, pk, Capability.DEVELOPMENT_OVERRIDE_GATE)
    initial = {"version": development.version}
    asked = request.GET.get("gate", "")
    if asked in codes:
        initial["gate"] = asked
    return confirm_page(
        request,
        OverrideForm(request.POST or None, codes=codes, initial=initial),
        lambda form: verbs.override_gate(development, number, actor=request.user, **form.cleaned_data),
        success="已放行，原因留在档案上",
        next_url=page_of_file(pk),
        title=f"{development.person.name}：特批放行，第 {number} 步{STEPS[number].name}",
        submit="放行",
        danger=True,
        consequence="只放行选中的一条，这一步还要由该办的人来记。放行的原因一直显示在这份档案上。",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, "特批放行"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_review(request, pk: int):
    """Write down a half-yearly review."""
    development = _file(request, pk, Capability.DEVELOPMENT_RECORD_STEP)
    initial = {"on_date": timezone.localdate(), "version": development.version}
    return form_page(
        request,
        ReviewForm(request.POST or None, initial=initial),
        lambda form: verbs.record_review(development, actor=request.user, **form.cleaned_data),
        success="考察已记下",
        next_url=page_of_file(pk),
        title=f"{development.person.name}：半年考察",
        meta="支部每半年对入党积极分子考察一次（《中国共产党发展党员工作细则》第十一条）。",
        submit="记下考察",
        help="development",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, "半年考察"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_sponsors(request, pk: int, kind: str):
    """Let others take over as contact persons or introducers."""
    if kind not in SponsorKind:
        raise Http404
    development = _file(request, pk, Capability.DEVELOPMENT_RECORD_STEP)
    people = verbs.candidates(development.organization).select_related("person").order_by("person__name_key")
    running = development.sponsors.filter(kind=kind, until_date__isnull=True).values_list("member", flat=True)
    initial = {"on_date": timezone.localdate(), "version": development.version, "members": list(running)}
    label = SponsorKind(kind).label

    def act(form):
        data = dict(form.cleaned_data)
        return verbs.change_sponsors(development, kind, list(data.pop("members")), actor=request.user, **data)

    return form_page(
        request,
        SponsorsForm(request.POST or None, candidates=people, initial=initial),
        act,
        success=f"{label}已更换",
        next_url=page_of_file(pk),
        title=f"{development.person.name}：更换{label}",
        meta="勾选现在的全部人选；没有勾选的到这一天为止。",
        submit="更换",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, f"更换{label}"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def development_end(request, pk: int):
    """End a file before admission."""
    development = file_or_404(request, pk)
    rights = (Capability.DEVELOPMENT_RECORD_STEP, Capability.DEVELOPMENT_APPROVE_STEP)
    if not any(request.reach.covers(right, development.organization) for right in rights):
        raise PermissionDenied
    initial = {"on_date": timezone.localdate(), "version": development.version}
    return confirm_page(
        request,
        DevelopmentEndForm(request.POST or None, initial=initial),
        lambda form: verbs.end(development, actor=request.user, **form.cleaned_data),
        success="已终止",
        next_url=page_of_file(pk),
        title=f"终止 {development.person.name} 的发展党员档案",
        submit="终止",
        danger=True,
        consequence="档案到此为止，记过的都留着。以后再申请，从递交申请书重新开始。",
        cancel_url=page_of_file(pk),
        crumbs=crumbs(development, "终止"),
    )
