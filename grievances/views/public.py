"""The complainant's doors: lodge, keep the code, follow by code and passphrase, act on one's own case. No account.

What a visitor has shown is kept in his session, signed and for half an hour; no code stands in an address.
"""

from __future__ import annotations

from typing import TypeVar, cast

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.choices import Duty, Kind
from branches.models import Organization
from branches.workflow import office_of
from foundation.protection.canonical import canonical_phone
from foundation.protection.seal import SealBroken, open_sealed, seal
from grievances import workflow
from grievances.choices import (
    NEXT,
    OPEN,
    PAUSED,
    TO_CONFIRM,
    ClockKind,
    Satisfaction,
    StatementKind,
    Status,
)
from grievances.forms.public import ComplaintForm, ConfirmForm, ReplyForm, TrackForm, WithdrawForm, WordsForm, provinces
from grievances.models import Clock, Grievance
from grievances.notices import unit_name
from grievances.rules import cases
from grievances.views import following
from grievances.views.evidence import file_response
from grievances.views.limits import (
    FILES_PER_ADDRESS,
    HOUR,
    LODGED_PER_ADDRESS,
    WRONG_PER_ADDRESS,
    WRONG_PER_CODE,
    address_of,
    count,
    counted,
)
from grievances.workflow.evidence import MOST, path_of
from grievances.workflow.lodging import Complaint, committee_for, typed_code

Asked = TypeVar("Asked", bound=ComplaintForm)
FOLLOWED = "grievance_followed"  # key of the session: the case whose code and passphrase were shown
LODGED = "grievance_lodged"  # key of the session: the case that was just lodged, with its passphrase sealed
FOLLOW_SECONDS = 30 * 60
SHOWN_SECONDS = 15 * 60
_SALT = "grievances.session"
_PASSPHRASE = "grievances.lodged"  # noqa: S105 - what the sealed passphrase belongs to
WRONG = "查询码和口令对不上。请照着提交时给您的两行再填一次。"
STOPPED = "这个网络一小时里提交得太多了，请稍后再提交。您填的都还在。急事请拨打 12328。"
TOO_OFTEN = "试得太多了，请过一小时再试。急事请拨打 12328。"


# --- lodging ----------------------------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
def create(request):
    """Show the form; lodge what was told and go on to its code. Works signed out; about 25 queries."""
    province = province_of(request)
    if request.method == "GET":
        return _form(request, ComplaintForm(province=province, initial={"token": workflow.new_token()}))
    if "pick" in request.POST:  # another province: everything stays as it was typed
        return _form(request, unjudged(request, ComplaintForm, province=province))
    if too_many_files(request):
        return _stopped(request, ComplaintForm(request.POST, province=province))
    form = ComplaintForm(request.POST, request.FILES, province=province)
    if not form.is_valid():
        return _form(request, form, status=422)
    known = _known_open_case(request, form)
    if known is not None and "to_known" in request.POST:
        with transaction.atomic():
            if form.cleaned_data["evidence"]:
                workflow.add_evidence(known, form.cleaned_data["evidence"], at=timezone.now())
            workflow.reply(known, text=form.cleaned_data["description"], at=timezone.now())
        follow(request, known)
        return redirect("grievances:progress")
    if known is not None and "anew" not in request.POST:
        return _form(request, form, known=known)
    if count("lodge", address_of(request)) > LODGED_PER_ADDRESS:
        return _stopped(request, form)
    try:
        lodged = lodge(form)
    except ValidationError as refused:
        form.add_refusal(refused)
        return _form(request, form, status=422)
    if lodged is None:
        return _form(request, form, status=422)
    show_code(request, lodged)
    follow(request, lodged.grievance)
    return redirect("grievances:lodged")


def too_many_files(request) -> bool:
    """Count a request that brings files; return whether it is one too many, before any is looked at."""
    return bool(request.FILES) and count("files", address_of(request)) > FILES_PER_ADDRESS


def _stopped(request, form: ComplaintForm):
    """Answer 429 with everything that was typed."""
    form.add_error(None, STOPPED)
    response = _form(request, form, status=429)
    response.headers["Retry-After"] = str(HOUR)
    return response


