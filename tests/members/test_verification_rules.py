"""What six checks say together: every combination against the sentence of the rule, written out once more."""

from datetime import date
from itertools import product

import pytest

from members.choices import VERIFICATION_NEXT, VERIFICATION_OPEN, CheckKind, CheckResult, VerificationStatus
from members.rules.verification import OPENING_SENTENCE, facts_of, missing, opening_sentence, status_of

DAY = date(2026, 11, 20)
AGREES, CONTRADICTS, SILENT = CheckResult.AGREES, CheckResult.CONTRADICTS, CheckResult.UNREACHABLE


def facts(**results):
    return facts_of((kind, result, DAY) for kind, result in results.items())


def test_every_combination_of_the_six_gives_what_the_rule_says():
    seen = set()
    for results in product((None, AGREES, CONTRADICTS, SILENT), repeat=6):
        said = {kind.value: result for kind, result in zip(CheckKind, results, strict=True) if result}
        found = facts(**said)
        two = AGREES in (said.get("platform_data"), said.get("transport_register"))
        organisation = AGREES in (said.get("member_register"), said.get("home_organisation"))
        contact = AGREES in (said.get("phone"), said.get("home_visit"))
        against = CONTRADICTS in said.values()
        may = two and organisation and not against
        assert (missing(found, has_person=True) == []) is may, said
        wanted = "doubtful" if against else "awaiting" if two and contact and not organisation else "checking"
        assert status_of(found) == wanted, said
        seen.add((wanted, may))
    assert seen == {("doubtful", False), ("awaiting", False), ("checking", False), ("checking", True)}


def test_a_candidate_without_a_registered_person_is_not_confirmed():
    found = facts(platform_data=AGREES, member_register=AGREES)
    (sentence,) = missing(found, has_person=False)
    assert "还没有对上登记里的人" in sentence


@pytest.mark.parametrize("kind", ["member_register", "home_organisation", "phone", "home_visit"])
def test_the_confirmations_open_with_one_positive_check(kind):
    assert opening_sentence(kind, facts()) == OPENING_SENTENCE
    assert opening_sentence(kind, facts(platform_data=CONTRADICTS, transport_register=SILENT)) == OPENING_SENTENCE
    assert opening_sentence(kind, facts(transport_register=AGREES)) == ""
    assert opening_sentence("platform_data", facts()) == ""


def test_the_newest_answer_of_a_kind_counts_and_silence_takes_nothing_back():
    lines = [("platform_data", AGREES, DAY), ("home_organisation", CONTRADICTS, date(2026, 11, 1))]
    assert status_of(facts_of(lines)) == VerificationStatus.DOUBTFUL
    silent = [*lines, ("home_organisation", SILENT, DAY), ("home_organisation", CheckResult.NO_RIGHT, DAY)]
    assert facts_of(silent).contradicting == ("home_organisation",)
    # The same organisation has looked again; another one's yes resolves nothing.
    other = [*lines, ("member_register", AGREES, DAY)]
    assert facts_of(other).contradictions == 1
    again = [*silent, ("home_organisation", AGREES, DAY)]
    assert missing(facts_of(again), has_person=True) == []
    # Written down later, but older than what is known already.
    late = [*again, ("home_organisation", CONTRADICTS, date(2026, 10, 1))]
    assert missing(facts_of(late), has_person=True) == []


def test_nobody_is_confirmed_from_waiting_or_doubt_and_no_decision_is_reopened():
    for status in VerificationStatus:
        to = VERIFICATION_NEXT[status]
        assert (VerificationStatus.CONFIRMED in to) is (status == VerificationStatus.CHECKING)
        assert bool(to) is (status in VERIFICATION_OPEN)
