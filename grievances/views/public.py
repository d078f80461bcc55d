"""The complainant's first doors: lodge without an account, and keep the code."""

from __future__ import annotations

from typing import TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from branches.choices import Duty, Kind
from branches.models import Organization
from branches.workflow import office_of
from foundation.protection.canonical import canonical_phone
from grievances import workflow
from grievances.choices import (
    OPEN,
    ClockKind,
)
from grievances.forms.public import ComplaintForm, provinces
from grievances.models import Clock, Grievance
from grievances.notices import sends_texts, unit_name
from grievances.views import following
from grievances.views.limits import (
    FILES_PER_ADDRESS,
    HOUR,
    LODGED_PER_ADDRESS,
    address_of,
    count,
)
from grievances.views.own import LODGED, follow, own_case, show_code, shown_code, shown_lodged
from grievances.workflow.evidence import MOST
from grievances.workflow.lodging import Complaint, committee_for

Asked = TypeVar("Asked", bound=ComplaintForm)
STOPPED = "这个网络一小时里提交得太多了，请稍后再提交。您填的都还在。急事请拨打 12328。"


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

    Never found by the typed number: docs/decisions/0011-complainants-side.md.
    """
    case = own_case(request)
    if case is None or case.status not in OPEN or token_made(form, case):
        return None
    about = form.cleaned_data["about"]
    main = about.parent_id or about.pk
    phone = canonical_phone(form.cleaned_data["phone"])
    same_person = not phone or not case.phone or phone == case.phone
    return case if same_person and main == (case.category.parent_id or case.category_id) else None


def token_made(form: ComplaintForm, case: Grievance) -> bool:
    """Return whether the case is the one this form made: it was sent twice."""
    from grievances.workflow.codes import codes_of

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


@never_cache
@require_http_methods(["GET", "POST"])
def lodged(request):
    """Show number, code and passphrase of the case that was just lodged; POST forgets them. Five queries."""
    shown = shown_lodged(request)
    if request.method == "POST":
        request.session.pop(LODGED, None)
        return redirect("grievances:progress" if own_case(request) is not None else "grievances:track")
    if shown is None:
        return redirect("grievances:track")
    case, passphrase = shown
    clock = Clock.objects.running().filter(grievance=case, kind=ClockKind.TRANSFER).first()
    now = timezone.now()
    context = {
        "case": case,
        "code": shown_code(case),
        "passphrase": passphrase,
        "due": following.no_later_than(clock.due_at, now) if clock is not None and clock.due_at else "",
        "committee": unit_name(case.organization),
        "for_driver": case.lodged_by_id is not None,
        "will_send": bool(case.phone) and sends_texts(),
        "has_phone": bool(case.phone),
        "layout": "base.html" if request.user.is_authenticated else "base_public.html",
    }
    return render(request, "grievances/lodged.html", context)