def lodge(form: ComplaintForm, **where) -> workflow.Lodged | None:
    """Lodge what a form says with its files; None when the form made another case before, which it says itself.

    `where` are unit and actor for who lodges for somebody else. Raises as the verbs.
    """
    told, at = form.told(), timezone.now()
    if form.cleaned_data["is_confidential"]:
        told["confidential_to"] = confidential_office(told["division"], where.get("unit"))
    with transaction.atomic():
        lodged = workflow.lodge(Complaint(**told), at=at, token=token_of(form), **where)
        case = lodged.grievance
        if not lodged.is_repeat and form.cleaned_data["evidence"]:
            by = {"actor": where["actor"]} if "actor" in where else {}
            workflow.add_evidence(case, form.cleaned_data["evidence"], at=at, **by)
    if lodged.is_repeat and (case.description, case.title) != (told["description"].strip(), told["title"].strip()):
        renew_token(form)
        form.add_error(None, "这张表已经提交过一件。要再提一件，请看过内容以后再点一次提交。")
        return None
    return lodged


def confidential_office(division, unit: Organization | None):
    """Return the one office that may know the complainant: the handling office of the committee that decides."""
    from grievances.workflow.steps import deciding_committee

    committee = committee_for(division) if unit is None else deciding_committee(unit)
    if committee is None:
        raise ValidationError("这个地方还没有受理诉求的单位。急事请拨打 12328。")
    return office_of(committee, Duty.HANDLE)


def token_of(form: ComplaintForm) -> str:
    """Return the form's own token; a new one when what was sent is none of ours."""
    token = form.cleaned_data["token"]
    return token if len(token) == 32 and token.isascii() and token.isalnum() else workflow.new_token()


def renew_token(form: ComplaintForm) -> None:
    """Give a form that comes back a token of its own."""
    sent = cast(QueryDict, form.data).copy()
    sent["token"] = workflow.new_token()
    form.data = sent


def unjudged(request, form_class: type[Asked], **more) -> Asked:
    """Return a form with what was typed so far, not judged: something else was asked than to submit it."""
    initial = {name: request.POST.get(name, "") for name in form_class.base_fields if name in request.POST}
    initial["is_urgent"] = "is_urgent" in request.POST
    initial.setdefault("token", workflow.new_token())
    initial["division"] = "" if "pick" in request.POST else initial.get("division", "")
    return form_class(initial=initial, **more)


def province_of(request, default: str = "") -> str:
    """Return the province whose places the form offers: the chosen one, else that of the top committee. One query.

    It chooses nothing for the complainant: the place stays empty until he picks one.
    """
    asked = request.POST.get("province", "")
    if len(asked) == 6 and asked.isascii() and asked.isdigit():
        return f"{asked[:2]}0000"
    if default:
        return f"{default[:2]}0000"
    top = Organization.objects.filter(depth=1, kind=Kind.INDUSTRY_COMMITTEE, division__isnull=False)
    code = top.order_by("path").values_list("division_id", flat=True).first()
    return f"{(code or '110000')[:2]}0000"


def _known_open_case(request, form: ComplaintForm) -> Grievance | None:
    """Return an open case of the same kind that this very browser has shown to be its own.

    Never found by the typed number: docs/decisions/0010-complainants-side.md.
    """
    case = _own_case(request)
    if case is None or case.status not in OPEN or token_made(form, case):
        return None
    about = form.cleaned_data["about"]
    main = about.parent_id or about.pk
    phone = canonical_phone(form.cleaned_data["phone"])
    same_person = not phone or not case.phone or phone == case.phone
    return case if same_person and main == (case.category.parent_id or case.category_id) else None


def token_made(form: ComplaintForm, case: Grievance) -> bool:
    """Return whether the case is the one this form made: it was sent twice."""
    from grievances.workflow.lodging import codes_of

    return codes_of(form.cleaned_data["token"])[0] == case.track_code


def _form(request, form: ComplaintForm, *, known: Grievance | None = None, status: int = 200):
    context = {
        "form": form,
        "known": known,
        "provinces": provinces(),
        "files_again": bool(request.FILES),
        "show_more": any(form[name].value() or form[name].errors for name in ("kind", "title", "respondent", "place")),
        "most_files": MOST,
    }
    return render(request, "grievances/form.html", context, status=status)


def show_code(request, lodged: workflow.Lodged) -> None:
    """Keep what the next page shows, for a quarter of an hour and for this browser only."""
    shown = {"case": lodged.grievance.pk, "passphrase": seal(lodged.passphrase, _PASSPHRASE)}
    request.session[LODGED] = signing.dumps(shown, salt=_SALT)


