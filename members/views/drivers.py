"""The pages of drivers: list, one driver, and what may be done with him."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.models import Organization
from branches.views.pages import confirm_page, form_page
from members.choices import TransferStatus
from members.forms.drivers import (
    CredentialForm,
    DriverForm,
    RevealForm,
    SaveFilterForm,
    VehicleEndForm,
    VehicleLinkForm,
    VerifyForm,
)
from members.lists.columns import COLUMNS, credential_words
from members.lists.drivers import CONDITIONS
from members.lists.paging import Cursor
from members.models import Credential, Driver, DriverVehicle, PartyMember, RegistrationTransfer, SavedFilter
from members.rules.drivers import IDENTITY_FIELDS, same_rows
from members.templatetags.registry import plate
from members.views.history import person_history
from members.views.kept import kept_of_driver
from members.views.lists import DEFAULTS_NAME, LIST, address, asked_list, due_words, list_context
from members.workflow import drivers as verbs
from members.workflow.people import reveal

REVEAL_SECONDS = 60


def needs(request, capability: Capability) -> None:
    """Refuse whoever holds a capability nowhere at all; what he may do where is asked row by row."""
    if not request.reach.has(capability):
        raise PermissionDenied


def driver_or_404(request, pk: int, capability: Capability = Capability.DRIVER_VIEW) -> Driver:
    """Return a driver within reach: the answer for a foreign one is that of none. One query.

    Raises PermissionDenied for who sees him but may not do this.
    """
    needs(request, Capability.DRIVER_VIEW)
    driver = get_object_or_404(Driver.objects.visible_to(request.reach).with_person(), pk=pk)
    if capability != Capability.DRIVER_VIEW and not may_do(request, driver, capability):
        raise PermissionDenied
    return driver


def may_do(request, driver: Driver, capability: Capability) -> bool:
    """Return whether the reader may exercise a capability on a driver whom he sees.

    No query where the right reaches as far as seeing, or nowhere; else one.
    """
    reach = request.reach
    if not reach.has(capability):
        return False
    if same_rows(reach.region(capability), reach.region(Capability.DRIVER_VIEW)):
        return True
    return Driver.objects.manageable_by(request.reach, capability).filter(pk=driver.pk).exists()


# --- the list ---------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def driver_list(request):
    """Answer with one page of the drivers in scope that meet the conditions. At most twelve queries."""
    needs(request, Capability.DRIVER_VIEW)
    if "" in request.GET.values():  # the form of conditions sends every box, also the empty ones
        return redirect(address(request.GET.dict()))
    asked = asked_list(request, request.GET)
    cursor = Cursor.read(request.GET["at"]) if request.GET.get("at") else None
    return render(request, "members/driver_list.html", list_context(request, asked, cursor))


@login_required
@require_POST
def driver_bulk(request):
    """Do one thing with the selected rows: note them as verified, or go on to their export."""
    keys = ticked_rows(request, 200)
    back = back_to_list(request)
    if not keys:
        messages.warning(request, "没有选中司机。先在名单左边勾选。")
        return redirect(back)
    if request.POST.get("action") == "verify":
        number = verbs.verify_drivers(keys, actor=request.user, note=request.POST.get("note", "名单上批量核实")[:200])
        messages.success(request, f"已记下 {number} 人今天核实无误")
        return redirect(back)
    raise BadRequest("没有这个操作。")


@login_required
@require_POST
def columns_save(request):
    """Keep the columns somebody chose as his own default; none chosen: back to the product's."""
    needs(request, Capability.DRIVER_VIEW)
    codes = _columns_sent(request) if "reset" not in request.POST else []
    SavedFilter.objects.update_or_create(
        user=request.user, list_name=LIST, name=DEFAULTS_NAME, defaults={"columns": codes, "query": {}}
    )
    return redirect(back_to_list(request))


