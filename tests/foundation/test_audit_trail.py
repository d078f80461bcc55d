"""Entries: what is written, what is masked, what is refused; and the change of a status."""

import threading
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.db.models import Manager
from django.db.transaction import TransactionManagementError
from django.test import RequestFactory

from foundation.accounts.models import User
from foundation.audit import trail
from foundation.audit.middleware import ActOrigin
from foundation.audit.models import Cut, Entry
from foundation.audit.trail import Conflict, NotAllowed, Origin

# A status-like field of a model that is always there.
NEXT = {"": {"locked"}, "locked": {"", "retired"}}


@pytest.fixture
def clerk(db):
    return User.objects.create(username="clerk", name="测试专干", phone="19000007720")


def lock(user, **changes):
    return trail.transition(
        user, "locked", field="lock_reason", actor=None, action="account.lock", next_table=NEXT, **changes
    )


def test_an_entry_copies_who_did_what_to_which_object(clerk):
    entry = trail.record(
        "driver.reveal",
        clerk,
        actor=clerk,
        organization_id=7,
        person_id=8,
        fields=["phone"],
        reason="核实身份",
        label="张*",
        origin=Origin("192.0.2.1", "request-0001"),
    )
    entry.refresh_from_db()
    assert (entry.actor_id, entry.actor_name, entry.action) == (clerk.pk, "测试专干", "driver.reveal")
    assert (entry.object_type, entry.object_id, entry.object_label) == ("accounts.user", str(clerk.pk), "张*")
    assert (entry.organization_id, entry.person_id, entry.fields) == (7, 8, {"phone": None})
    assert (entry.reason, entry.address, entry.request_id) == ("核实身份", "192.0.2.1", "request-0001")
    assert entry.sequence is None
    assert entry.seal == ""


def test_an_act_of_the_system_has_a_name_and_no_account(db):
    entry = trail.record("import.sweep", None, actor=None)
    assert (entry.actor_id, entry.actor_name, entry.object_type) == (None, "系统", "")


def test_protected_values_and_numbers_in_text_are_masked(clerk):
    entry = trail.record(
        "account.edit",
        clerk,
        actor=clerk,
        fields={"phone": ("19000007720", "19000001111"), "name": ("甲", "乙 19000002222")},
        reason="本人来电 19000003333，证件 510411200001010017 已核",
        details={"note": ["11010120000101001x"]},
    )
    entry.refresh_from_db()
    assert entry.fields == {"phone": ["190****7720", "190****1111"], "name": ["甲", "乙 190****2222"]}
    assert entry.reason == "本人来电 190****3333，证件 510411********0017 已核"
    assert entry.details == {"note": ["110101********001x"]}


def test_the_index_of_a_protected_value_is_no_trace_of_it(clerk):
    fields = {"phone_index": (uuid.UUID(int=7), None)}
    entry = trail.record("account.changed", clerk, actor=None, fields=fields)
    entry.refresh_from_db()
    assert entry.fields == {"phone_index": ["****", ""]}


def test_an_entry_vanishes_with_the_change_it_belongs_to(db):
    with transaction.atomic():
        trail.record("driver.edit", None, actor=None)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(TransactionManagementError):
        trail.record("driver.edit", None, actor=None)
    with pytest.raises(TransactionManagementError):
        trail.record_all([trail.draft("driver.edit", None, actor=None)])


@pytest.mark.parametrize("action", ["reveal", "Driver.Reveal", "driver reveal", "", "driver.", "司机.查看"])
def test_an_action_is_a_dotted_verb(db, action):
    with pytest.raises(ValueError, match="dotted verb"):
        trail.record(action, None, actor=None)


def test_many_entries_are_written_together(db, django_assert_num_queries):
    drafts = [trail.draft("driver.edit", None, actor=None, person_id=number) for number in range(50)]
    with django_assert_num_queries(1):
        assert trail.record_all(drafts) == 50
    assert Entry.objects.count() == 50


def test_the_model_adds_and_never_changes(db):
    entry = trail.record("driver.edit", None, actor=None)
    for forbidden in (
        entry.save,
        entry.delete,
        lambda: Entry.objects.update(reason="x"),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.bulk_update([entry], ["reason"]),
        lambda: Entry.objects.update_or_create(id=entry.pk, defaults={"reason": "x"}),
        lambda: Cut.objects.all().delete(),
    ):
        with pytest.raises(TypeError, match="append-only"):
            forbidden()


def two_steps(db):
    users = [User.objects.create(username=f"clerk-{n}", name=f"测试{n}") for n in range(2)]
    return users, [trail.Step(user, "locked", {"name": f"新{n}"}, label=user.name) for n, user in enumerate(users)]


def test_many_rows_change_at_once_each_with_its_entry(db):
    users, steps = two_steps(db)
    entries = trail.transition_all(steps, field="lock_reason", actor=None, action="account.lock", next_table=NEXT)
    assert [(one.object_id, one.object_label, one.fields["name"]) for one in Entry.objects.order_by("pk")] == [
        (str(users[0].pk), "测试0", ["测试0", "新0"]),
        (str(users[1].pk), "测试1", ["测试1", "新1"]),
    ]
    assert [one.pk for one in entries] == list(Entry.objects.order_by("pk").values_list("pk", flat=True))
    assert list(User.objects.order_by("pk").values_list("lock_reason", "name")) == [
        ("locked", "新0"),
        ("locked", "新1"),
    ]
    assert [user.lock_reason for user in users] == ["locked", "locked"]