@never_cache
@require_http_methods(["GET", "POST"])
def lodged(request):
    """Show number, code and passphrase of the case that was just lodged; POST forgets them. Five queries."""
    shown = _opened(request, LODGED, SHOWN_SECONDS)
    if request.method == "POST":
        request.session.pop(LODGED, None)
        return redirect("grievances:progress" if _own_case(request) is not None else "grievances:track")
    if shown is None:
        return redirect("grievances:track")
    try:
        passphrase = open_sealed(shown["passphrase"], _PASSPHRASE)
    except SealBroken:
        return redirect("grievances:track")
    case = Grievance.objects.with_names().get(pk=shown["case"])
    clock = Clock.objects.running().filter(grievance=case, kind=ClockKind.TRANSFER).first()
    now = timezone.now()
    context = {
        "case": case,
        "code": shown_code(case),
        "passphrase": passphrase,
        "due": following.no_later_than(clock.due_at, now) if clock is not None and clock.due_at else "",
        "committee": unit_name(case.organization),
        "for_driver": case.lodged_by_id is not None,
        "will_send": bool(case.phone),
        "layout": "base.html" if request.user.is_authenticated else "base_public.html",
    }
    return render(request, "grievances/lodged.html", context)


def shown_code(case: Grievance) -> str:
    """Return the code as it is shown: K7QM-42XD."""
    return f"{case.track_code[:4]}-{case.track_code[4:]}"


# --- following --------------------------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "POST"])
def track(request):
    """Ask for code and passphrase and go on to the case; one answer for a wrong code and a wrong passphrase."""
    if request.method == "GET":
        return render(request, "grievances/track.html", {"form": TrackForm(), "own": _own_case(request) is not None})
    form = TrackForm(request.POST)
    if not form.is_valid():
        return render(request, "grievances/track.html", {"form": form}, status=422)
    code, address = typed_code(form.cleaned_data["code"])[:8], address_of(request)
    if counted("wrong_code", code) >= WRONG_PER_CODE or counted("wrong", address) >= WRONG_PER_ADDRESS:
        form.add_error(None, TOO_OFTEN)
        response = render(request, "grievances/track.html", {"form": form}, status=429)
        response.headers["Retry-After"] = str(HOUR)
        return response
    case = workflow.found_by_code(code, form.cleaned_data["passphrase"])
    if case is None:
        count("wrong_code", code)
        count("wrong", address)
        form.add_error(None, WRONG)
        return render(request, "grievances/track.html", {"form": form}, status=422)
    follow(request, case)
    return redirect("grievances:progress")


def follow(request, case: Grievance) -> None:
    """Let this browser follow a case for half an hour, under a session key nobody else has known."""
    if not request.user.is_authenticated:
        request.session.cycle_key()
    request.session[FOLLOWED] = signing.dumps({"case": case.pk}, salt=_SALT)


def _opened(request, key: str, seconds: int) -> dict | None:
    try:
        return signing.loads(request.session.get(key, ""), salt=_SALT, max_age=seconds)
    except signing.BadSignature:
        return None


def _own_case(request) -> Grievance | None:
    """Return the case this browser has shown code and passphrase of; None after half an hour. One query."""
    shown = _opened(request, FOLLOWED, FOLLOW_SECONDS)
    if shown is None:
        return None
    return Grievance.objects.with_names().filter(pk=shown["case"]).exclude(status=Status.DRAFT).first()


@never_cache
@require_safe
def progress(request):
    """Show how one's case is going. About 15 queries; without a case, the way to the form of the code."""
    case = _own_case(request)
    if case is None:
        return redirect("grievances:track")
    return _progress(request, case)


ACTS = {"reply", "confirm", "not-solved", "object", "withdraw"}


@never_cache
@require_POST
def act(request, step: str):
    """Do one thing with one's own case: reply, confirm, not-solved, object, withdraw; leave forgets the case."""
    case = _own_case(request)
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
    case = _own_case(request)
    files = workflow.public_evidence(case) if case is not None else []
    if not 1 <= number <= len(files) or not path_of(files[number - 1]).is_file():
        raise Http404
    return file_response(files[number - 1], path_of(files[number - 1]))
