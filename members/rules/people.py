"""What is derived from a person's name, identity number and phone. Pure.

Purposes of the blind indexes are fixed names: changing one would make every stored index useless.
"""

from __future__ import annotations

import uuid

from foundation.protection.canonical import given_key, initials, name_key
from foundation.protection.identifiers import birth_date_of, sex_of
from foundation.protection.seal import blind, tail

ID_NUMBER = "person.id_number"
PHONE = "person.phone"
CREDENTIAL = "credential.number"


def name_columns(name: str) -> dict[str, str]:
    """Return the columns that follow from a name as written: name and its three search keys."""
    key = name_key(name)
    return {"name": name, "name_key": key, "given_key": given_key(name), "initials": initials(name)}


def id_number_columns(id_number: str) -> dict:
    """Return the columns that follow from a canonical identity number (18 characters, or "" for none)."""
    if not id_number:
        return {"id_number": "", "id_number_index": None, "id_number_tail": None}
    return {
        "id_number": id_number,
        "id_number_index": blind(id_number, ID_NUMBER),
        "id_number_tail": tail(id_number, ID_NUMBER),
    }


def phone_columns(phone: str) -> dict:
    """Return the columns that follow from a canonical phone (11 digits, or "" for none)."""
    if not phone:
        return {"phone": "", "phone_index": None, "phone_tail": None}
    return {"phone": phone, "phone_index": blind(phone, PHONE), "phone_tail": tail(phone, PHONE)}


def id_number_index(id_number: str) -> uuid.UUID:
    """Return the blind index under which a canonical identity number is found."""
    return blind(id_number, ID_NUMBER)


def phone_index(phone: str) -> uuid.UUID:
    """Return the blind index under which a canonical phone is found."""
    return blind(phone, PHONE)


def credential_index(number: str) -> uuid.UUID:
    """Return the blind index under which a credential number is found."""
    return blind(number, CREDENTIAL)


def born_and_sex(id_number: str) -> dict:
    """Return birth date and sex as the identity number says them."""
    return {"birth_date": birth_date_of(id_number), "sex": sex_of(id_number)}