@login_required
@require_POST
def filter_save(request):
    """Keep the conditions in force under a name. A typed text is never kept."""
    needs(request, Capability.DRIVER_VIEW)
    form = SaveFilterForm(request.POST)
    query = {code: request.POST[code] for code in (*CONDITIONS, "order") if request.POST.get(code)}
    if not form.is_valid():
        messages.error(request, "没有存下：名称要填，最多 40 个字。")
    elif SavedFilter.objects.filter(user=request.user, list_name=LIST).count() > 20:
        messages.error(request, "常用筛选最多 20 个，先删去不用的。")
    else:
        asked_list(request, query)  # what he may not filter by is not kept either
        SavedFilter.objects.update_or_create(
            user=request.user,
            list_name=LIST,
            name=form.cleaned_data["name"],
            defaults={"query": query, "columns": _columns_sent(request)},
        )
        messages.success(request, f"已存为常用：{form.cleaned_data['name']}")
    return redirect(address(query))


@login_required
@require_POST
def filter_delete(request, pk: int):
    """Drop one of one's own saved filters."""
    get_object_or_404(SavedFilter, pk=pk, user=request.user).delete()
    messages.success(request, "已删去这个常用筛选")
    return redirect(address({}))


def _columns_sent(request) -> list[str]:
    """Return the columns that were sent, those that exist: what is kept grows no larger than the table of columns."""
    sent = set(request.POST.getlist("cols"))
    return [code for code in COLUMNS if code in sent]


def ticked_rows(request, most: int) -> list[int]:
    """Return the keys of the rows that were ticked, at most so many; what can be no key is passed over."""
    sent = request.POST.getlist("row")
    return [int(key) for key in sent if key.isascii() and key.isdigit() and len(key) < 19][:most]


def back_to_list(request) -> str:
    """Return the address of the list a form was sent from, with its conditions, order and page."""
    known = (*CONDITIONS, "order", "size", "at")
    given = {name: value for name, value in parse_qsl(request.POST.get("back", "")) if name in known}
    return address(given)


@login_required
@require_safe
def of_organization(request, pk: int):
    """Answer with the fragment "so many drivers" for an organisation's page, each number a link to its rows.

    Drivers are registered with committees; what a branch has are those who name it and those placed in it. About eight
    queries.
    """
    needs(request, Capability.DRIVER_VIEW)
    organization = get_object_or_404(Organization.objects.visible_to(request.reach), pk=pk)
    asked = {"registered": "committee"} if organization.kind in COMMITTEES else {}
    if request.reach.has(Capability.PARTY_MEMBER_VIEW):
        asked |= {"placed": "placed"} if asked else {"declared": "declares", "placed": "placed"}
    context = {"organization": organization}
    for name, condition in asked.items():
        query = {condition: str(pk)}
        context[name] = {"count": asked_list(request, query).count, "url": address(query)}
    return render(request, "members/of_organization.html", context)


# --- one driver -------------------------------------------------------------------------------------------------------
@login_required
@require_safe
def driver_detail(request, pk: int):
    """Answer with one driver. About fourteen queries."""
    driver = driver_or_404(request, pk)
    return render(request, "members/driver_detail.html", _detail_context(request, driver))


