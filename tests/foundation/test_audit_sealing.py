"""The chain: numbering, verification, every kind of tampering by raw SQL, the guard of the database, retention."""

import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from foundation.audit import retention, sealing, trail, triggers
from foundation.audit.models import Cut, Entry
from foundation.audit.sealing import GENESIS, Head, head, seal_pending, verify
from foundation.audit.tasks import seal_audit_trail

LATER = timedelta(seconds=sealing.SETTLE_SECONDS + 1)


def write(count, *, at=None):
    at = at or timezone.now()
    drafts = [
        trail.draft("driver.edit", None, actor=None, person_id=n, fields={"name": ("甲", "乙")}) for n in range(count)
    ]
    for draft in drafts:
        draft.at = at
    with transaction.atomic():
        trail.record_all(drafts)


def seal_all():
    return seal_pending(now=timezone.now() + LATER)


def sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tamper(*statements):
    """Do what an attacker with the database does: take the guard away, change, put the guard back."""
    with triggers.removed(connection):
        sql(*statements)


@pytest.fixture
def chain(db):
    write(10)
    assert seal_all() == 10


def test_entries_get_consecutive_numbers_and_linked_seals(chain):
    rows = list(Entry.objects.sealed().values_list("sequence", "previous_seal", "seal"))
    assert [row[0] for row in rows] == list(range(1, 11))
    assert [row[1] for row in rows] == [GENESIS] + [row[2] for row in rows[:-1]]
    assert head().sequence == 10
    assert verify().checked == 10
    assert verify().problem is None


def test_sealing_goes_on_where_it_stopped(chain):
    write(7)
    assert seal_pending(4, now=timezone.now() + LATER) == 4
    assert seal_pending(4, now=timezone.now() + LATER) == 3
    assert seal_pending(4, now=timezone.now() + LATER) == 0
    assert verify() == sealing.Verification(17, head(), None)


def test_what_is_younger_than_two_seconds_waits(db):
    write(1)
    assert seal_pending() == 0
    write(1, at=timezone.now() - LATER)
    assert seal_pending() == 1


def test_the_task_seals_all_that_waits(db, monkeypatch):
    monkeypatch.setattr("foundation.audit.tasks.BATCH", 3)
    write(8, at=timezone.now() - LATER)
    assert seal_audit_trail() == 8


def test_an_empty_trail_is_whole(db):
    assert verify() == sealing.Verification(0, Head(0, GENESIS), None)


@pytest.mark.parametrize(
    ("statement", "kind", "sequence"),
    [
        ("UPDATE audit_entry SET reason = 'x' WHERE sequence = 4", "content", 4),
        ("UPDATE audit_entry SET actor_id = 9 WHERE sequence = 4", "content", 4),
        ("UPDATE audit_entry SET person_id = NULL WHERE sequence = 4", "content", 4),
        ('UPDATE audit_entry SET fields = \'{"name": ["甲", "丙"]}\' WHERE sequence = 4', "content", 4),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00+00:00' WHERE sequence = 1", "content", 1),
        ("UPDATE audit_entry SET seal = previous_seal WHERE sequence = 10", "content", 10),
        ("UPDATE audit_entry SET previous_seal = seal WHERE sequence = 5", "order", 5),
        ("DELETE FROM audit_entry WHERE sequence = 6", "gap", 6),
        ("DELETE FROM audit_entry WHERE sequence <= 3", "gap", 1),
    ],
)
def test_tampering_is_found_and_named(chain, statement, kind, sequence):
    tamper(statement)
    problem = verify().problem
    assert (problem.kind, problem.sequence) == (kind, sequence)
    assert str(sequence) in problem.sentence


def test_two_entries_that_changed_places_are_found(chain):
    tamper(
        "UPDATE audit_entry SET sequence = 99 WHERE sequence = 3",
        "UPDATE audit_entry SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit_entry SET sequence = 4 WHERE sequence = 99",
    )
    assert (verify().problem.kind, verify().problem.sequence) == ("order", 3)


def test_a_chain_remade_with_another_key_is_found(chain, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sealing, "derived_key", lambda purpose: b"guessed " * 4)
        tamper("UPDATE audit_entry SET sequence = NULL, seal = '', previous_seal = '', reason = 'x' WHERE sequence > 5")
        with patch.context() as inner:
            inner.setattr(sealing, "head", lambda: Head(5, Entry.objects.get(sequence=5).seal))
            assert seal_all() == 5
    assert (verify().problem.kind, verify().problem.sequence) == ("content", 6)


def test_missing_newest_entries_are_found_by_an_anchor_only(chain):
    anchor = head()
    tamper("DELETE FROM audit_entry WHERE sequence > 8")
    assert verify().problem is None
    assert verify(anchor=anchor).problem.kind == "anchor"


