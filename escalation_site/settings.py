"""Settings of the whole product: one file, read from the environment, failing loudly on what cannot be."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from csp.constants import SELF, UNSAFE_INLINE
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
env.read_env(BASE_DIR / ".env", recurse=False)

# Everything the running product writes on its own machine: database file, broker file, uploads, logs.
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
with suppress(OSError):  # checks.py and runall say it in one line
    VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", False)
# Without a secret the product runs for one person on one machine only; the deploy check says so (checks.py).
SECRET_KEY = env.str("SECRET_KEY", "insecure-for-this-machine-only-" + "x" * 40)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.simple_history",
    "escalation_site.apps.ConsoleConfig",  # django.contrib.admin with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "simple_history",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "cases",
    "escalations",
    "reports",
    "escalation_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Above all that writes an answer, static files included. COMPRESS=0 where the proxy before it compresses.
    *(["escalation_site.compression.CompressWords"] if env.bool("COMPRESS", True) else []),
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cases.middleware.ReaderMiddleware",
    "cases.middleware.ActingMiddleware",
]

ROOT_URLCONF = "escalation_site.urls"
WSGI_APPLICATION = "escalation_site.wsgi.application"

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

# --- Data --------------------------------------------------------------------------------------------------

DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR_DIR}/desk.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A reader never waits for the writer; a writer takes its lock at once instead of failing at its first
    # write.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # SQLite reads a statement anew, with the triggers that write its history, where Python does not keep
        # it read: of itself 128, and operations and pages have more than that between them.
        "cached_statements": 512,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
    }
    DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_SQLITE_NAME", None)}
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Web and worker processes on PostgreSQL borrow connections from a pool of their own (pools.py), which makes
# them as they are needed. DATABASE_POOL_MAX: never more than the process has threads are used; 0 is no pool,
# for a server that has one before it. Who waits longer than DATABASE_POOL_TIMEOUT seconds gets an error; as
# long is a lost server tried again, so that one that is back is found at once.
DATABASE_POOL = {
    "min_size": env.int("DATABASE_POOL_MIN", 0),
    "max_size": env.int("DATABASE_POOL_MAX", 16),
    "timeout": env.float("DATABASE_POOL_TIMEOUT", 5),
    "reconnect_timeout": env.float("DATABASE_POOL_TIMEOUT", 5),
}
if DATABASES["default"]["ENGINE"].endswith("postgresql") and DATABASE_POOL["max_size"]:
    # At a million cases the server takes 25 ms to compile a list's query that runs for 6. A pool before the
    # server would refuse what it is asked here; the README says where to switch it off then.
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c jit=off")

AUTH_USER_MODEL = "cases.Person"
AUTHENTICATION_BACKENDS = ["escalation_site.signed_in.People"]
SESSION_ENGINE = "escalation_site.signed_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

# The database writes the history (cases/history.py); these are simple-history's own doors, closed.
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# --- Words and time ----------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "escalation_site" / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["escalation_site.formats"]

# --- Files -------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str("STATIC_STORAGE", "django.contrib.staticfiles.storage.StaticFilesStorage"),
    },
}
MEDIA_ROOT = VAR_DIR / "media"
# What may come with a message: so large each, so large together, so many. Mail servers take about 25 MB, and
# a file grows by a third in a mail.
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_MB", 10) * 1024 * 1024
ATTACHMENTS_MAX_BYTES = env.int("ATTACHMENTS_MAX_MB", 18) * 1024 * 1024
ATTACHMENTS_MAX_COUNT = env.int("ATTACHMENTS_MAX_COUNT", 10)
# The first one lets nothing larger than that onto the disk while it arrives.
FILE_UPLOAD_HANDLERS = [
    "cases.uploads.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
WHITENOISE_USE_FINDERS = env.bool("SERVE_STATIC_FROM_SOURCE", True)

# --- Mail and broker ---------------------------------------------------------------------------------------

# EMAIL_URL, as in smtp://user:password@host:25 ; without it mail is written to files under VAR_DIR/mail.
_mail = env.dj_email_url("EMAIL_URL", f"file:{VAR_DIR}/mail")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Escalation Desk <desk@example.com>")
SITE_URL = env.str("SITE_URL", "http://localhost:8000")

# Where what is counted together is kept: with a Redis by all processes, without one by each on its own.
CACHE_URL = env.str("CACHE_URL", "")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        # One that says nothing holds up every request for so many seconds; without it all are answered.
        "OPTIONS": {"socket_connect_timeout": 0.25, "socket_timeout": 0.25},
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
# How often one person's programs may ask the API; empty: as often as they like.
API_RATE = env.str("API_RATE", "600/min")

BROKER_URL = env.str("BROKER_URL", f"sqla+sqlite:///{VAR_DIR}/broker.sqlite3")

# --- Watching ----------------------------------------------------------------------------------------------

# Whether an escalation path is published by another manager than those who changed its draft.
PATHS_NEED_TWO = env.bool("PATHS_NEED_TWO", False)

# Whether a customer is asked, once a case is closed, how content they are. Off until somebody decides it: it
# is mail that no customer asked for, and some countries want their consent.
SURVEYS = env.bool("SURVEYS", False)

# What turns /health/ready and the watchdog red, in seconds: no engine said that it looks for so long (an
# idle one says so once a second); a timer is due and has not fired for so long; a notice waits for so long
# without being tried.
ENGINE_SILENT_AFTER = timedelta(seconds=env.float("ENGINE_SILENT_AFTER", 30))
BACKLOG_LATE_AFTER = timedelta(seconds=env.float("BACKLOG_LATE_AFTER", 300))
NOTICE_LATE_AFTER = timedelta(seconds=env.float("NOTICE_LATE_AFTER", 600))
# Who may read /metrics: whoever brings this token; without one, this machine alone.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# --- API ---------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # The first one says how a stranger is answered: 401, and how to come in.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.BasicAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "cases.api.pages.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_THROTTLE_CLASSES": ["cases.api.throttles.PerPerson"],
    "EXCEPTION_HANDLER": "cases.api.errors.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Escalation Desk",
    "DESCRIPTION": "Customers, cases, clocks, escalations and their history; and the verbs that move them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "escalation_site.schema.with_refusals",
    ],
    # The names of choices in the schema, where several fields share them or a field's name says too little.
    "ENUM_NAME_OVERRIDES": {
        "CaseStatus": "cases.states.CaseStatus",
        "ClockState": "cases.states.ClockState",
        "EscalationState": "escalations.models.Escalation.State",
        "HandoffState": "escalations.models.Handoff.State",
        "PromiseState": "cases.models.Promise.State",
        "AskState": "cases.models.Ask.State",
        "DecisionState": "cases.models.Decision.State",
        "DecisionOutcome": "cases.decisions.Outcome",
        "EscalationOutcome": "escalations.models.Escalation.Outcome",
        "OfferKind": "cases.decisions.Offer",
        "HandoffKind": "escalations.models.escalation.Kind",
        "ByHandKind": "escalations.models.response.BY_HAND",
        "OptionKind": "escalations.models.Option.Kind",
        "OptionOutcome": "escalations.models.OptionUse.Outcome",
        "TriedOutcome": "escalations.api.responses.TRIED",
        "NoticeKind": "cases.models.NoticeKind",
        "QuestionKind": "cases.models.Question.Kind",
        "PromiseKind": "cases.models.Promise.Kind",
        "StandingKind": "cases.models.Standing.Kind",
        "Channel": "cases.models.Channel",
        "WrittenChannel": "cases.api.inputs.WRITTEN",
        "Language": "django.conf.settings.LANGUAGES",
        "Metric": "cases.states.Metric",
        "Priority": "cases.states.Priority",
        "Weight": "cases.priorities.Weight",
    },
}

# --- Safety ------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
    },
}
# Behind TLS (SITE_URL says https), cookies and redirects insist on it.
if SITE_URL.startswith("https://"):
    SECURE_SSL_REDIRECT = True
    # Watchmen ask within the house, without TLS, and follow no redirect.
    SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

# The console's palette is Unfold's own default purple and greys; the workspace's tokens are measured
# against it.
UNFOLD = {
    "SITE_TITLE": _("Escalation Desk"),
    "SITE_HEADER": _("Escalation Desk"),
    "SITE_ICON": lambda request: static("desk/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("desk/mark.svg")},
    ],
    "SITE_SUBHEADER": _("Managers' console"),
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("desk/css/console.css")],
    "SIDEBAR": {"show_search": True, "navigation": "escalation_site.sidebar.navigation"},
    "DASHBOARD_CALLBACK": "escalation_site.sidebar.index",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    # A line for every tick would bury the others.
    "loggers": {
        name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.worker.strategy", "celery.beat")
    },
}
