"""Members by name, initials and number; and the file of exactly the rows of a list."""

import csv
import io
import json
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from branches.capabilities import Capability
from branches.models import Appointment
from branches.scope import reach_of
from foundation.audit.models import Entry
from foundation.protection.masks import mask_phone
from members.lists import member_export
from members.lists.drivers import WrongFilter
from members.lists.members import MemberList
from members.models import ExportJob, PartyMember
from members.rules.search import classify
from members.workflow import exports
from tests.factories import AppointmentFactory
from tests.factories.members import DriverFactory, PartyMemberFactory, PersonFactory, id_number

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 27)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def members(tree):
    def make(name, number, branch=tree.branch, **fields):
        person = PersonFactory(name=name, phone=f"1900000550{number}", id_number=id_number(number))
        return PartyMemberFactory(person=person, formal_organization=branch, **fields)

    return {
        "zhang": make("张伟", 1),
        "trad": make("張偉明", 2),
        "dotted": make("阿卜来提·依明", 3),
        "formula": make("=HYPERLINK(1)", 4, absent_since_date=date(2026, 1, 1), absent_to="+外省"),
        "far": make("张远", 5, tree.neighbour_branch),
    }


def search(client, text, **conditions):
    return client.post(reverse("members:member_search"), {"q": text, **conditions})


def names(page):
    return {line["row"].person.name for line in page.context["rows"]}


# --- search -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张", {"张伟", "張偉明"}),
        ("張偉", {"张伟", "張偉明"}),
        ("张 伟", {"张伟", "張偉明"}),
        ("偉明", {"張偉明"}),
        ("阿卜来提·依", {"阿卜来提·依明"}),
        ("阿卜来提・依", {"阿卜来提·依明"}),
        ("阿卜来提依", {"阿卜来提·依明"}),
        ("zw", {"张伟", "張偉明"}),
        ("ＺＷＭ", {"張偉明"}),
        ("5502", {"張偉明"}),
        ("19000005501", {"张伟"}),
        (id_number(1), {"张伟"}),
        ("张远", set()),
        ("无此人", set()),
    ],
)
def test_a_typed_text_finds_the_members_it_means_within_the_scope(county_clerk, members, sign_in, text, expected):
    page = search(sign_in(county_clerk), text)
    assert page.status_code == 200
    assert names(page) == expected


def test_no_number_stands_in_the_answer_or_in_an_address(county_clerk, members, sign_in):
    client = sign_in(county_clerk)
    text = search(client, "19000005501").content.decode()
    assert "19000005501" not in text
    assert id_number(1) not in text
    assert mask_phone("19000005501") in text
    assert client.get(reverse("members:member_search"), {"q": "张"}).status_code == 302


def test_an_identity_number_asks_for_its_right_and_a_plate_or_nothing_for_another_text(
    secretary, county_clerk, members, sign_in
):
    assert search(sign_in(secretary), id_number(1)).status_code == 403
    assert names(search(sign_in(secretary), "张伟")) == {"张伟", "張偉明"}
    for text in ("12345", "川D9M113", "  "):
        page = search(sign_in(county_clerk), text)
        assert page.status_code == 422
        assert "没看懂要查什么" in page.content.decode()


def test_a_number_is_asked_only_where_it_may_be_seen(members, tree, sign_in, monkeypatch):
    """Somebody sees members of two units; numbers only in one of them: a hit elsewhere would tell the number."""
    from branches.capabilities import CAPABILITIES
    from branches.choices import Role

    monkeypatch.delitem(CAPABILITIES[Capability.DRIVER_IDENTITY_MASKED], Role.BRANCH_COMMITTEE_MEMBER)
    post = AppointmentFactory(organization=tree.branch, role="secretary")
    AppointmentFactory(user=post.user, organization=tree.neighbour_branch, role="branch_committee_member")
    client = sign_in(post.user)
    assert names(search(client, "张远")) == {"张远"}
    assert names(search(client, "5505")) == set()
    assert names(search(client, "5501")) == {"张伟"}


def test_conditions_go_with_the_search_and_its_pages_turn_without_naming_the_text(county_clerk, tree, sign_in):
    for number in range(60):
        PartyMemberFactory(
            person=PersonFactory(name=f"王测{chr(0x4E00 + number)}"),
            formal_organization=tree.branch,
            status="full" if number else "probationary",
            full_date=date(2011, 7, 1) if number else None,
        )
    client = sign_in(county_clerk)
    first = search(client, "王测", status="full")
    token = first.context["query_token"]
    assert "王" not in token
    again = {"token": token, "at": first.context["page"].next, "status": "full"}
    second = client.post(reverse("members:member_search"), again)
    found = [line["row"].pk for page in (first, second) for line in page.context["rows"]]
    assert len(found) == len(set(found)) == 59
    assert client.post(reverse("members:member_search"), {"token": token[:-3] + "AAA"}).status_code == 422


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("张", "members_person_name"),
        ("zw", "members_person_initials"),
        ("7720", "members_person_phone_tail"),
        ("19000007720", "members_person_phone"),
        ("001X", "members_person_id_tail"),
        (id_number(1), "members_person_id_number"),
    ],
)
def test_each_kind_of_search_can_be_answered_by_its_index(text, index):
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    run = PartyMember.objects.in_order_of(classify(text))[0]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = json.dumps(json.loads(run.rows.order_by(*run.order).values("pk").explain(format="json")))
    assert f'"{index}"' in plan


# --- the file ---------------------------------------------------------------------------------------------------------
def ask(actor, *, format="xlsx", query=None, columns=tuple(member_export.COLUMNS), reason="支部换届名册", **values):
    asked = MemberList(reach_of(actor), TODAY, values, query, Capability.PARTY_MEMBER_EXPORT)
    return exports.request_export(asked, columns, format=format, reason=reason, unmask=False, actor=actor)


