"""Model fields: sealed text, the indexes that find it, and folded keys that are searched by prefix."""

from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact, IsNull, Lookup
from django.forms import TextInput

from foundation.protection.masks import MASKS
from foundation.protection.seal import open_sealed, seal

# The highest code point: every text that starts with x sorts before x + HIGHEST.
HIGHEST = "\U0010ffff"


class ProtectedField(models.TextField):
    """A text sealed in the database and plain in Python; "" and NULL are stored as they are.

    `mask` names the function in masks.MASKS that shows it to people; without it a field named like a mask (phone,
    id_number, address) gets that one and any other is hidden whole. The associated data is "table.column"; a table or
    column that is renamed later keeps its old one by `aad`. It can be saved, bulk-saved and updated; it cannot
    be searched (there is a BlindIndexField for that), only tested for NULL or "".
    """

    description = "Sealed text"

    def __init__(self, *args: Any, mask: str = "", aad: str = "", **kwargs: Any) -> None:
        if mask and mask not in MASKS:
            raise ValueError(f"unknown mask {mask!r}; known are {', '.join(MASKS)}")
        self._given_mask = mask
        self._fixed_aad = aad
        super().__init__(*args, **kwargs)

    @property
    def mask_name(self) -> str:
        """The name of the mask in masks.MASKS."""
        return self._given_mask or (self.name if self.name in MASKS else "all")

    @property
    def aad(self) -> str:
        """The associated data, "table.column"."""
        return self._fixed_aad or f"{self.model._meta.db_table}.{self.column}"

    def deconstruct(self):
        """Name the fixed associated data; the mask is left out, since another mask is no change of the database."""
        name, path, args, kwargs = super().deconstruct()
        if self._fixed_aad:
            kwargs["aad"] = self._fixed_aad
        return name, path, args, kwargs

    def check(self, **kwargs):
        """Refuse an index or uniqueness: the same text is sealed differently each time."""
        errors = super().check(**kwargs)
        if self.unique or self.db_index or self.primary_key:
            errors.append(
                checks.Error(
                    "A ProtectedField cannot be unique or indexed; use a BlindIndexField.",
                    obj=self,
                    id="protection.E002",
                )
            )
        return errors

    def mask(self, text: str | None) -> str:
        """Return what people see of `text`."""
        return MASKS[self.mask_name](text) if text else ""

    def from_db_value(self, value, expression, connection):
        """Open what the database holds. Raises SealBroken."""
        return open_sealed(value, self.aad) if value else value

    def get_prep_value(self, value):
        """Seal a text; each call gives another sealed value."""
        value = super().get_prep_value(value)
        return seal(value, self.aad) if value else value

    def get_lookup(self, lookup_name):
        """Allow `isnull` and comparison with "" only."""
        if lookup_name == "isnull":
            return IsNull
        if lookup_name == "exact":
            return _IsBlank
        raise FieldError(f"{self.name} is sealed and cannot be searched by {lookup_name!r}; use its blind index.")

    def get_transform(self, lookup_name):
        """Allow none."""
        raise FieldError(f"{self.name} is sealed and cannot be searched by {lookup_name!r}; use its blind index.")

    def formfield(self, **kwargs):
        """One line, not a text area."""
        return super().formfield(**({"widget": TextInput} | kwargs))


class _IsBlank(Exact):
    """Comparison of a sealed column with "" (or None); any other text is refused."""

    def get_prep_lookup(self):
        if self.rhs not in ("", None):
            raise FieldError("A sealed field can only be compared with ''; use its blind index.")
        return self.rhs


class BlindIndexField(models.UUIDField):
    """The blind index of a protected value (`seal.blind`), for exact look-up and uniqueness."""

    description = "Blind index (HMAC-SM3)"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


class TailIndexField(models.IntegerField):
    """The index of the last four characters of a protected value (`seal.tail`); many rows share one."""

    description = "Index of the last four characters (HMAC-SM3)"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


class KeyField(models.CharField):
    """A folded key compared by code point on both databases; `__prefix` is a range, so a plain index serves it."""

    description = "Folded key"

    def db_type(self, connection):
        """Give PostgreSQL the long name of the type: for "varchar" Django adds a second index nobody needs here."""
        plain = super().db_type(connection)
        if connection.vendor == "postgresql" and plain and plain.startswith("varchar"):
            return "character varying" + plain.removeprefix("varchar")
        return plain

    def db_parameters(self, connection):
        """Collate by code point: SQLite does so by itself, PostgreSQL is told to."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


@KeyField.register_lookup
class Prefix(Lookup):
    """`key__prefix="x"`: key >= "x" AND key < "x" + U+10FFFF."""

    lookup_name = "prefix"

    def get_prep_lookup(self):
        """Take a text only."""
        if not isinstance(self.rhs, str):
            raise FieldError("prefix takes a text")
        return self.rhs

    def as_sql(self, compiler, connection):
        """Return the range condition; the column's own collation decides the order."""
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} >= %s AND {left} < %s", [*left_params, self.rhs, *left_params, self.rhs + HIGHEST]


def protected_fields() -> list[tuple[str, str, str]]:
    """Return (model label, field name, mask name) of every protected field of the product, sorted."""
    return sorted(
        (model._meta.label, field.name, field.mask_name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, ProtectedField)
    )
