"""Form fields of the registry that are more than one widget."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from branches.capabilities import Capability
from branches.choices import BRANCHES, COMMITTEES, Kind
from branches.models import Organization
from branches.scope import Reach
from foundation.protection.canonical import canonical_id_number, name_key
from foundation.protection.identifiers import uscc_error
from members.models import Enterprise


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not known."""

    def __init__(self, **kwargs):
        """Offer the three."""
        kwargs.setdefault("choices", [("", "不清楚"), ("1", "是"), ("0", "否")])
        kwargs.setdefault("coerce", lambda value: value == "1")
        kwargs.setdefault("empty_value", None)
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)

    def prepare_value(self, value):
        """Show a stored truth as its choice."""
        return {True: "1", False: "0", None: ""}.get(value, value)


class EnterpriseField(forms.CharField):
    """A firm by its whole name or its credit code, within the reader's scope; there are too many for a select."""

    reach: Reach
    current: Enterprise | None = None  # what stands there now may stay, also where it lies outside the scope

    def clean(self, value):
        """Return the Enterprise or None. Raises ValidationError when it is unknown, foreign or ambiguous."""
        text = (super().clean(value) or "").strip()
        if not text:
            return None
        if self.current is not None and text == self.current.name:
            return self.current
        visible = Enterprise.objects.visible_to(self.reach)
        code = canonical_id_number(text)
        if len(code) == 18 and uscc_error(code) is None:
            found = list(visible.filter(uscc=code)[:2])
        else:
            found = list(visible.filter(name_key=name_key(text))[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError("有不止一家企业叫这个名称，请改填统一社会信用代码。")
        raise ValidationError("没有找到这家企业。请填全称或统一社会信用代码；还没登记的，先到“企业”登记。")

    def prepare_value(self, value):
        """Show the name."""
        return value.name if isinstance(value, Enterprise) else value


def committees_for(reach: Reach, capability: Capability):
    """Return the committees with which this reader may register, in tree order. One query when read."""
    region = reach.region(capability)
    rows = Organization.objects.filter(kind__in=COMMITTEES).running()
    if region.everything:
        return rows
    own = Enterprise.objects.filter(organization_id__in=region.own_organization_ids).values("committee_id")
    if region.own_organization_ids:
        return rows.filter(pk__in=own)
    return rows.filter(pk__in=region.committee_ids)


def branches_for(reach: Reach):
    """Return the branches a declared membership may name, in tree order. One query when read."""
    region = reach.region(Capability.PARTY_MEMBER_VIEW)
    rows = Organization.objects.filter(kind__in=BRANCHES | {Kind.GENERAL_BRANCH}).running()
    return rows if region.everything else rows.filter(pk__in=region.organization_ids)


def with_current(rows, pk: int | None):
    """Return the organisations of `rows` and the one that stands there now: a page saved as it is changes nothing.

    Without it a unit outside the reader's scope, or a dissolved one, would be missing in the box and be cleared.
    """
    return rows if pk is None else Organization.objects.filter(Q(pk__in=rows.order_by().values("pk")) | Q(pk=pk))


class OrganizationChoice(forms.ModelChoiceField):
    """An organisation by its short name."""

    def label_from_instance(self, obj):
        """Return short name and code, which tells namesakes apart."""
        return f"{obj.short_name}（{obj.code}）"
