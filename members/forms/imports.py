"""Input of the import pages."""

from __future__ import annotations

import re

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from branches.capabilities import Capability
from branches.choices import COMMITTEES
from branches.models import Organization
from branches.scope import Reach
from members.roster.read.refusals import SENTENCES

OFFERED = 200  # committees in the list of suggestions; whoever has more types a few letters
_CODE_AT_END = re.compile(r"[（(]([0-9A-Za-z-]+)[)）]$")


def importable(reach: Reach):
    """Return the committees under which this reader may import, in tree order. One query when read."""
    region = reach.region(Capability.ROSTER_IMPORT_UPLOAD)
    rows = Organization.objects.filter(kind__in=COMMITTEES).running()
    if not region.everything:
        rows = rows.filter(pk__in=region.organization_ids | region.own_organization_ids)
    return rows.order_by("path")


def offer(organization: Organization) -> str:
    """Return how a committee is written in the field: short name and code, which tells namesakes apart."""
    return f"{organization.short_name}（{organization.code}）"


class CommitteeField(forms.CharField):
    """A committee by short name, name or code, within the reader's reach; suggestions instead of a long select."""

    reach: Reach

    def clean(self, value):
        """Return the Organization. Raises ValidationError when it is unknown, out of reach or ambiguous."""
        text = " ".join((super().clean(value) or "").split())
        if code := _CODE_AT_END.search(text):
            text = code[1]
        found = list(importable(self.reach).filter(Q(code=text) | Q(short_name=text) | Q(name=text))[:3])
        if len(found) == 1:
            return found[0]
        if found:
            said = "、".join(offer(one) for one in found)
            raise ValidationError(f"有不止一个委员会叫“{text}”：{said}。请从里面选一个。")
        raise ValidationError(f"没有“{text[:40]}”，或者您不能往那里导入。请从下拉里选，或者填区划代码。")


class UploadForm(forms.Form):
    """Where to, and which file."""

    organization = CommitteeField(
        label="导入到哪个委员会",
        max_length=120,
        help_text="表里写了县区的，按表里的；没有写的，登记在这里。它和下级之外的人不会动。",
        error_messages={"required": "请选导入到哪个委员会。"},
        widget=forms.TextInput(attrs={"list": "committees", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label="名册文件",
        error_messages={
            "required": "请选一个名册文件。",
            "empty": SENTENCES["empty"],
            "missing": "请选一个名册文件。",
            "invalid": "文件没有传上来。请重新选文件。",
        },
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsb,.ods,.et,.csv,.tsv,.txt"}),
    )

    def __init__(self, *args, reach: Reach, **kwargs):
        """Offer the committees of this reader; with one only it is filled in."""
        super().__init__(*args, **kwargs)
        self.fields["organization"].reach = reach
        self.offered = list(importable(reach)[: OFFERED + 1])
        self.more = len(self.offered) > OFFERED
        self.suggestions = [offer(one) for one in self.offered[:OFFERED]]
        if self.offered and not self.is_bound and "organization" not in self.initial:
            # The first in tree order is the reader's own.
            self.initial["organization"] = self.suggestions[0]

    def clean_file(self):
        """Refuse what is too big before it is copied."""
        file = self.cleaned_data["file"]
        if file.size > settings.ROSTER_MAX_BYTES:
            megabyte = 1024 * 1024
            limit = settings.ROSTER_MAX_BYTES // megabyte
            raise ValidationError(SENTENCES["too_large"].format(size=f"{file.size / megabyte:.0f}", limit=limit))
        return file


class UndoForm(forms.Form):
    """Why a batch is taken back."""

    reason = forms.CharField(
        label="为什么撤销",
        max_length=200,
        min_length=2,
        help_text="留在记录里，例如：导错了县区。",
        error_messages={"required": "请写一句为什么撤销。", "min_length": "请写一句为什么撤销。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
