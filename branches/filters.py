"""What the lists can be narrowed to. A value that is not understood narrows nothing."""

from __future__ import annotations

from django.db.models import Q

from branches.choices import Kind, OrganizationStatus, Role

ALL = "all"


def key_of(text: str) -> int | None:
    """Return the key of a row as an address writes it, None for what can be no key. Pure."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class Narrowing:
    """Chosen conditions of a list page, each with its word and the address that removes it."""

    def __init__(self, request, words: dict[str, dict[str, str]], free: tuple[str, ...] = ("q",)):
        """`words`: parameter → {value: word}; `free`: parameters that take any text of up to 60 characters."""
        self.request = request
        self.chosen: dict[str, str] = {}
        self.words = words
        for name, values in words.items():
            if request.GET.get(name) in values:
                self.chosen[name] = request.GET[name]
        for name in free:
            text = request.GET.get(name, "").strip()[:60]
            if text:
                self.chosen[name] = text

    def __getitem__(self, name: str) -> str:
        """Return the chosen value, "" for none."""
        return self.chosen.get(name, "")

    def __bool__(self) -> bool:
        """Return whether anything is chosen."""
        return bool(self.chosen)

    def applied(self) -> list[dict[str, str]]:
        """Return {label, url} for each condition; the url is the list without it."""
        return [
            {"label": self.words.get(name, {}).get(value, value), "url": self.without(name)}
            for name, value in self.chosen.items()
        ]

    def without(self, *names: str) -> str:
        """Return the address of the list without some parameters; the page number always goes."""
        query = self.request.GET.copy()
        for name in (*names, "page"):
            query.pop(name, None)
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path


ORGANIZATION_WORDS = {
    "kind": dict(Kind.choices),
    "status": {**dict(OrganizationStatus.choices), ALL: "全部状态"},
}
ROLE_WORDS = {"role": dict(Role.choices)}
USER_WORDS = {"role": dict(Role.choices), "state": {"waiting": "还没启用", "locked": "已锁定", "none": "没有任职"}}


def narrow_organizations(organizations, chosen: Narrowing):
    """Return the organisations that fit; without a status those not dissolved. They are few: names by substring."""
    if chosen["kind"]:
        organizations = organizations.filter(kind=chosen["kind"])
    if chosen["status"] and chosen["status"] != ALL:
        organizations = organizations.filter(status=chosen["status"])
    elif not chosen["status"]:
        organizations = organizations.running()
    if chosen["q"]:
        text = chosen["q"]
        organizations = organizations.filter(
            Q(name__icontains=text) | Q(short_name__icontains=text) | Q(code__istartswith=text)
        )
    return organizations


def narrow_users(users, chosen: Narrowing, appointments, at):
    """Return the accounts that fit. `appointments` are those the reader may see: a role he may not see finds nobody."""
    running = appointments.running(at)
    if chosen["role"]:
        users = users.filter(pk__in=running.filter(role=chosen["role"]).values("user_id"))
    if chosen["state"] == "waiting":
        users = users.filter(activated_at__isnull=True, last_login__isnull=True)
    elif chosen["state"] == "locked":
        users = users.filter(locked_at__isnull=False)
    elif chosen["state"] == "none":
        users = users.exclude(pk__in=running.values("user_id"))
    if chosen["q"]:
        users = users.filter(Q(name__startswith=chosen["q"]) | Q(username__startswith=chosen["q"].lower()))
    return users