def _detail_context(request, driver: Driver) -> dict:
    today, reach = timezone.localdate(), request.reach
    may = {
        name: may_do(request, driver, capability)
        for name, capability in (
            ("change", Capability.DRIVER_CHANGE),
            ("masked", Capability.DRIVER_IDENTITY_MASKED),
            ("reveal", Capability.DRIVER_IDENTITY_REVEAL),
            ("party", Capability.PARTY_MEMBER_VIEW),
            ("vehicles", Capability.VEHICLE_VIEW),
            ("credentials", Capability.CREDENTIAL_VIEW),
            ("set_credential", Capability.CREDENTIAL_CHANGE),
            ("enterprise", Capability.ENTERPRISE_VIEW),
            ("merge", Capability.DRIVER_MERGE),
        )
    }
    may["vehicle_add"] = may["change"] and reach.has(Capability.VEHICLE_ADD)
    identity = []
    if may["masked"]:
        for name, label in IDENTITY_FIELDS.items():
            value = getattr(driver.person, name)
            identity.append({"field": name, "label": label, "masked": driver.person._meta.get_field(name).mask(value)})
    links = []
    if may["vehicles"]:
        # Two questions, one partial index each: what he drives, and what he drove.
        for ended in (False, True):
            ties = DriverVehicle.objects.filter(driver=driver.pk, until_date__isnull=not ended)
            links += ties.select_related("vehicle").order_by("pk")
    credentials = []
    if may["credentials"]:
        for one in Credential.objects.filter(driver=driver.pk).select_related("issuer").order_by("kind"):
            due = due_words(one.expires_date, today) if one.expires_date else {}
            credentials.append(
                {
                    "row": one,
                    "label": credential_words(one.kind),
                    "masked": one._meta.get_field("number").mask(one.number),
                }
                | due
            )
    transfers = RegistrationTransfer.objects.visible_to(reach).filter(driver=driver.pk)
    member = None
    if may["party"]:
        member = (
            PartyMember.objects.visible_to(reach).select_related("formal_organization").filter(pk=driver.pk).first()
        )
    soonest = min((one["row"].expires_date for one in credentials if one["row"].expires_date), default=None)
    return {
        "driver": driver,
        "person": driver.person,
        "may": may,
        "identity": identity,
        "links": links,
        "credentials": credentials,
        "transfers": transfers.select_related("from_committee", "to_committee"),
        "open_statuses": [TransferStatus.CLAIMED, TransferStatus.REFUSED],
        "member": member,
        "kept": kept_of_driver(reach, driver) if may["party"] else None,
        "history": person_history(driver, reach, guarded=may["reveal"]),
        "today": today,
        "soonest": soonest,
        "days_left": (soonest - today).days if soonest else None,
        "age": _age(driver.person.birth_date, today),
    }


def _age(birth, today) -> int | None:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day)) if birth else None