def test_many_rows_change_all_or_none(db):
    users, steps = two_steps(db)
    User.objects.filter(pk=users[1].pk).update(lock_reason="retired")  # behind the caller's back
    with pytest.raises(Conflict):
        trail.transition_all(steps, field="lock_reason", actor=None, action="account.lock", next_table=NEXT)
    assert list(User.objects.order_by("pk").values_list("lock_reason", flat=True)) == ["", "retired"]
    assert not Entry.objects.exists()
    assert [user.name for user in users] == ["测试0", "测试1"]


def test_a_transition_changes_the_row_and_writes_the_entry(clerk):
    entry = lock(clerk, changes={"is_active": False, "phone": ""}, reason="离职")
    assert (clerk.lock_reason, clerk.is_active, clerk.phone) == ("locked", False, "")
    clerk.refresh_from_db()
    assert (clerk.lock_reason, clerk.is_active, clerk.phone) == ("locked", False, "")
    assert entry.fields == {"lock_reason": ["", "locked"], "is_active": [True, False], "phone": ["190****7720", ""]}


def test_a_step_the_table_does_not_have_is_refused_in_words(clerk):
    with pytest.raises(NotAllowed, match="不能改为「retired」"):
        trail.transition(clerk, "retired", field="lock_reason", actor=None, action="account.retire", next_table=NEXT)
    assert not Entry.objects.exists()


def test_a_row_somebody_else_changed_first_is_a_conflict(clerk):
    stale = User.objects.get(pk=clerk.pk)
    lock(clerk)
    with pytest.raises(Conflict, match="刷新页面"):
        lock(stale)
    assert stale.lock_reason == ""
    assert Entry.objects.count() == 1


def test_a_change_that_breaks_a_rule_of_the_database_leaves_no_entry(clerk):
    User.objects.create(username="taken", name="乙")
    with pytest.raises(Exception, match=r"(?i)unique"), transaction.atomic():
        lock(clerk, changes={"username": "taken"})
    assert not Entry.objects.exists()
    assert clerk.lock_reason == ""


def race_to_lock(count=10):
    """Lock one account from several threads at once; return how many won and how many heard of a conflict."""
    user = User.objects.create(username="raced", name="甲")
    start, outcomes = threading.Barrier(count), []

    def attempt():
        mine = User.objects.get(pk=user.pk)
        start.wait()
        try:
            lock(mine)
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes.count("won"), outcomes.count("lost")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_ten_that_lock_at_once_one_wins():
    assert race_to_lock() == (1, 9)
    assert Entry.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_comparison_of_the_old_status_all_ten_would_win(monkeypatch):
    class Careless(Manager):
        def filter(self, pk__in, **old_status):
            return super().filter(pk__in=pk__in)

    careless = Careless()
    careless.model = User
    monkeypatch.setattr(User._meta, "base_manager", careless)
    assert race_to_lock() == (10, 0)


def test_the_origin_of_a_request_is_the_peer_unless_a_proxy_is_configured(settings):
    request = RequestFactory().get("/", headers={"x-forwarded-for": "192.0.2.9, 192.0.2.5"}, REMOTE_ADDR="192.0.2.1")
    settings.SECURE_PROXY_SSL_HEADER = None
    first = trail.origin_of(request)
    assert first.address == "192.0.2.1"
    assert trail.origin_of(request) is first
    del request.audit_origin
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert trail.origin_of(request).address == "192.0.2.5"


@pytest.mark.parametrize(("given", "kept"), [("0a1b2c3d-4e5f", True), ("短", False), ("a b c d e f g h", False)])
def test_a_request_number_is_believed_only_when_it_is_one(given, kept):
    request = RequestFactory().get("/")
    request.META["HTTP_X_REQUEST_ID"] = given
    assert (trail.origin_of(request).request_id == given) is kept
    assert trail.origin_of(request).request_id


def test_the_actor_of_a_request_brings_its_origin(clerk, django_assert_num_queries):
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    request.user = clerk

    def view(request):
        return trail.record("driver.reveal", None, actor=request.user)

    assert ActOrigin(view)(request).address == "192.0.2.1"


def test_a_visitor_has_an_origin_too():
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    request.user = AnonymousUser()
    assert ActOrigin(lambda request: request.user.origin.address)(request) == "192.0.2.1"


def test_questions_to_the_trail_come_newest_first(clerk):
    other = User.objects.create(username="other", name="乙")
    first = trail.record("driver.reveal", clerk, actor=clerk, person_id=1, organization_id=5)
    second = trail.record("driver.reveal_phone", other, actor=clerk, person_id=1, organization_id=6)
    third = trail.record("driverx.edit", clerk, actor=other, person_id=2, organization_id=5)
    assert list(Entry.objects.for_person(1)) == [second, first]
    assert list(Entry.objects.for_object(clerk)) == [third, first]
    assert list(Entry.objects.by_actor(clerk)) == list(Entry.objects.by_actor(clerk.pk)) == [second, first]
    assert list(Entry.objects.with_action("driver.")) == [second, first]
    assert list(Entry.objects.with_action("driver.reveal")) == [first]
    assert list(Entry.objects.at_organizations([5])) == [third, first]
    assert list(Entry.objects.between(second.at, third.at)) == [second]