def rows_of(job):
    exports.write_next(job.pk)
    job.refresh_from_db()
    assert job.status == "ready", job.failure
    path = exports.folder() / job.file_name
    if job.format == "csv":
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
        rows = rows[: rows.index([])]
    else:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("名单").to_python()
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_a_file_holds_exactly_the_rows_of_the_list_masked_and_harmless(county_clerk, members, sign_in, format):
    listed = names(sign_in(county_clerk).get(reverse("members:member_list"), {"size": "100"}))
    table = {row["姓名"]: row for row in rows_of(ask(county_clerk, format=format))}
    assert set(table) == {f"'{name}" if name.startswith("=") else name for name in listed}
    row = table["张伟"]
    assert (row["手机"], row["身份证号"][-4:], row["党龄（年）"]) == ("190****5501", id_number(1)[-4:], "15")
    assert id_number(1) not in str(table)
    assert row["组织关系"].startswith("东区")
    assert table["'=HYPERLINK(1)"]["外出到"] == "'+外省"
    assert table["'=HYPERLINK(1)"]["外出"] == "流动党员"


def test_conditions_and_a_typed_text_are_what_is_exported(county_clerk, members):
    assert {row["姓名"] for row in rows_of(ask(county_clerk, query=classify("张")))} == {"张伟", "張偉明"}
    job = ask(county_clerk, query=classify("19000005502"), absence="home")
    assert "19000005502" not in str(job.query)
    assert [row["姓名"] for row in rows_of(job)] == ["張偉明"]
    entry = Entry.objects.filter(action="member.export").latest("pk")
    assert (entry.reason, entry.details["rows"], entry.details["masked"]) == ("支部换届名册", 1, True)
    assert "19000005502" not in str(entry.details)


def test_who_may_export_and_how_much(
    county_clerk, organisation_reader, leader, secretary, neighbour_clerk, members, monkeypatch
):
    assert {row["姓名"] for row in rows_of(ask(neighbour_clerk))} == {"张远"}
    assert len(rows_of(ask(organisation_reader))) == 4
    for user in (leader, secretary):
        with pytest.raises(PermissionDenied):
            ask(user)
    asked = MemberList(reach_of(county_clerk), TODAY, {}, None, Capability.PARTY_MEMBER_EXPORT)
    with pytest.raises(PermissionDenied):
        exports.request_export(asked, [], format="csv", reason="支部换届名册", unmask=True, actor=county_clerk)
    with pytest.raises(ValidationError):
        ask(county_clerk, reason=" ")
    with pytest.raises(ValidationError, match="没有可以导出的党员"):
        ask(county_clerk, status="deceased")
    monkeypatch.setattr(member_export, "ROW_LIMITS", {"clerk": (3, 0)})
    with pytest.raises(ValidationError, match="一次最多 3 人"):
        ask(county_clerk)


def test_a_number_goes_into_a_file_only_for_whom_it_may_be_seen(organisation_reader, members, monkeypatch):
    from branches.capabilities import CAPABILITIES
    from branches.choices import Role

    cells = dict(CAPABILITIES[Capability.DRIVER_IDENTITY_MASKED])
    del cells[Role.ORGANISATION_READER]
    monkeypatch.setitem(CAPABILITIES, Capability.DRIVER_IDENTITY_MASKED, cells)
    assert "手机" not in rows_of(ask(organisation_reader))[0]


def test_the_page_asks_for_a_reason_and_leads_to_the_job(county_clerk, members, sign_in):
    client, url = sign_in(county_clerk), reverse("members:member_export")
    assert "导出这 4 人" in client.get(url).content.decode()
    assert client.post(url, {"format": "csv", "columns": ["name"], "reason": "短"}).status_code == 422
    answer = client.post(url, {"format": "csv", "columns": ["name"], "reason": "支部换届名册", "status": "full"})
    assert answer.status_code == 302
    job = ExportJob.objects.get()
    assert (job.list_name, job.query) == ("members", {"values": {"status": "full"}})
    found = search(client, "张")
    token = found.context["query_token"]
    answer = client.post(url, {"format": "csv", "columns": ["name"], "reason": "支部换届名册", "token": token})
    assert answer.status_code == 302
    assert ExportJob.objects.latest("pk").total == 2


def test_a_post_that_has_ended_opens_no_file_of_members(county_clerk, members, sign_in, tree):
    job = ask(county_clerk)
    exports.write_next(job.pk)
    client, url = sign_in(county_clerk), reverse("members:export_download", args=[job.pk])
    got = client.get(url)
    assert got.status_code == 200
    for close in got._resource_closers:
        close()
    Appointment.objects.filter(user=county_clerk).update(until_at=timezone.now())
    assert client.get(url).status_code == 403
    AppointmentFactory(user=county_clerk, organization=tree.neighbour_county, role="clerk", from_at=timezone.now())
    assert client.get(url).status_code == 403


def test_a_list_that_means_nothing_is_refused(county_clerk, tree, sign_in):
    for values in ({"status": "nobody"}, {"unit": "x"}, {"committee": "²"}, {"absence": "1"}):
        with pytest.raises(WrongFilter):
            MemberList(reach_of(county_clerk), TODAY, values)
        assert sign_in(county_clerk).get(reverse("members:member_list"), values).status_code == 400


def test_a_driver_who_is_no_member_is_not_found(county_clerk, members, tree, sign_in):
    DriverFactory(person__name="张司机", committee=tree.county)
    assert "张司机" not in names(search(sign_in(county_clerk), "张"))