@login_required
@require_POST
def driver_reveal(request, pk: int):
    """Show one protected value for a minute, after a reason; as a fragment to htmx, else within the page."""
    driver = driver_or_404(request, pk, Capability.DRIVER_IDENTITY_REVEAL)
    form = RevealForm(request.POST)
    context = {"driver": driver, "field": request.POST.get("field", ""), "reveal_url": request.path}
    if form.is_valid():
        try:
            value = reveal(driver, form.cleaned_data["field"], actor=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as error:
            form.add_refusal(error)
    field = context["field"] if context["field"] in IDENTITY_FIELDS else "id_number"
    masked = driver.person._meta.get_field(field).mask(getattr(driver.person, field))
    context |= {"what": IDENTITY_FIELDS[field], "masked": masked, "field": field}
    if form.is_valid():
        context |= {"revealed": value or "没有登记", "seconds": REVEAL_SECONDS}
    else:
        context["error"] = next(iter(form.errors.values()))[0]
    status = 200 if form.is_valid() else 422
    if request.htmx:
        return _no_store(render(request, "members/_reveal.html", context, status=status))
    page = _detail_context(request, driver)
    page["identity"] = [one | (context if one["field"] == field else {}) for one in page["identity"]]
    return _no_store(render(request, "members/driver_detail.html", page, status=status))


def _no_store(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def driver_create(request):
    """Register a driver."""
    needs(request, Capability.DRIVER_ADD)
    form = DriverForm(request.POST or None, reach=request.reach)
    known: dict = {}

    def act(form):
        try:
            return verbs.register_driver(
                form.values(),
                form.cleaned_data["committee"],
                actor=request.user,
                plate=form.cleaned_data["plate"],
                credential=form.cleaned_data["credential"],
            )
        except verbs.RegisteredAlready as error:
            known["url"] = reverse("members:driver_detail", args=[error.driver_id])
            raise

    return form_page(
        request,
        form,
        act,
        success="已登记",
        next_url=lambda driver: reverse("members:driver_detail", args=[driver.pk]),
        template="members/driver_form.html",
        title="登记司机",
        submit="登记这位司机",
        known=known,
        cancel_url=address({}),
        crumbs=[("司机", address({})), ("登记", "")],
    )


@login_required
@require_http_methods(["GET", "POST"])
def driver_change(request, pk: int):
    """Change what is registered of a driver."""
    driver = driver_or_404(request, pk, Capability.DRIVER_CHANGE)
    form = DriverForm(request.POST or None, reach=request.reach, driver=driver)
    return _driver_form(
        request,
        form,
        driver,
        lambda form: verbs.change_driver(driver, form.values(), versions=form.versions(), actor=request.user),
        title=f"修改 {driver.person.name}",
        success="修改已保存",
        template="members/driver_form.html",
    )


@login_required
@require_http_methods(["GET", "POST"])
def driver_verify(request, pk: int):
    """Note that a driver was checked today."""
    driver = driver_or_404(request, pk, Capability.DRIVER_CHANGE)
    return _driver_form(
        request,
        VerifyForm(request.POST or None),
        driver,
        lambda form: verbs.verify_driver(driver, actor=request.user, note=form.cleaned_data["note"]),
        title=f"{driver.person.name}：核实无误",
        submit="记下今天核实",
        success="已记下今天核实",
    )


@login_required
@require_http_methods(["GET", "POST"])
def driver_assign_vehicle(request, pk: int):
    """Tie a vehicle to a driver."""
    driver = driver_or_404(request, pk, Capability.DRIVER_CHANGE)
    needs(request, Capability.VEHICLE_ADD)
    return _driver_form(
        request,
        VehicleLinkForm(request.POST or None),
        driver,
        lambda form: verbs.assign_vehicle(driver, actor=request.user, **form.cleaned_data),
        title=f"给 {driver.person.name} 登记车辆",
        submit="登记这辆车",
        success="车辆已登记",
    )


@login_required
@require_http_methods(["GET", "POST"])
def driver_end_vehicle(request, pk: int, link: int):
    """End a driver's tie to a vehicle."""
    driver = driver_or_404(request, pk, Capability.DRIVER_CHANGE)
    links = DriverVehicle.objects.running().select_related("vehicle", "driver__person")
    tie = get_object_or_404(links, pk=link, driver=driver.pk)
    return _driver_form(
        request,
        VehicleEndForm(request.POST or None, initial={"until_date": timezone.localdate()}),
        driver,
        lambda form: verbs.end_vehicle(tie, form.cleaned_data["until_date"], actor=request.user),
        title=f"{driver.person.name} 不再驾驶 {plate(tie.vehicle.plate)}",
        submit="移除这辆车",
        success="已移除",
        consequence="车辆的登记还在，只是不再算在他名下。",
        confirm=True,
    )


@login_required
@require_http_methods(["GET", "POST"])
def driver_set_credential(request, pk: int):
    """Put a licence in place of the one of the same kind."""
    driver = driver_or_404(request, pk, Capability.CREDENTIAL_CHANGE)
    form = CredentialForm(request.POST or None, driver=driver)

    def act(form):
        values = {name: form.cleaned_data[name] for name in verbs.CREDENTIAL_FIELDS}
        kind, number = form.cleaned_data["kind"], form.cleaned_data["number"]
        return verbs.set_credential(driver, kind, number, values, actor=request.user)

    title = f"{driver.person.name} 的从业资格"
    return _driver_form(request, form, driver, act, title=title, success="从业资格已保存")


def _driver_form(request, form, driver: Driver, act, *, title: str, confirm: bool = False, **words):
    url = reverse("members:driver_detail", args=[driver.pk])
    crumbs = [("司机", address({})), (driver.person.name, url), (title, "")]
    page = confirm_page if confirm else form_page
    return page(request, form, act, next_url=url, title=title, cancel_url=url, crumbs=crumbs, **words)
