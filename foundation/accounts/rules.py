"""Rules about accounts: what a good password is, whose sign-in is open, who may act on whose account. Pure."""

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta

from pypinyin import Style, lazy_pinyin

LEAST_CLASSES = 3  # of lower case, upper case, digits, anything else. Source: GB/T 22239-2019 8.1.4.1, usual practice
REMEMBERED_PASSWORDS = 3
LEAST_TELLING = 4  # letters or digits: shorter pieces of a person's data would forbid ordinary passwords

# What can be done to somebody else's account. Who may do it is known to branches, which registers its answer.
ISSUE_RESET_CODE = "issue_reset_code"
LOCK = "lock"

_deciders: list[Callable[[object, str, object], bool]] = []


def register_decider(decider: Callable[[object, str, object], bool]) -> None:
    """Add a function (actor, action, user) -> bool that may allow an action on somebody else's account.

    The lower floor knows no posts: branches registers here, in `ready()`, what docs/permissions.csv says.
    """
    if decider not in _deciders:
        _deciders.append(decider)


def may(actor, action: str, user) -> bool:
    """Return whether an actor may do this to the account of a user; never to one's own.

    `actor` None is the system itself (a management command). A superuser is asked like anybody: only a post lets him
    act. Costs what the registered deciders cost.
    """
    if actor is None:
        return True
    if actor.pk == user.pk or not may_sign_in(actor):
        return False
    return any(decide(actor, action, user) for decide in _deciders)


def may_sign_in(user) -> bool:
    """Return whether the account is open: in use and not locked."""
    return user.is_active and user.locked_at is None


def character_classes(password: str) -> int:
    """Return how many of the four classes a password uses: lower case, upper case, digits, anything else."""
    return sum(
        any(belongs(letter) for letter in password)
        for belongs in (
            lambda letter: letter.isascii() and letter.islower(),
            lambda letter: letter.isascii() and letter.isupper(),
            lambda letter: letter.isascii() and letter.isdigit(),
            lambda letter: not (letter.isascii() and letter.isalnum()),
        )
    )


def personal_data_in(password: str, *, username: str, name: str, phone: str) -> str:
    """Return which datum of the person a password contains ("用户名", "姓名", "姓名拼音", "电话"), or "".

    The name counts as written and in pinyin: whole, surname last, and the given name alone.
    """
    folded = unicodedata.normalize("NFKC", password).casefold()
    name = "".join(letter for letter in name.strip() if letter not in "·• ")
    if len(username) >= LEAST_TELLING and username.casefold() in folded:
        return "用户名"
    if len(name) >= 2 and name.casefold() in folded:
        return "姓名"
    syllables = lazy_pinyin(name, style=Style.NORMAL)
    spelled = {"".join(syllables), "".join(syllables[1:]), "".join(syllables[1:] + syllables[:1])}
    if any(len(form) >= LEAST_TELLING and form in folded for form in spelled):
        return "姓名拼音"
    digits = "".join(letter for letter in phone if letter.isdigit())
    if len(digits) >= 8 and (digits in folded or digits[-8:] in folded):
        return "电话"
    return ""


def is_password_expired(user, at: datetime, days: int) -> bool:
    """Return whether a password is older than `days`; 0 days means that passwords do not age."""
    return days > 0 and (user.password_changed_at or user.date_joined) + timedelta(days=days) <= at