def test_an_anchor_of_the_past_fits_and_a_wrong_one_does_not(chain):
    anchor = head()
    write(3)
    seal_all()
    assert verify(anchor=anchor).problem is None
    assert verify(anchor=Head(anchor.sequence, GENESIS)).problem.kind == "anchor"
    assert verify(anchor=Head(0, GENESIS)).problem is None


def test_an_entry_unsealed_for_over_a_minute_is_a_problem(chain):
    write(1)
    assert verify(now=timezone.now() + timedelta(seconds=59)).problem is None
    assert verify(now=timezone.now() + timedelta(seconds=62)).problem.kind == "unsealed"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET reason = 'x' WHERE sequence = 4",
        "UPDATE audit_entry SET seal = previous_seal WHERE sequence = 4",
        "UPDATE audit_entry SET sequence = NULL, seal = '', previous_seal = '' WHERE sequence = 10",
        "UPDATE audit_entry SET reason = 'x' WHERE sequence IS NULL",
        "UPDATE audit_entry SET details = '{\"a\": 1}' WHERE sequence IS NULL",
        "DELETE FROM audit_entry WHERE sequence = 4",
        "DELETE FROM audit_entry WHERE sequence IS NULL",
    ],
)
def test_the_database_itself_refuses_changes(chain, statement):
    write(1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert Entry.objects.count() == 11


def test_postgresql_refuses_to_truncate(chain):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql("TRUNCATE audit_entry")


def test_all_triggers_are_there_after_migrating(db):
    assert triggers.missing(connection) == []


def test_a_missing_trigger_is_a_problem(chain):
    triggers.remove(connection)
    assert "audit_entry_no_change" in triggers.missing(connection)
    assert verify().problem.kind == "guard"
    triggers.install(connection)
    assert verify().problem is None


def test_retention_refuses_what_is_younger_than_180_days(db):
    with pytest.raises(ValueError, match="180"):
        retention.cut(timezone.now() - timedelta(days=179), actor=None)


def test_retention_cuts_at_an_anchor_and_the_chain_goes_on(chain):
    old = timezone.now() - timedelta(days=400)
    tamper("DELETE FROM audit_entry")
    write(6, at=old)
    seal_all()
    write(4)
    seal_all()
    kept = Entry.objects.get(sequence=7).seal
    assert retention.cut(timezone.now() - timedelta(days=200), actor=None) == 6
    seal_all()
    assert list(Entry.objects.sealed().values_list("sequence", flat=True)) == [7, 8, 9, 10, 11]
    assert Entry.objects.get(sequence=11).action == "audit.cut"
    assert verify(anchor=Head(7, kept)).problem is None
    assert verify().checked == 5
    assert retention.cut(timezone.now() - timedelta(days=200), actor=None) == 0
    assert Cut.objects.count() == 1


def test_retention_of_everything_leaves_a_head_to_go_on_from(db):
    write(3, at=timezone.now() - timedelta(days=400))
    seal_all()
    retention.cut(timezone.now() - timedelta(days=200), actor=None)
    assert head().sequence == 3
    seal_all()
    assert (head().sequence, verify().problem) == (4, None)


def test_a_forged_cut_is_found(chain):
    seal = Entry.objects.get(sequence=5).seal
    Cut(sequence=5, seal=seal, proof="0" * 64).save()
    sql("DELETE FROM audit_entry WHERE sequence <= 5")
    assert verify().problem.kind == "cut"


def race_to_seal():
    """Let five sealers work at once on 400 entries; return what they raised."""
    write(400, at=timezone.now() - LATER)
    failures, start = [], threading.Barrier(5)

    def work():
        start.wait()
        try:
            while not failures and Entry.objects.unsealed().exists():
                seal_pending(20)
        except DatabaseError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_five_sealers_at_once_make_one_chain():
    assert race_to_seal() == []
    assert verify() == sealing.Verification(400, head(), None)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_their_lock_sealers_would_collide(monkeypatch):
    from psycopg2.extensions import AsIs

    monkeypatch.setattr(sealing, "_LOCK", AsIs("(random() * 1000000000)::bigint"))
    assert race_to_seal() != []


def run(*args):
    out = StringIO()
    code = 0
    try:
        call_command(*args, stdout=out)
    except SystemExit as exit_:
        code = exit_.code
    return code, out.getvalue()


def test_the_commands_speak_and_exit_by_contract(chain):
    code, anchor = run("anchor_audit")
    assert (code, anchor.split(":")[0]) == (0, "10")
    assert run("verify_audit", "--anchor", anchor.strip())[0] == 0
    code, text = run("verify_audit", "--json")
    assert code == 0
    assert '"checked": 10' in text
    tamper("UPDATE audit_entry SET reason = 'x' WHERE sequence = 4")
    code, text = run("verify_audit")
    assert code == 1
    assert "第 4 条" in text


def test_a_wrong_anchor_text_is_wrong_use(db):
    with pytest.raises(CommandError) as refused:
        call_command("verify_audit", "--anchor", "ten")
    assert refused.value.returncode == 2
