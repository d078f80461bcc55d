"""The WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from foundation.protection.keyring import keyring  # noqa: E402 - needs the settings

keyring()  # a web server runs no system checks: a missing or open key file is said at start, not at the first page
