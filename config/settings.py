"""Settings. One file: the environment decides (docs/operations.md lists every variable)."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.value("VAR_DIR", str(BASE_DIR / "var"))).resolve()
try:
    VAR_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
except OSError as error:
    raise ImproperlyConfigured(f"数据目录 VAR_DIR={VAR_DIR} 建不起来：{error.strerror}。请检查路径和权限。") from error

# --- database -------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if env.value("REPLICA_URL"):
    DATABASES["replica"] = env.database("REPLICA_URL", "") | {"TEST": {"MIRROR": "default"}}
EMBEDDED = DATABASES["default"]["ENGINE"].endswith("sqlite3")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- secrets --------------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.generated_secret("SECRET_KEY", VAR_DIR / "secret_key", may_generate=EMBEDDED)
FIELD_KEY_FILE = Path(env.value("FIELD_KEY_FILE", str(VAR_DIR / "field_keys.json") if EMBEDDED else ""))
if not env.value("FIELD_KEY_FILE") and not EMBEDDED:
    raise ImproperlyConfigured("没有设置 FIELD_KEY_FILE（字段加密密钥文件）。使用正式数据库时必须设置。")

# --- web ------------------------------------------------------------------------------------------------------------
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if EMBEDDED or DEBUG else [])
if not ALLOWED_HOSTS and not DEBUG:
    raise ImproperlyConfigured("没有设置 ALLOWED_HOSTS（本站的域名，用逗号分开）。")
ORIGIN = env.value("ORIGIN", "")  # for example https://portal.example.gov.cn; decides secure cookies and HSTS
if ORIGIN and urlsplit(ORIGIN).scheme not in {"http", "https"}:
    raise ImproperlyConfigured(f"ORIGIN={ORIGIN!r} 不是网址，应以 http:// 或 https:// 开头。")
HTTPS = ORIGIN.startswith("https://")
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
CSRF_FAILURE_VIEW = "dashboard.views.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# A field that changes in this percentage of the rows, or more, must be ticked by a person.
ROSTER_BRAKE_PERCENT = env.integer("ROSTER_BRAKE_PERCENT", 30, at_least=1)
# Rows about people registered elsewhere are the one thing an importer may learn; so many a day and no more.
ROSTER_OUT_OF_SCOPE_PER_DAY = env.integer("ROSTER_OUT_OF_SCOPE_PER_DAY", 500, at_least=1)
# Protected values one person may reveal in a day, and rows he may export in clear.
REVEALS_PER_DAY = env.integer("REVEALS_PER_DAY", 100, at_least=1)
UNMASKED_ROWS_PER_DAY = env.integer("UNMASKED_ROWS_PER_DAY", 10_000, at_least=1)
# Line results are what undo needs and hold personal data: kept so long after an import has ended.
# 公示 before a target is named, before admission and before confirmation: the rules name no number of days.
DEVELOPMENT_NOTICE_WORKDAYS = env.integer("DEVELOPMENT_NOTICE_WORKDAYS", 5, at_least=0)
ROSTER_RETENTION_DAYS = env.integer("ROSTER_RETENTION_DAYS", 90, at_least=1)
ROSTER_MAX_BYTES = env.integer("ROSTER_MAX_BYTES", 100 * 1024 * 1024, at_least=1)

INSTALLED_APPS = [
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its templates stay findable for the renderer that looks into ours first
    "foundation.protection",
    "foundation.audit",
    "foundation.accounts",
    "foundation.notifications",
    "branches",
    "members",
    "service_stations",
    "activities",
    "grievances",
    "dashboard",
    "treebeard",
    "import_export",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "django_htmx",
    "django_celery_beat",
    "django_celery_results",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "foundation.audit.middleware.ActOrigin",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "foundation.accounts.middleware.SignInDuties",
    "branches.middleware.CurrentReach",
    "dashboard.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context_processors.site",
                "dashboard.context_processors.unread",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True
USE_THOUSAND_SEPARATOR = False

# --- static and media -----------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.value("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = env.folder("MEDIA_ROOT", VAR_DIR / "media")
MEDIA_URL = "media/"  # never served: private files go through views that ask for scope
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- accounts -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "foundation.accounts.backends.AccountBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "foundation.accounts.validators.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "foundation.accounts.validators.CharacterClassesValidator"},
    {"NAME": "foundation.accounts.validators.CommonPasswordValidator"},
    {"NAME": "foundation.accounts.validators.PersonalDataValidator"},
    {"NAME": "foundation.accounts.validators.ReuseValidator"},
]
PASSWORD_MAX_AGE_DAYS = env.integer("PASSWORD_MAX_AGE_DAYS", 0)  # 0: passwords do not age
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
# Idle time-out. SignInDuties renews it once a minute at most: a write per request would queue behind an import.
SESSION_COOKIE_AGE = env.integer("IDLE_MINUTES", 30, at_least=2) * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_LONGEST_HOURS = env.integer("SESSION_LONGEST_HOURS", 12, at_least=1)
SESSION_ENGINE = "django.contrib.sessions.backends.db"
ACCOUNT_ADAPTER = "foundation.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
# Axes is the only lock-out of passwords: allauth's also counts by address and would shut out an office. Its counter
# stays for the six digits of the second factor ("login_failed", per account, reached only after the right password).
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "5/10m/key", "change_password": "10/10m/user"}
ACCOUNT_FORMS = {
    "login": "foundation.accounts.forms.SignInForm",
    "change_password": "foundation.accounts.forms.PasswordChangeForm",
    "reauthenticate": "foundation.accounts.forms.ReauthenticationForm",
}
MFA_ADAPTER = "foundation.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "foundation.accounts.forms.SecondFactorForm",
    "reauthenticate": "foundation.accounts.forms.SecondFactorAgainForm",
    "activate_totp": "foundation.accounts.forms.EnrolForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
SECOND_FACTOR_ROLES = env.names("SECOND_FACTOR_ROLES", ["auditor", "security_admin", "system_admin"])
MFA_TOTP_ISSUER = env.value("SITE_NAME", "同路")
MFA_TOTP_TOLERANCE = 1  # one step of 30 seconds: clocks of phones drift; a used code is refused (forms._OnceOnly)
USERSESSIONS_TRACK_ACTIVITY = False  # SignInDuties notes it once a minute
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # never the address alone: an office shares one
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says until when; trying again does not prolong it
AXES_HANDLER = "foundation.accounts.lockout.SignInGuard"
AXES_USERNAME_CALLABLE = "foundation.accounts.lockout.username_of"
AXES_CLIENT_IP_CALLABLE = "foundation.accounts.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "foundation.accounts.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "login", "password", "code", "password1", "password2"]
AXES_DISABLE_ACCESS_LOG = True  # the audit trail keeps sign-ins
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- tasks ----------------------------------------------------------------------------------------------------------
REDIS_URL = env.broker("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL or "filesystem://"
_VISIBILITY_TIMEOUT = 300  # seconds; no task may run longer than half of it
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": _VISIBILITY_TIMEOUT,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
else:
    _BROKER_DIR = VAR_DIR / "broker"
    for _folder in ("messages", "control"):
        (_BROKER_DIR / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER_DIR / "messages"),
        "data_folder_out": str(_BROKER_DIR / "messages"),
        "control_folder": str(_BROKER_DIR / "control"),
        "store_processed": False,
    }
CELERY_RESULT_BACKEND = "django-db"
CELERY_VISIBILITY_TIMEOUT = _VISIBILITY_TIMEOUT
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": _VISIBILITY_TIMEOUT}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = _VISIBILITY_TIMEOUT // 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Wake-ups nobody was there to hear must not pile up: the next one does the same work. Longer than any chunk task.
_STALE = {"expires": 120}
CELERY_BEAT_SCHEDULE = {
    "seal the audit trail": {"task": "foundation.audit.tasks.seal_audit_trail", "schedule": 5.0, "options": _STALE},
    "sweep roster imports": {"task": "members.tasks.imports.sweep_imports", "schedule": 30.0, "options": _STALE},
    "sweep the outbox": {"task": "foundation.notifications.tasks.sweep_outbox", "schedule": 30.0, "options": _STALE},
    "build the daily digests": {
        "task": "foundation.notifications.tasks.build_digests",
        "schedule": crontab(hour="8", minute="0"),
    },
    "remind of next year's calendar": {
        "task": "branches.tasks.remind_of_calendar",
        "schedule": crontab(hour="9", minute="0"),
    },
    "remind of terms": {"task": "branches.tasks.remind_of_terms", "schedule": crontab(hour="9", minute="10")},
    "remind of posts that end": {"task": "branches.tasks.remind_of_endings", "schedule": crontab(hour="9", minute="5")},
    "count what ended posts hand over": {
        "task": "branches.tasks.count_hand_overs",
        "schedule": 60.0,
        "options": _STALE,
    },
    "remind of secondments": {
        "task": "branches.tasks.remind_of_secondments",
        "schedule": crontab(hour="9", minute="12"),
    },
    "remind of follow-ups and action items": {
        "task": "activities.tasks.remind_of_promises",
        "schedule": crontab(hour="9", minute="20"),
    },
    "sweep the clocks of grievances": {
        "task": "grievances.tasks.sweep_clocks",
        "schedule": 60.0,
        "options": _STALE,
    },
    "count the figures of grievances": {
        "task": "grievances.tasks.count_months",
        "schedule": 600.0,
        "options": _STALE,
    },
    "keep the compliance calendar": {
        "task": "activities.tasks.keep_calendar",
        "schedule": crontab(hour="1", minute="30"),
    },
    "remind of what the calendar misses": {
        "task": "activities.tasks.remind_of_missing",
        "schedule": crontab(hour="9", minute="15"),
    },
    "sweep work orders": {"task": "grievances.tasks.sweep_work_orders", "schedule": 60.0, "options": _STALE},
    "sweep exports": {"task": "members.tasks.sweep_exports", "schedule": 60.0, "options": _STALE},
    "sweep letters of transfer": {
        "task": "members.tasks.sweep_letters",
        "schedule": crontab(minute="10"),
        "options": {"expires": 3000},
    },
    "remind of development files": {
        "task": "members.tasks.remind_of_development",
        "schedule": crontab(hour="9", minute="20"),
    },
    "remind of verifications": {
        "task": "members.tasks.remind_of_verifications",
        "schedule": crontab(hour="8", minute="40"),
    },
    "purge what has expired": {"task": "members.tasks.purge_expired", "schedule": 24 * 3600.0},
}
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(VAR_DIR / "cache")}
    )
}

# --- notifications: a channel without an address of its provider is off -----------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.value("EMAIL_HOST")
EMAIL_PORT = env.port("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.value("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.value("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = env.boolean("EMAIL_USE_SSL", False)
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    raise ImproperlyConfigured("EMAIL_USE_TLS 和 EMAIL_USE_SSL 只能开一个。")
DEFAULT_FROM_EMAIL = env.value("EMAIL_FROM", "portal@localhost")
if EMAIL_HOST and not env.value("EMAIL_FROM"):
    raise ImproperlyConfigured("设置了 EMAIL_HOST，还要设置 EMAIL_FROM（发件地址）。")
NOTIFY_SMS_URL = env.web_address("NOTIFY_SMS_URL")
NOTIFY_SMS_TOKEN = env.value("NOTIFY_SMS_TOKEN")
NOTIFY_WECOM_URL = env.web_address("NOTIFY_WECOM_URL")
NOTIFY_TIMEOUT_SECONDS = env.integer("NOTIFY_TIMEOUT_SECONDS", 10, at_least=1)
if NOTIFY_TIMEOUT_SECONDS > 30:
    raise ImproperlyConfigured(f"NOTIFY_TIMEOUT_SECONDS={NOTIFY_TIMEOUT_SECONDS} 太大，最多 30 秒。")
NOTIFY_SINK = env.file_to_write("NOTIFY_SINK")
# What was delivered and read is kept so long; what nobody has read stays.
# Files of grievances are deleted so long after the case has ended; the rule names no number: set locally.
EVIDENCE_RETENTION_DAYS = env.integer("EVIDENCE_RETENTION_DAYS", 1095, at_least=30)
ANSWER_DRAFT_RETENTION_DAYS = env.integer("ANSWER_DRAFT_RETENTION_DAYS", 90, at_least=1)
WORK_ORDER_RETENTION_DAYS = env.integer("WORK_ORDER_RETENTION_DAYS", 30, at_least=1)
# Who was looked at and is no member, or withdrew: no rule names a number. Half a year, so that the same name does not
# come up again at once and who objects still finds the reasons.
VERIFICATION_RETENTION_DAYS = env.integer("VERIFICATION_RETENTION_DAYS", 180, at_least=1)
NOTIFICATION_RETENTION_DAYS = env.integer("NOTIFICATION_RETENTION_DAYS", 180, at_least=1)
CONTACT_PAIRS_MOST = env.integer("CONTACT_PAIRS_MOST", 10, at_least=1)  # drivers one member keeps contact with

# --- logging: no personal data reaches it (tests/house/test_logs.py) --------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without tokens": {"()": "foundation.protection.logs.WithoutTokens", "prefixes": ("/cards/",)}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["without tokens"]},
    },
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))},
    "loggers": {
        "axes": {"level": "ERROR"},
        # At DEBUG these write what a page was drawn from, and statements with their values.
        "django.template": {"level": "INFO"},
        "django.db.backends": {"level": "INFO"},
    },
}

# --- import-export: only for the small registries; rosters have their own pipeline -----------------------------------
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_ESCAPE_ILLEGAL_CHARS_ON_EXPORT = True
IMPORT_EXPORT_IMPORT_IGNORE_BLANK_LINES = True
IMPORT_EXPORT_TMP_STORAGE_CLASS = "import_export.tmp_storages.MediaStorage"

# --- what the page says about itself ---------------------------------------------------------------------------------
SITE_NAME = env.value("SITE_NAME", "同路")
SITE_TAGLINE = env.value("SITE_TAGLINE", "行业党建与司机服务")
SITE_HOST_UNIT = env.value("SITE_HOST_UNIT")  # 主办单位
SITE_CONTACT = env.value("SITE_CONTACT")  # 联系方式
SITE_IDENTIFIER = env.value("SITE_IDENTIFIER")  # 政府网站标识码
SITE_ICP = env.value("SITE_ICP")  # ICP 备案号
SITE_POLICE = env.value("SITE_POLICE")  # 公安备案号
TIANDITU_KEY = env.value("TIANDITU_KEY")
METRICS_TOKEN = env.value("METRICS_TOKEN")  # unset: /metrics answers this machine only
BACKUP_KEY_FILE = env.value("BACKUP_KEY_FILE")
