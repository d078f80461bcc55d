"""The model fields on a real table, seen from Python and from the database."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models import F, Q

from foundation.accounts.models import User
from foundation.audit.models import Entry
from foundation.protection.fields import HIGHEST, KeyField, ProtectedField, protected_fields
from foundation.protection.masks import MASKS
from foundation.protection.seal import SealBroken, open_sealed


def stored(user):
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_user WHERE id = %s", [user.pk])
        return cursor.fetchone()[0]


@pytest.fixture
def user(db):
    return User.objects.create(username="zhang", name="甲", phone="19000007720")


def test_a_protected_field_is_sealed_in_the_database_and_plain_in_python(user):
    assert stored(user).startswith("k1:")
    assert User.objects.get().phone == "19000007720"
    assert User.objects.values_list("phone", flat=True).get() == "19000007720"
    assert User.objects.annotate(other=F("phone")).get().other == "19000007720"
    assert open_sealed(stored(user), "accounts_user.phone") == "19000007720"


def test_every_way_of_writing_seals(user):
    def check(text):
        assert stored(user).startswith("k1:")
        assert User.objects.get(pk=user.pk).phone == text

    User.objects.filter(pk=user.pk).update(phone="1")
    check("1")
    user.phone = "2"
    user.save(update_fields=["phone"])
    check("2")
    user.phone = "3"
    User.objects.bulk_update([user], ["phone"])
    check("3")
    User.objects.bulk_create(
        [User(username="zhang", name="甲", phone="4")],
        update_conflicts=True,
        unique_fields=["username"],
        update_fields=["phone"],
    )
    check("4")
    User.objects.update_or_create(username="zhang", defaults={"phone": "5"})
    check("5")
    many = User.objects.bulk_create([User(username=f"u{n}", name="乙", phone=str(n)) for n in range(20)])
    assert [User.objects.get(pk=one.pk).phone for one in many] == [str(n) for n in range(20)]


def test_blank_is_stored_blank_and_can_be_asked_for(user):
    empty = User.objects.create(username="empty", name="乙", phone="")
    assert stored(empty) == ""
    assert list(User.objects.filter(phone="")) == [empty]
    assert list(User.objects.exclude(phone="")) == [user]
    assert not User.objects.filter(phone__isnull=True).exists()


@pytest.mark.parametrize(
    "lookup",
    ["phone", "phone__contains", "phone__startswith", "phone__in", "phone__gt", "phone__lower", "phone__iexact"],
)
def test_searching_a_sealed_field_is_an_error(db, lookup):
    with pytest.raises(FieldError, match=r"blind index|''"):
        User.objects.filter(**{lookup: ["1"] if lookup.endswith("in") else "1"}).exists()


def test_a_row_that_was_tampered_with_does_not_open(user):
    other = User.objects.create(username="li", name="乙", phone="19000001111")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET phone = %s WHERE id = %s", [stored(other)[:-8] + "AAAAAAA=", user.pk])
    with pytest.raises(SealBroken):
        User.objects.get(pk=user.pk)


def test_a_protected_field_survives_a_migration_and_a_fixed_name():
    field = ProtectedField("电话", mask="phone", aad="old_table.phone", blank=True)
    _, path, args, kwargs = field.deconstruct()
    assert path == "foundation.protection.fields.ProtectedField"
    assert kwargs == {"verbose_name": "电话", "aad": "old_table.phone", "blank": True}
    assert ProtectedField(*args, **kwargs).aad == "old_table.phone"


def test_an_unknown_mask_and_an_index_are_refused():
    with pytest.raises(ValueError, match="unknown mask"):
        ProtectedField(mask="phon")
    field = ProtectedField(db_index=True)
    field.set_attributes_from_name("phone")
    field.model = User
    assert "protection.E002" in [error.id for error in field.check()]


def test_every_protected_field_of_the_product_is_listed_with_its_mask(db):
    listed = protected_fields()
    assert ("accounts.User", "phone", "phone") in listed
    assert ("members.Person", "id_number", "id_number") in listed
    assert {mask for _, _, mask in listed} <= set(MASKS)


def test_the_prefix_of_a_key_is_a_range(db):
    sql, parameters = _prefix_sql("张")
    assert ">=" in sql
    assert "LIKE" not in sql.upper()
    assert parameters == ("张", "张" + HIGHEST)


def _prefix_sql(text):
    return Entry.objects.filter(action__prefix=text).values("id").query.sql_with_params()


def test_the_prefix_finds_what_starts_with_it_and_nothing_else(db):
    words = ["a", "ab", "abc", "b", "ac", "AB", "张", "张伟", "章", "张𠮷", "a%", "a_", "", "a\U0010fffe"]
    Entry.objects.bulk_create([Entry(action=word, actor_name="x") for word in words])
    for prefix in ["", "a", "ab", "A", "张", "张𠮷", "a%", "a_", "z"]:
        found = set(Entry.objects.filter(action__prefix=prefix).values_list("action", flat=True))
        assert found == {word for word in words if word.startswith(prefix)}
    ordered = Entry.objects.order_by("action").values_list("action", flat=True)
    assert list(ordered) == sorted(words)


def test_a_prefix_is_a_text(db):
    with pytest.raises(FieldError):
        Entry.objects.filter(action__prefix=F("actor_name")).exists()


def test_a_key_is_collated_by_code_point_and_has_no_twin_index(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite compares by code point as it is")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_name = 'audit_entry' AND column_name = 'action'"
        )
        assert cursor.fetchone()[0] == "C"
    key = KeyField(max_length=5, db_index=True)
    key.set_attributes_from_name("key")
    key.model = User
    with connection.schema_editor(collect_sql=True) as editor:
        assert editor._create_like_index_sql(User, key) is None
        plain = models.CharField(max_length=5, db_index=True)
        plain.set_attributes_from_name("name")
        assert editor._create_like_index_sql(User, plain) is not None


def test_a_condition_of_a_constraint_can_speak_of_blank(user):
    assert Q(phone="").check({"phone": models.Value("", User._meta.get_field("phone"))})
    assert not Q(phone="").check({"phone": models.Value("1", User._meta.get_field("phone"))})
