"""All settings, from typed environment variables; docs/settings.md explains each."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path

import pymysql
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from .config.apps import INSTALLED_APPS as INSTALLED_APPS
from .config.apps import MIDDLEWARE as MIDDLEWARE
from .config.database import describe_connection, tls_options
from .config.env import (
    check_secret_key,
    env,
    folder,
    given,
    needs,
    networks,
    positive,
    secret,
    whole,
    yes_no,
)
from .config.logs import configuration
from .config.oidc import providers

pymysql.install_as_MySQLdb()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = folder("DATA_DIR", BASE_DIR / "var")
DATABASE_URL = given("DATABASE_URL")
EMBEDDED = not DATABASE_URL
DEBUG = yes_no("DEBUG")

SECRET_KEY = check_secret_key(secret("SECRET_KEY", kept_in=DATA_DIR if EMBEDDED else None))
# Former values of SECRET_KEY: what the audit was sealed with before still verifies.
AUDIT_KEY_FALLBACKS = [
    key.strip() for key in given("AUDIT_KEY_FALLBACKS").split(",") if key.strip()
]
AUDIT_ANCHOR_FILE = env.str("AUDIT_ANCHOR_FILE", "")
MASTER_KEYS = [
    key.strip()
    for key in secret("MASTER_KEYS", kept_in=DATA_DIR if EMBEDDED else None).split(",")
    if key.strip()
]
try:
    [Fernet(key) for key in MASTER_KEYS]
except ValueError as error:
    raise ImproperlyConfigured(
        "MASTER_KEYS must be comma separated Fernet keys (32 bytes in URL-safe base64)."
    ) from error

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; '*' accepts any origin.")
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
BASE_URL = BASE_URL.removesuffix(":443") if BASE_URL.startswith("https://") else BASE_URL
if not BASE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("BASE_URL must begin with https://, or http:// for a trial.")
HTTPS = BASE_URL.startswith("https://")
SUB_PATH = "".join(BASE_URL.partition("://")[2].partition("/")[1:])
if not re.fullmatch(r"(/[A-Za-z0-9_-]+)*", SUB_PATH):
    raise ImproperlyConfigured(
        f"The path of BASE_URL may hold letters, digits, - and _ between slashes, not {SUB_PATH}."
    )
FORCE_SCRIPT_NAME = SUB_PATH or None
# What addresses that `reverse` made are put behind: these hold the path already.
ORIGIN = BASE_URL.removesuffix(SUB_PATH)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[ORIGIN])

ROOT_URLCONF = "rollback_console.urls"
ASGI_APPLICATION = "rollback_console.asgi.application"
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
            ],
        },
    },
]

DATABASES = {
    "default": env.db_url_config(DATABASE_URL or f"sqlite:///{DATA_DIR / 'console.sqlite3'}")
}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    if EMBEDDED:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "isolation_level": "read committed",
        "init_command": "SET time_zone = '+00:00'",
        "connect_timeout": 5,
        "read_timeout": 30,
        "write_timeout": 30,
        **tls_options(_database.get("HOST", "")),
    }
    _database["TEST"] = {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
_database["CONN_MAX_AGE"] = 0
DATABASE_CONNECTION = describe_connection(_database)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = given("REDIS_URL") or "redis://127.0.0.1:6379/0"
CELERY_BROKER_URL = given("BROKER_URL") or REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 30}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = positive("WORKER_THREADS", 16)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "rollbacks"

# Whose hosts this worker or sweeper can reach; an environment without a zone is in `default`.
ZONES = env.list("ZONES", default=["default"])
if not all(re.fullmatch(r"[-\w]{1,40}", zone) for zone in ZONES) or not ZONES:
    raise ImproperlyConfigured("ZONES must be comma separated words of letters, digits and -.")
WORKER_QUEUES = ["rollbacks" if zone == "default" else f"rollbacks.{zone}" for zone in ZONES]

# Seconds. A driver renews its lease well inside LEASE; a slice ends by itself at SLICE.
LEASE = timedelta(seconds=positive("LEASE_SECONDS", 20))
SLICE = timedelta(seconds=positive("SLICE_SECONDS", 60))
SWEEP_EVERY = timedelta(seconds=positive("SWEEP_SECONDS", 5))
LOG_CAP = positive("LOG_CAP_MIB", 256) * 1024 * 1024
READINESS_EVERY = timedelta(minutes=whole("READINESS_MINUTES", 10))
CRASH = env.str("ROLLBACK_CONSOLE_CRASH", "") if yes_no("ALLOW_CRASH") else ""
CONNECT_PATIENCE = positive("CONNECT_SECONDS", 30)
UNREACHABLE_LIMIT = timedelta(minutes=positive("UNREACHABLE_MINUTES", 15))

KEEP_LOGS_DAYS = whole("KEEP_LOGS_DAYS", 0)
KEEP_MESSAGES_DAYS = whole("KEEP_MESSAGES_DAYS", 180)
ARCHIVE_DIR = env.str("ARCHIVE_DIR", "")

METRICS_TOKEN = given("METRICS_TOKEN")
SENTRY_DSN = needs("SENTRY_DSN", "sentry_sdk", "sentry")
OTEL_EXPORTER_OTLP_ENDPOINT = needs(
    "OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.instrumentation.django", "otel"
)

# What must hold for all web processes is in the database, so that no Redis is needed for it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "console_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Messages go to public addresses, and to these networks.
MESSAGES_ALLOW = networks("MESSAGES_ALLOW")
MESSAGES_SECONDS = positive("MESSAGES_SECONDS", 15)
MESSAGES_CA_FILE = env.str("MESSAGES_CA_FILE", "")

LANGUAGE_CODE = "en"
# docs/design/spanish.md: how another one is added.
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "rollback_console.config.formats"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = f"{SUB_PATH}/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "rollback_console.access.password_strength.StrengthValidator"},
]
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "rollback_console.access.limited_rights.LimitedRightsBackend",
]
ACCOUNT_ADAPTER = "rollback_console.web.authentication.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * positive("STEP_UP_MINUTES", 5)
# Passwords are counted by access.attempts, which keeps nobody out by their name; this is what
# holds for the codes of second factors, which only the holder of the password can try.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/300s/key", "reauthenticate": None}
MFA_ADAPTER = "rollback_console.web.authentication.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
_PASSKEY_FORMS = "rollback_console.web.authentication.passkey_forms"
MFA_FORMS = {
    "activate_totp": "rollback_console.web.authentication.forms.AddAppForm",
    "add_webauthn": f"{_PASSKEY_FORMS}.AddPasskeyForm",
    "edit_webauthn": f"{_PASSKEY_FORMS}.RenamePasskeyForm",
    "authenticate_webauthn": f"{_PASSKEY_FORMS}.SecondStepPasskeyForm",
    "login_webauthn": f"{_PASSKEY_FORMS}.SignInPasskeyForm",
    "reauthenticate_webauthn": f"{_PASSKEY_FORMS}.ProofPasskeyForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Rollback Console"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SOCIALACCOUNT_ADAPTER = "rollback_console.web.authentication.oidc_claims.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": providers(given("OIDC_PROVIDERS"))}
SOCIALACCOUNT_STORE_TOKENS = False
# The policy's form-action keeps a form from leading to another host; a link may.
SOCIALACCOUNT_LOGIN_ON_GET = True
SIGN_IN_FAILURES = positive("SIGN_IN_FAILURES", 5)
SIGN_IN_LONGEST_WAIT = timedelta(minutes=positive("SIGN_IN_LOCK_MINUTES", 15))

REQUIRE_SECOND_FACTOR = yes_no("REQUIRE_SECOND_FACTOR")
# A token's requests in one web process; a person's costly posts in all of them.
API_PER_MINUTE = positive("API_PER_MINUTE", 600)
COSTLY_PER_MINUTE = positive("COSTLY_PER_MINUTE", 20)
PREVIEWS_PER_MINUTE = positive("PREVIEWS_PER_MINUTE", 120)
# In one web process.
SOCKETS_PER_PERSON = positive("SOCKETS_PER_PERSON", 50)
SOCKETS_PER_ADDRESS = positive("SOCKETS_PER_ADDRESS", 1000)

# __Host- binds a cookie to this very host, all of it, and to TLS; a browser refuses it otherwise.
_HOST = ("__Secure-" if SUB_PATH else "__Host-") if HTTPS else ""
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{SUB_PATH}/"
SESSION_COOKIE_NAME = f"{_HOST}sessionid"
LANGUAGE_COOKIE_NAME = "language"
DEVICE_COOKIE_NAME = f"{_HOST}device"
SESSION_COOKIE_AGE = 3600 * positive("SESSION_HOURS", 12)
SESSION_IDLE = timedelta(minutes=positive("SESSION_IDLE_MINUTES", 120))
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_HOST}csrftoken"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
BEHIND_TLS_PROXY = yes_no("BEHIND_TLS_PROXY")
SECURE_SSL_REDIRECT = HTTPS and BEHIND_TLS_PROXY
SECURE_REDIRECT_EXEMPT = [
    rf"^{SUB_PATH.lstrip('/')}/?{page}$" for page in ("healthz", "readyz", "metrics")
]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = whole("TRUSTED_PROXIES", 1 if BEHIND_TLS_PROXY else 0)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LOG_LEVEL = env.str("LOG_LEVEL", "INFO").upper()
LOGGING = configuration(
    env.str("LOG_FORMAT", "line"), LOG_LEVEL, audit_syslog=env.str("AUDIT_SYSLOG", "")
)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
