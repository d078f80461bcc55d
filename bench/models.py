"""The flat table of the stock way: no encryption, no history."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

_GROUPS = ("货车司机", "网约车司机", "巡游出租", "客运", "危货")
_PLATE = r"^[\u4e00-\u9fff][A-HJ-NP-Z][A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]$"


class FlatDriver(models.Model):
    """A driver in one row, as a first version of such a product has it."""

    name = models.CharField(max_length=50, db_index=True)
    sex = models.CharField(max_length=2, blank=True)
    id_number = models.CharField(max_length=18, unique=True, validators=[RegexValidator(r"^\d{17}[\dX]$")])
    phone = models.CharField(max_length=11, blank=True, db_index=True, validators=[RegexValidator(r"^1[3-9]\d{9}$")])
    ethnicity = models.CharField(max_length=20, blank=True)
    political_status = models.CharField(max_length=10, blank=True)
    group = models.CharField(max_length=10, blank=True, choices=[(group, group) for group in _GROUPS])
    credential = models.CharField(max_length=40, blank=True)
    driving_class = models.CharField(max_length=10, blank=True)
    plate = models.CharField(max_length=9, blank=True, db_index=True, validators=[RegexValidator(_PLATE)])
    enterprise = models.CharField(max_length=120, blank=True, db_index=True)
    work_status = models.CharField(max_length=10, blank=True)
    county = models.CharField(max_length=40, blank=True, db_index=True)
    union_member = models.CharField(max_length=2, blank=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name
