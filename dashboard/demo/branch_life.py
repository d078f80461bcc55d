"""A year of branch life of any size for `seed_scale`: activities with their rolls, terms. Bulk-loaded.

Everything follows from the seed and an index, in the year before the day the load counts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from activities.choices import ActivityKind, ActivityStatus, AttendanceStatus, Mode
from activities.models import Activity, Attendance
from activities.rules.acts import sums
from branches.choices import ElectionMethod
from branches.models import Organization, Term
from branches.rules import end_of_term, months_after
from members.choices import MEMBER_CURRENT, AffiliationKind, AffiliationStatus, MemberStatus
from members.models import Affiliation, PartyMember
from members.roster import bulk

CHUNK = 2_000
_CHINA = timezone(timedelta(hours=8))
_NAMES = UUID("0b8f2a0e-6d3e-4d41-9f5e-2f7d8d8c1a55")
_LARGEST_COMMITTEE = 5  # of a meeting of the committee the first of the roll
_KINDS = (ActivityKind.THEME_DAY, ActivityKind.COMMITTEE_MEETING)
_OF_THE_QUARTER = (ActivityKind.MEMBER_ASSEMBLY, ActivityKind.PARTY_LECTURE, ActivityKind.STUDY)
_ABSENT = (AttendanceStatus.EXCUSED, AttendanceStatus.ABSENT, AttendanceStatus.MADE_UP)
_ACTIVITY = (
    "id", "organization_id", "kind", "topic", "mode", "starts_at", "agenda", "minutes", "decisions", "status",
    "held_at", "rolled_at", "cancel_reason", "expected", "present", "excused", "absent", "made_up", "guests", "key",
    "created_at", "updated_at", "version",
)  # fmt: skip
_LINE = ("id", "activity_id", "organization_id", "person_id", "status", "may_vote", "made_up_date", "note")


def load_branch_life(
    branch_ids: Sequence[int], wanted: int, seed: int, as_of: date, tell: Callable[[str], None] = lambda sentence: None
) -> int:
    """Load so many activities over the branches, by turns, and a term for every second branch; return how many.

    What is there already stays; a branch without members holds nothing. One transaction per 2,000 activities.
    """
    if not wanted or not branch_ids:
        return 0
    branches = list(Organization.objects.filter(pk__in=branch_ids).order_by("code").values_list("pk", "code"))
    rolls = _rolls([pk for pk, _ in branches])
    _terms(branches, as_of)
    added = 0
    for first in range(0, wanted, CHUNK):
        turns = [(number, *branches[number % len(branches)]) for number in range(first, min(first + CHUNK, wanted))]
        keys = {number: uuid5(_NAMES, f"{seed} {code} {number // len(branches)}") for number, _, code in turns}
        with transaction.atomic():
            there = set(Activity.objects.filter(key__in=keys.values()).values_list("key", flat=True))
            new = [(number, pk) for number, pk, _ in turns if rolls.get(pk) and keys[number] not in there]
            added += _write(new, keys, rolls, len(branches), as_of)
        tell(f"活动 {min(first + CHUNK, wanted)} / {wanted}")
    return added


def _write(new: list[tuple[int, int]], keys: dict[int, UUID], rolls, branches: int, as_of: date) -> int:
    activities, lines = [], []
    for pk, (number, branch) in zip(bulk.reserve_ids(Activity, len(new)), new, strict=True):
        turn = number // branches
        month, round_ = turn % 12, turn // 12
        kind = _KINDS[round_] if round_ < len(_KINDS) else _OF_THE_QUARTER[(round_ + month) % 3]
        day = date(as_of.year - 1, month + 1, 1 + (number * 7 + round_ * 3) % 27)
        held = datetime.combine(day, time(9 + number % 9, 30), tzinfo=_CHINA)
        roll = rolls[branch][: _LARGEST_COMMITTEE if kind == ActivityKind.COMMITTEE_MEETING else None]
        states = [
            _ABSENT[(place + number) // 6 % 3] if place and (place + number) % 6 == 0 else AttendanceStatus.PRESENT
            for place in range(len(roll))
        ]
        total = sums(states)
        numbers = tuple(total[name] for name in ("expected", "present", "excused", "absent", "made_up"))
        texts = ("", "示例记录。", "", ActivityStatus.DONE.value, held, held, "")
        topic, more = f"示例活动（{round_ + 1}）", (number % 9, keys[number], held, held, 1)
        activities.append((pk, branch, kind.value, topic, Mode.OFFLINE.value, held, *texts, *numbers, *more))
        for (person, may_vote), state in zip(roll, states, strict=True):
            made_up = day + timedelta(days=3) if state == AttendanceStatus.MADE_UP else None
            lines.append((pk, branch, person, state.value, may_vote, made_up, ""))
    bulk.insert(Activity, _ACTIVITY, activities)
    ids = bulk.reserve_ids(Attendance, len(lines))
    bulk.insert(Attendance, _LINE, [(pk, *line) for pk, line in zip(ids, lines, strict=True)])
    return len(activities)


def _rolls(branches: list[int]) -> dict[int, list[tuple[int, bool]]]:
    """Return {branch: [(person, whether he may vote)]}: formally there, or taken in and reported."""
    found: dict[int, dict[int, bool]] = {}
    formal = PartyMember.objects.filter(status__in=sorted(MEMBER_CURRENT), formal_organization__in=branches)
    for pk, branch, status in formal.order_by("pk").values_list("pk", "formal_organization_id", "status"):
        found.setdefault(branch, {})[pk] = status == MemberStatus.FULL
    tied = Affiliation.objects.filter(
        Q(member__formal_organization__isnull=True),
        organization__in=branches,
        kind=AffiliationKind.FLOWING,
        status=AffiliationStatus.REPORTED_IN,
    )
    for pk, branch in tied.order_by("member_id").values_list("member_id", "organization_id"):
        found.setdefault(branch, {}).setdefault(pk, False)
    return {branch: sorted(people.items()) for branch, people in found.items()}


def _terms(branches: list[tuple[int, str]], as_of: date) -> None:
    """Write the term of every second branch that has none, due from this month to three years ahead."""
    there = set(Term.objects.values_list("organization_id", flat=True))
    new = []
    for number, (pk, _) in enumerate(branches[::2]):
        if pk not in there:
            elected = months_after(as_of.replace(day=1), -(number % 37))
            new.append(
                Term(
                    organization_id=pk,
                    elected_date=elected,
                    years=3,
                    planned_end_date=end_of_term(elected, 3),
                    method=ElectionMethod.ASSEMBLY,
                    entitled=9 + number % 7,
                    present=9 + number % 7,
                )
            )
    Term.objects.bulk_create(new, batch_size=500)
