"""Settings of the tests: quick hashing, plain static files, tasks at once; the database is chosen by conftest."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="portal-test-"))
# Each test worker gets a folder of its own: what one purges as nobody's may be what another is about to read.
if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and os.path.basename(os.environ["VAR_DIR"]) != worker:
    os.environ["VAR_DIR"] = os.path.join(os.environ["VAR_DIR"], worker)
    os.makedirs(os.environ["VAR_DIR"], mode=0o700, exist_ok=True)
if os.environ.get("TEST_ON") == "postgresql":
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests")
    os.environ.setdefault("FIELD_KEY_FILE", os.path.join(os.environ["VAR_DIR"], "field_keys.json"))
    os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
else:
    os.environ.pop("DATABASE_URL", None)

if os.environ.get("TEST_ON") == "postgresql":
    from foundation.protection.keyring import create_key_file

    create_key_file(os.environ["FIELD_KEY_FILE"])

from config.settings import *  # noqa: F403 - settings modules are read as one namespace

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - whitenoise warns about a missing folder, and warnings are errors
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if os.environ.get("TEST_ON") == "postgresql" and os.environ.get("TEST_DB_NAME"):
    DATABASES["default"].setdefault("TEST", {})["NAME"] = os.environ["TEST_DB_NAME"]  # noqa: F405
