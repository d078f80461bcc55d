"""The complainant's doors to his own case: show code and passphrase, read how it goes, act. No account."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grievances import workflow
from grievances.choices import (
    NEXT,
    OPEN,
    PAUSED,
    TO_CONFIRM,
    Satisfaction,
    StatementKind,
    Status,
)
from grievances.forms.public import ConfirmForm, ReplyForm, TrackForm, WithdrawForm, WordsForm
from grievances.models import Grievance
from grievances.notices import unit_name
from grievances.rules import cases
from grievances.views import following
from grievances.views.evidence import file_response
from grievances.views.limits import (
    HOUR,
    WRONG_PER_ADDRESS,
    WRONG_PER_CODE,
    address_of,
    count,
    counted,
)
from grievances.views.own import FOLLOWED, LODGED, follow, own_case, shown_code
from grievances.views.public import STOPPED, too_many_files
from grievances.workflow.codes import typed_code
from grievances.workflow.evidence import path_of

WRONG = "查询码和口令对不上。请照着提交时给您的两行再填一次。"
TOO_OFTEN = "试得太多了，请过一小时再试。急事请拨打 12328。"


@never_cache
@require_http_methods(["GET", "POST"])
def track(request):
    """Ask for code and passphrase and go on to the case; one answer for a wrong code and a wrong passphrase."""
    if request.method == "GET":
        return render(request, "grievances/track.html", {"form": TrackForm(), "own": own_case(request) is not None})
    form = TrackForm(request.POST)
    if not form.is_valid():
        return render(request, "grievances/track.html", {"form": form}, status=422)
    code, address = typed_code(form.cleaned_data["code"])[:8], address_of(request)
    stopped = counted("wrong_code", code) >= WRONG_PER_CODE
    case = None if stopped else workflow.found_by_code(code, form.cleaned_data["passphrase"])
    if case is None:
        count("wrong_code", code)
        stopped = count("wrong", address) > WRONG_PER_ADDRESS or stopped
        form.add_error(None, TOO_OFTEN if stopped else WRONG)
        response = render(request, "grievances/track.html", {"form": form}, status=429 if stopped else 422)
        if stopped:
            response.headers["Retry-After"] = str(HOUR)
        return response
    follow(request, case)
    return redirect("grievances:progress")


@never_cache
@require_safe
def progress(request):
    """Show how one's case is going. About 15 queries; without a case, the way to the form of the code."""
    case = own_case(request)
    if case is None:
        return redirect("grievances:track")
    return _progress(request, case)


ACTS = {"reply", "confirm", "not-solved", "object", "withdraw"}


@never_cache
@require_POST
def act(request, step: str):
    """Do one thing with one's own case: reply, confirm, not-solved, object, withdraw; leave forgets the case."""
    case = own_case(request)
    if step == "leave":
        request.session.pop(FOLLOWED, None)
        request.session.pop(LODGED, None)
        return redirect("grievances:track")
    if case is None or request.POST.get("code") != case.track_code:  # another case was opened in another window
        return redirect("grievances:track")
    if step not in ACTS:
        raise Http404
    if too_many_files(request):
        form = ReplyForm(request.POST, auto_id="reply_%s")
        form.add_error(None, STOPPED)
        return _progress(request, case, {"reply": form}, status=429)
    form = _forms(request)[step]
    if form.is_valid():
        try:
            _ACTS[step](case, form.cleaned_data, timezone.now())
        except ValidationError as refused:
            form.add_refusal(refused)
        else:
            return redirect("grievances:progress")
    return _progress(request, case, {step: form}, status=422)


def _reply(case: Grievance, said: dict, at) -> None:
    with transaction.atomic():
        if said["evidence"]:
            workflow.add_evidence(case, said["evidence"], at=at)
        workflow.reply(case, text=said["text"], at=at)


_ACTS = {
    "reply": _reply,
    "confirm": lambda case, said, at: workflow.confirm(case, at=at, **said),
    "not-solved": lambda case, said, at: workflow.say_not_solved(case, at=at, **said),
    "object": lambda case, said, at: workflow.object_to_refusal(case, at=at, **said),
    "withdraw": lambda case, said, at: workflow.withdraw(case, at=at, **said),
}


def _forms(request) -> dict:
    """Return the form of every act, filled with what was sent; each has ids of its own."""
    sent, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return {
        "reply": ReplyForm(sent, files, auto_id="reply_%s"),
        "confirm": ConfirmForm(sent, auto_id="confirm_%s"),
        "not-solved": WordsForm(sent, auto_id="again_%s"),
        "object": WordsForm(sent, auto_id="object_%s"),
        "withdraw": WithdrawForm(sent, auto_id="withdraw_%s"),
    }


def _progress(request, case: Grievance, refused: dict | None = None, status: int = 200):
    now = timezone.now()
    shown = workflow.followed(case)
    is_own = shown.pk == case.pk
    clock = following.promise_clock(shown)
    events = following.history(case)
    if not is_own:
        # What the offices said to both since the two were joined; nothing of the other complainant.
        since = events[0].at
        events = [one for one in following.history(shown, is_own=False) if one.at >= since] + events
    forms = {
        "reply": ReplyForm(auto_id="reply_%s"),
        "confirm": ConfirmForm(auto_id="confirm_%s"),
        "not_solved": WordsForm(auto_id="again_%s"),
        "object": WordsForm(auto_id="object_%s"),
        "withdraw": WithdrawForm(auto_id="withdraw_%s"),
    } | {step.replace("-", "_"): form for step, form in (refused or {}).items()}
    may = {
        "reply": shown.status in OPEN,
        "confirm": is_own and case.status in TO_CONFIRM,
        "not_solved": case.status == Status.CLOSED and cases.is_open_for_reopening(case, now),
        "object": case.status in cases.MAY_OBJECT,
        "withdraw": Status.WITHDRAWN in NEXT[case.status],
    }
    context = {
        "case": case,
        "shown": shown,
        "is_own": is_own,
        "code": shown_code(case),
        "amount": f"{case.amount_involved:,.2f}" if case.amount_involved else "",
        "recovered": f"{shown.amount_recovered:,.2f}" if shown.amount_recovered is not None else "",
        "handling_unit": unit_name(shown.handler.organization) if shown.handler is not None else "",
        "committee": unit_name(shown.organization),
        "heading": following.heading(shown, clock, now, is_own=is_own),
        "tone": following.TONES.get(Status(shown.status), "info"),
        "promise": following.promise(shown, clock, now) if shown.status in OPEN else None,
        "is_paused": shown.status in PAUSED,
        "asked": following.question(case) if is_own else "",
        "answer": following.last_words(shown, StatementKind.ANSWER) if may["confirm"] else "",
        "reason": following.last_words(case, StatementKind.REASON)
        if case.status in {Status.NOT_ACCEPTED, Status.SUSPENDED}
        else "",
        "ladder": following.ladder(shown, clock, now),
        "events": events,
        "files": workflow.public_evidence(case),
        "forms": forms,
        "refused": next(iter((refused or {}).values()), None),
        "may": may,
        "unrated": Satisfaction.UNRATED,
        "office_phone": shown.organization.contact_phone,
    }
    return render(request, "grievances/progress.html", context, status=status)


@never_cache
@require_safe
def evidence(request, number: int):
    """Answer with one of the files of the followed case, counted from 1; 404 for anything else. Two queries."""
    case = own_case(request)
    files = workflow.public_evidence(case) if case is not None else []
    if not 1 <= number <= len(files) or not path_of(files[number - 1]).is_file():
        raise Http404
    return file_response(files[number - 1], path_of(files[number - 1]))
