"""`manage.py check`, `migrate`, `runserver` and the worker say it when the key file cannot be used."""

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from foundation.protection.keyring import keyring


@checks.register(checks.Tags.security)
def check_key_file(app_configs, **kwargs) -> list[checks.CheckMessage]:
    """Return protection.E001 with the reason when the key file is missing, damaged or readable by others."""
    try:
        keyring()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="protection.E001")]
    return []
