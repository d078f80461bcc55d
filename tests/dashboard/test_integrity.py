"""`verify_integrity`: silent on a sound registry, and each check finds the damage it is there for."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from branches.models import Appointment, Organization
from dashboard.demo.rosters import write_roster
from dashboard.demo.scale import load
from dashboard.integrity import CHECKS, verify
from foundation.notifications.models import Delivery
from foundation.notifications.workflow import Recipient, build_digests, drain
from members.models import Affiliation, Credential, Enterprise, PartyMember, Person, RosterImport, RosterResult
from tests.factories import AppointmentFactory, UserFactory
from tests.foundation.notifications import MORNING, reachable, tell
from tests.members.roster_runs import load_units, written

pytestmark = pytest.mark.django_db


def found(at=None):
    """Return {check: sentences} of the checks that found something."""
    return {one.check: one.sentences for one in verify(at or timezone.now()) if one.count}


@pytest.fixture
def registry(divisions):
    """Load forty drivers and members."""
    load(drivers=40, members=8, organizations=12, seed=6)


@pytest.fixture
def batch(divisions, tmp_path):
    """Import a roster of twenty."""
    load_units()
    write_roster(tmp_path / "roster.xlsx", 20, seed=3, mistakes_per_thousand=3)
    return written(tmp_path / "roster.xlsx", "510100")


@pytest.fixture
def without_checks(db):
    """Let a test write what the database refuses: someone with the file in his hands could."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL does not let its constraints be switched off")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = 1")
        yield cursor
        cursor.execute("PRAGMA ignore_check_constraints = 0")


def test_a_sound_registry_has_no_problems(registry):
    assert found() == {}


def test_a_roster_just_imported_and_taken_back_has_no_problems(batch):
    assert (batch.created, batch.rejected) == (18, 2)
    assert found() == {}
    call_command("undo_import", str(batch.pk), stdout=StringIO())
    assert found() == {}


def test_a_wrong_number_of_children_is_found(registry):
    Organization.objects.filter(code="510000").update(numchild=7)
    assert "下级数目不对" in found()["tree"][0]


def test_a_branch_under_a_branch_is_found(registry):
    one, other = Organization.objects.branches()[:2]
    Organization.objects.filter(pk=other.pk).update(path=one.path + "0001", depth=one.depth + 1)
    assert any("不能设在" in sentence for sentence in found()["tree"])


def test_a_running_unit_under_a_dissolved_one_is_found(registry):
    Organization.objects.filter(code="510000").update(status="dissolved", dissolved_date="2026-01-01")
    assert any("已经撤销" in sentence for sentence in found()["tree"])


def test_an_index_that_does_not_fit_its_number_is_found(registry):
    one, other = Person.objects.order_by("pk")[:2]
    Person.objects.filter(pk=one.pk).update(phone_tail=other.phone_tail)
    assert found()["people"] == (f"人员 {one.pk}：手机号与它的索引不符",)


def test_search_keys_that_do_not_fit_the_name_are_found(registry):
    Person.objects.filter(pk=Person.objects.first().pk).update(initials="qq")
    assert "检索名与姓名不符" in found()["people"][0]
    Enterprise.objects.filter(pk=Enterprise.objects.first().pk).update(name_key="x")
    assert "firms" in found()


def test_a_licence_number_of_another_is_found(registry):
    one, other = Credential.objects.order_by("pk")[:2]
    Credential.objects.filter(pk=one.pk).update(number_index=other.number_index)
    assert found()["people"] == (f"从业资格 {one.pk}：证号与它的索引不符",)


def test_a_sealed_value_that_does_not_open_is_found(registry):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_person SET phone = %s", ["k1:AAAA"])
    assert "打不开" in found()["people"][0]


def test_two_formal_affiliations_are_found(registry, without_checks):
    member = PartyMember.objects.filter(formal_organization__isnull=False).first()
    PartyMember.objects.filter(pk=member.pk).update(external_organization="示例市")
    assert found()["membership"] == (f"党员 {member.pk}：组织关系不是恰好一个",)


def test_a_member_without_any_affiliation_is_found(registry, without_checks):
    PartyMember.objects.filter(pk=PartyMember.objects.first().pk).update(
        formal_organization=None, external_organization=""
    )
    assert "membership" in found()


def test_a_driver_registered_with_a_branch_is_found(registry):
    branch = Organization.objects.branches().first()
    person = Person.objects.first()
    person.driver.__class__.objects.filter(pk=person.pk).update(registering_committee=branch)
    assert found()["registration"] == (f"司机 {person.pk}：登记单位不是党委",)


def test_counts_that_do_not_add_up_are_found(batch, without_checks):
    RosterImport.objects.filter(pk=batch.pk).update(unchanged=5)
    assert any("不等于" in sentence for sentence in found()["imports"])


def test_a_line_result_that_is_gone_is_found(batch):
    RosterResult.objects.filter(roster_import=batch, ordinal=0).delete()
    assert any("写入结果有 17 行" in sentence for sentence in found()["imports"])
    RosterResult.objects.filter(roster_import=batch).delete()
    assert any("没有写入结果" in sentence for sentence in found()["imports"])


