"""What a person sees of a protected value without a reason, and how free text is cleared of numbers."""

import re
from collections.abc import Callable

HIDDEN = "****"
_ADDRESS_END = "省市区县旗州盟"
_ID_IN_TEXT = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])", re.ASCII)
_PHONE_IN_TEXT = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", re.ASCII)


def mask_id_number(text: str) -> str:
    """510411200001010017 → 510411********0017; anything that is not 18 characters is hidden whole."""
    return _middle(text, 6, 4) if len(text) == 18 else _hidden(text)


def mask_phone(text: str) -> str:
    """19000007720 → 190****7720; anything that is not 11 characters is hidden whole."""
    return _middle(text, 3, 4) if len(text) == 11 else _hidden(text)


def mask_address(text: str) -> str:
    """Keep province, city and county (within the first 15 characters), hide the rest."""
    if not text:
        return ""
    end = max((text.rfind(mark, 0, min(15, len(text) - 1)) for mark in _ADDRESS_END), default=-1)
    return text[: end + 1] + HIDDEN


def mask_certificate(text: str) -> str:
    """Keep the last four characters of a number of ten or more; identity numbers used as such keep their mask."""
    if len(text) == 18:
        return mask_id_number(text)
    return HIDDEN + text[-4:] if len(text) >= 10 else _hidden(text)


def mask_email(text: str) -> str:
    """clerk@example.com → c****@example.com; anything without a name before the @ is hidden whole."""
    name, mark, host = text.rpartition("@")
    return f"{name[0]}{HIDDEN}@{host}" if name and mark else _hidden(text)


def mask_name(text: str) -> str:
    """张伟 → 张*; for labels in the audit trail, which holds no personal data."""
    return text[:1] + "*" * min(len(text) - 1, 3) if text else ""


def mask_all(text: str) -> str:
    """Hide everything, and how long it is."""
    return _hidden(text)


def scrub(text: str) -> str:
    """Return free text with identity and mobile numbers in it masked, control characters dropped."""
    text = _ID_IN_TEXT.sub(lambda match: mask_id_number(match[0]), text)
    text = _PHONE_IN_TEXT.sub(lambda match: mask_phone(match[0]), text)
    return text if text.isprintable() else "".join(c for c in text if c.isprintable() or c in "\n\t")


MASKS: dict[str, Callable[[str], str]] = {
    "id_number": mask_id_number,
    "phone": mask_phone,
    "address": mask_address,
    "certificate": mask_certificate,
    "email": mask_email,
    "name": mask_name,
    "all": mask_all,
}


def _middle(text: str, head: int, end: int) -> str:
    return text[:head] + "*" * (len(text) - head - end) + text[-end:]


def _hidden(text: str) -> str:
    return HIDDEN if text else ""