def test_a_staged_row_that_changed_its_fate_is_found(batch):
    batch.roster_rows.filter(fate="created")[:1].get().__class__.objects.filter(
        pk=batch.roster_rows.filter(fate="created").first().pk
    ).update(fate="unchanged")
    assert any("逐行留底" in sentence for sentence in found()["imports"])


def test_a_batch_past_its_retention_is_no_problem(batch):
    batch.roster_rows.all().delete()
    batch.roster_results.all().delete()
    assert found() == {}


def test_a_result_whose_person_is_gone_is_found(batch):
    RosterResult.objects.filter(roster_import=batch, ordinal=0).update(person_id=10**9)
    assert any("已经不在" in sentence for sentence in found()["imports"])


def test_roles_that_exclude_each_other_are_found(tree):
    user = UserFactory()
    AppointmentFactory(user=user, organization=tree.county, role="clerk")
    AppointmentFactory(user=user, organization=tree.county, role="auditor")
    assert len(found()["appointments"]) == 2
    Appointment.objects.filter(role="auditor").update(until_at=timezone.now() - timedelta(days=1))
    assert found() == {}


def test_a_role_at_the_wrong_kind_of_unit_is_found(tree):
    AppointmentFactory(organization=tree.branch, role="clerk")
    assert "没有 clerk 这个角色" in found()["appointments"][0]


def test_a_changed_audit_entry_is_found(registry):
    from foundation.audit import triggers
    from foundation.audit.models import Entry
    from foundation.audit.sealing import seal_pending

    later = timezone.now() + timedelta(seconds=30)
    assert seal_pending(now=later) == Entry.objects.count()
    assert found() == {}
    with triggers.removed(connection), transaction.atomic():
        Entry.objects.filter(action="seed.scale").order_by().model._base_manager.filter(action="seed.scale")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE audit_entry SET reason = 'x'")
    assert "content" in found()["audit"][0]


def test_a_sealer_that_lags_is_no_damage(registry):
    assert found(timezone.now() + timedelta(hours=1)) == {}


def test_a_reference_to_nothing_is_found(registry, without_checks):
    with connection.constraint_checks_disabled():
        Affiliation.objects.filter(pk=Affiliation.objects.first().pk).update(organization_id=10**9)
        try:
            assert "references" in found()
        finally:
            Affiliation.objects.filter(organization_id=10**9).delete()


def test_every_check_is_told_and_the_exit_code_says_whether_something_was_found(registry):
    out = StringIO()
    call_command("verify_integrity", json=True, stdout=out)
    answer = json.loads(out.getvalue())
    assert answer["problems"] == 0
    assert [one["check"] for one in answer["checks"]] == list(CHECKS)
    Organization.objects.filter(code="510000").update(numchild=7)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_integrity", stdout=StringIO())
    assert ended.value.code == 1


def test_no_sentence_names_a_person(batch):
    Person.objects.update(initials="qq", phone_tail=1)
    said = "".join(sentence for one in found().values() for sentence in one)
    assert said
    assert not [p for p in Person.objects.all() if p.name in said or p.id_number in said or p.phone in said]


# --- the outbox ------------------------------------------------------------------------------------------------------
@pytest.fixture
def outbox(db, settings, tmp_path):
    """Tell an account and somebody without one, and send it."""
    settings.NOTIFY_SINK = str(tmp_path / "sink.jsonl")
    tell(UserFactory(), Recipient(phone="19000007720"))
    tell(reachable(digest=True), number=2)
    daytime = MORNING + timedelta(days=1)  # whatever the hour of the run: at night only what is urgent is sent
    build_digests(daytime)
    drain(daytime, seconds=60)
    return Delivery.objects.order_by("pk")


def test_a_sound_outbox_has_no_problems(outbox):
    assert {one.status for one in outbox} == {"sent", "bundled"}
    assert found() == {}


def test_a_notification_without_its_inbox_entry_is_found(outbox):
    outbox.filter(channel="in_app").first().delete()
    assert "没有站内的一份" in found()["outbox"][0]


def test_a_message_without_any_way_is_found(outbox):
    outbox.filter(channel="sms", recipient__startswith="phone:").delete()
    assert "没有一个通道" in found()["outbox"][0]


def test_a_delivery_under_another_name_is_found(outbox):
    outbox.filter(channel="sms").update(subject="grievances.grievance:9")
    assert "不符" in found()["outbox"][0]


def test_what_the_dead_hold_is_found_and_what_the_living_hold_is_not(outbox):
    until = timezone.now()
    outbox.filter(channel="sms", status="sent").update(
        status="waiting", sent_at=None, lease_owner="x", lease_until=until
    )
    assert found() == {}
    assert "早已中断" in found(until + timedelta(minutes=61))["outbox"][0]


def test_an_inbox_nobody_marks_is_found(outbox):
    tell(UserFactory(), number=3, when=timezone.now() - timedelta(hours=2))
    assert "后台还没有办" in found()["outbox"][0]


def test_a_part_of_no_digest_is_found(outbox):
    outbox.filter(status="bundled").update(bundled_into=outbox.first().notification_id)
    assert "并入的不是汇总" in found()["outbox"][0]
