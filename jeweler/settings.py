"""Settings, from the environment. `.env.example` lists every variable; a missing one is named."""

import os
import zoneinfo
from decimal import Decimal, InvalidOperation
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from jeweler import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value not in {"True", "False"}:
        raise ImproperlyConfigured(f"Unexpected value {name}={value}, use 'True' or 'False'")
    return value == "True"


def required(name: str, *, purpose: str, default: str | None) -> str:
    """The variable, or its default where one is allowed (never in production)."""
    value = os.environ.get(name, default)
    if not value:
        raise ImproperlyConfigured(f"Set {name}: {purpose}")
    return value


def choice(name: str, *, options: tuple[str, ...], default: str) -> str:
    value = os.environ.get(name) or default
    if value not in options:
        known = " or ".join(f"'{option}'" for option in options)
        raise ImproperlyConfigured(f"Unexpected value {name}={value}, use {known}")
    return value


def number(name: str, *, default: str, least: int, below: float, such_as: str) -> Decimal:
    value = os.environ.get(name) or default
    try:
        found = Decimal(value)
        is_one = least <= found < Decimal(below)
    except InvalidOperation:
        is_one = False
    if not is_one:
        raise ImproperlyConfigured(
            f"Unexpected value {name}={value}, use a number such as '{such_as}'"
        )
    return found


def time_zone(name: str, *, default: str) -> str:
    value = os.environ.get(name) or default
    try:
        return zoneinfo.ZoneInfo(value).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"Unexpected value {name}={value}, use an IANA time zone such as '{default}'"
        ) from error


DEBUG = flag("DEBUG", default=False)
# The demo house: sample log-ins, the guided tour at /demo/, embedded servers. Never in production.
DEMO = flag("DEMO", default=False)
LOCAL = DEBUG or DEMO

SECRET_KEY = required(
    "SECRET_KEY",
    purpose="a long random string that signs sessions and links",
    default="for-demo-and-tests-only-" + "x" * 40 if LOCAL else None,
)
ALLOWED_HOSTS = required(
    "ALLOWED_HOSTS",
    purpose="the host names of the site, separated by commas",
    default="localhost,127.0.0.1,[::1],testserver" if LOCAL else None,
).split(",")
SITE_URL = required(
    "SITE_URL",
    purpose="how the site is reached from a mail, such as https://shop.example",
    default="http://localhost:8000" if LOCAL else None,
).rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SITE_NAME = os.environ.get("SITE_NAME", "Osmere")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "jeweler",
    "builder",
    "appointments",
    "referrals",
    "attribution",
    "pos_bridge",
    # Its log-ins have a known password, so that production does not even have its command.
    *(["demo"] if DEMO else []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jeweler.middleware.security_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jeweler.middleware.visitor_cookie",
    "attribution.middleware.touchpoints",
]
ROOT_URLCONF = "jeweler.urls"
WSGI_APPLICATION = "jeweler.wsgi.application"
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
                "jeweler.context.house",
            ]
        },
    }
]

DATABASES: dict[str, Any]
USE_EMBEDDED_POSTGRES = LOCAL and "DATABASE_URL" not in os.environ
if USE_EMBEDDED_POSTGRES:
    DATABASES = {"default": embedded.database_settings()}
else:
    required(
        "DATABASE_URL",
        purpose="the PostgreSQL database, such as postgresql://user:word@host:5432/jeweler",
        default=None,
    )
    DATABASES = {"default": dj_database_url.config(conn_max_age=600, conn_health_checks=True)}
# For the questions that are planned once (jeweler.prepared, builder.search.told): Django's own cursors prepare nothing. A pooler in
# transaction mode between the web processes and PostgreSQL must know prepared statements (PgBouncer from 1.21).
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
USE_EMBEDDED_VALKEY = LOCAL and "REDIS_URL" not in os.environ
if USE_EMBEDDED_VALKEY:
    CACHE_URL = f"unix://{embedded.valkey_socket()}?db=1"
    CELERY_BROKER_URL = f"redis+socket://{embedded.valkey_socket()}?virtual_host=0"
else:
    CACHE_URL = CELERY_BROKER_URL = required(
        "REDIS_URL", purpose="the broker and cache, such as redis://host:6379/0", default=None
    )
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# Postgres says what is owed; a task only says "look now". So a lost or doubled task costs nothing, no
# result is kept, and no request waits for the broker longer than a second (docs/decisions.md).
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "deliver-events": {"task": "jeweler.tasks.deliver_events", "schedule": 2.0},
    "send-mails": {"task": "jeweler.tasks.send_mails", "schedule": 2.0},
    "prune-events": {"task": "jeweler.tasks.prune_events", "schedule": 3600.0},
    "prune-sessions": {"task": "jeweler.tasks.prune_sessions", "schedule": 3600.0},
    "build-snapshot": {"task": "builder.tasks.build_snapshot", "schedule": 15.0},
    "draw-portraits": {"task": "builder.tasks.draw_portraits", "schedule": 5.0},
    "import-feeds": {"task": "builder.tasks.import_feeds", "schedule": 2.0},
    "watch-designs": {"task": "builder.tasks.watch_designs", "schedule": 2.0},
    "write-letters": {"task": "appointments.tasks.write_letters", "schedule": 20.0},
    "watch-visits": {"task": "appointments.tasks.watch_visits", "schedule": 60.0},
    "attend-memos": {"task": "appointments.tasks.attend_memos", "schedule": 20.0},
    "poll-outside": {"task": "appointments.tasks.poll_outside", "schedule": 60.0},
    "keep-wall-times": {"task": "appointments.tasks.keep_wall_times", "schedule": 3600.0},
    "tidy-credit": {"task": "referrals.tasks.tidy_credit", "schedule": 60.0},
    "escalate-reviews": {"task": "referrals.tasks.escalate_reviews", "schedule": 300.0},
    "sweep-referrals": {"task": "referrals.tasks.sweep_referrals", "schedule": 60.0},
    "remind-of-days": {"task": "referrals.tasks.remind_of_days", "schedule": 600.0},
    "check-credit": {
        "task": "referrals.tasks.check_credit",
        "schedule": crontab(hour=4, minute=20),
    },
    "invite-customers": {"task": "referrals.tasks.invite_customers", "schedule": 3600.0},
    "apply-inbox": {"task": "pos_bridge.tasks.apply_inbox", "schedule": 2.0},
    "prune-keys": {"task": "pos_bridge.tasks.prune_keys", "schedule": 3600.0},
    "prune-inbox": {"task": "pos_bridge.tasks.prune_inbox", "schedule": 3600.0},
    "fetch-owed": {"task": "pos_bridge.tasks.fetch_what_is_owed", "schedule": 5.0},
    "pull-changes": {"task": "pos_bridge.tasks.pull_what_changed", "schedule": 60.0},
    "look-at-subscriptions": {"task": "pos_bridge.tasks.look_at_subscriptions", "schedule": 60.0},
    "reconcile-days": {"task": "pos_bridge.tasks.reconcile_days", "schedule": 300.0},
    "watch-tills": {"task": "pos_bridge.tasks.watch_tills", "schedule": 60.0},
    "read-drops": {"task": "pos_bridge.tasks.read_drops", "schedule": 30.0},
    "prune-slots": {"task": "pos_bridge.tasks.prune_slots", "schedule": 3600.0},
    "send-webhooks": {"task": "pos_bridge.tasks.send_webhooks", "schedule": 2.0},
    "prune-webhooks": {"task": "pos_bridge.tasks.prune_webhooks", "schedule": 3600.0},
}
CELERY_TIMEZONE = "UTC"

EMAIL_BACKEND = os.environ.get(
    "EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend" if LOCAL else ""
) or required(
    "EMAIL_BACKEND", purpose="such as anymail.backends.postmark.EmailBackend", default=None
)
EMAIL_TIMEOUT = 30  # seconds; shorter than the lease of jeweler.mail
DEFAULT_FROM_EMAIL = required(
    "DEFAULT_FROM_EMAIL",
    purpose="the sender of mails, such as Osmere <hello@shop.example>",
    default="Osmere <hello@osmere.example>" if LOCAL else None,
)
# Who a proposal-safe mail is from, as the inbox shows it: without the house's name, when nothing else is said.
DISCREET_FROM_EMAIL = os.environ.get(
    "DISCREET_FROM_EMAIL", formataddr(("Kept for you", parseaddr(DEFAULT_FROM_EMAIL)[1]))
)
# Each variable ANYMAIL_… is a setting of the mail provider: ANYMAIL_POSTMARK_SERVER_TOKEN, and so on.
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): value
    for name, value in os.environ.items()
    if name.startswith("ANYMAIL_")
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
if not LOCAL:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Suppliers' feeds are the only large uploads; whoever is not logged in may send no more than a form.
FEED_LARGEST_BYTES = int(
    number(
        "FEED_LARGEST_BYTES", default=str(512 * 1024**2), least=1, below=2**63, such_as="536870912"
    )
)
FILE_UPLOAD_HANDLERS = [
    "jeweler.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# For development and tests: whether addresses that somebody typed in may be this machine itself, over plain HTTP too.
OUTWARD_LOOPBACK = flag("OUTWARD_LOOPBACK", default=False)
if OUTWARD_LOOPBACK and not LOCAL:
    raise ImproperlyConfigured(
        "OUTWARD_LOOPBACK=True lets strangers reach this machine from within; it is for DEBUG or DEMO alone"
    )

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", embedded.home() / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not LOCAL
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", embedded.home() / "media"))
WHITENOISE_USE_FINDERS = LOCAL

# Where tills that write files put them: a directory for each connection, named by its code.
DROPS_DIR = Path(os.environ.get("DROPS_DIR", embedded.home() / "drops"))

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Invoices' payment pages. Without a key the counter takes the money.
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
STRIPE_API_URL = os.environ.get("STRIPE_API_URL") or "https://api.stripe.com"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    # Deny first: every API names who may use it.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jeweler API",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAdminUser"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}

# ---- the house's rules: each default is a ruling of docs/decisions.md ----
PRICE_PROMISE_DAYS = 14
# How prices are told where no store's own way holds (docs/algorithms/pricing.md).
PRICE_MODE = choice("PRICE_MODE", options=("shown", "range", "on_request"), default="shown")
TAX_DISPLAY = choice("TAX_DISPLAY", options=("added", "included"), default="added")
TAX_PCT = number("TAX_PCT", default="0", least=0, below=100, such_as="8.875")
PRICE_BOOK_PAUSE = 0.5  # seconds between two looks at the catalog's version, in each process
DESIGN_LINK_DAYS = 180
DESIGN_LIVE_DAYS = 180  # since it was last saved: so long its stone and price are watched
DESIGN_PAUSE_DAYS = 3  # without a step, until she is asked once whether she would go on
PRICE_ENDING_DAYS = 3  # before a price promise ends, she is told
# From how much on a price that moved is told: whichever of the two is less.
PRICE_NEWS_PCT = Decimal(1)
PRICE_NEWS_AMOUNT = Decimal(50)
NUDGE_CAP = 2  # mails that nobody asked for, in seven days to one address
QUIET_FROM_HOUR, QUIET_UNTIL_HOUR = 21, 9
# Whose clock holds for a shopper who chose no store.
HOUSE_TIME_ZONE = time_zone("HOUSE_TIME_ZONE", default="America/New_York")
# Minutes: how long a time is kept while its form is filled, and how long a manager may write first when a stone is gone.
VISIT_HOLD_MINUTES = 10
VISIT_GRACE_MINUTES = 15
# Minutes: how long a till keeps store credit for a sale; days: how long credit lasts that comes back after its last day.
CREDIT_HOLD_MINUTES = 30
CREDIT_GRACE_DAYS = 30
# Percent of a ticket that an associate may take off by herself; more needs a manager.
COUNTER_DISCOUNT_PCT = number(
    "COUNTER_DISCOUNT_PCT", default="10", least=0, below=101, such_as="10"
)
# Days after the hand-over in which an unworn piece may come back, as receipts say.
RETURN_DAYS = int(number("RETURN_DAYS", default="30", least=0, below=3651, such_as="30"))
LOOKBACK_DAYS = 90
VISITOR_COOKIE_DAYS = 395
OUTBOX_MAX_ATTEMPTS = 10
OUTBOX_KEEP_DAYS = 30
FEED_MAX_ATTEMPTS = 3
# Seconds: how old a process's view of the stones on offer may be, and how long few changes may wait for a new snapshot.
SEARCH_SNAPSHOT_POLL_S = float(
    number("SEARCH_SNAPSHOT_POLL_S", default="0.5", least=0, below=3600, such_as="0.5")
)
SEARCH_SNAPSHOT_REBUILD_S = float(
    number("SEARCH_SNAPSHOT_REBUILD_S", default="300", least=0, below=86_400, such_as="300")
)
TILL_TOKEN_HOURS = 12  # from a till's log-in until its next
IDEMPOTENCY_KEEP_DAYS = 30
INBOX_MAX_ATTEMPTS = 5
INBOX_KEEP_DAYS = 90
WEBHOOK_KEEP_DAYS = 30  # so long an endpoint can read what it missed

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "BORDER_RADIUS": "0px",
    "THEME": "light",
    "SITE_ICON": "jeweler.context.icon",
    "SITE_FAVICONS": [{"rel": "icon", "href": "jeweler.context.icon", "type": "image/svg+xml"}],
    "DASHBOARD_CALLBACK": "pos_bridge.office.front.dashboard",
    "SIDEBAR": {"navigation": "jeweler.backoffice.navigation"},
    "STYLES": ["jeweler.context.admin_styles"],
    "COLORS": {
        "base": {
            "50": "#fbf9f5", "100": "#f4f0e8", "200": "#eae4d8", "300": "#ddd6c8", "400": "#b3a998",
            "500": "#8c8375", "600": "#756c60", "700": "#5b544a", "800": "#3a352e", "900": "#1e1b17",
            "950": "#14120f",
        },
        "primary": {
            "50": "#f6e9e6", "100": "#efd8d4", "200": "#dfb3ae", "300": "#cb878b", "400": "#b0596a",
            "500": "#9a3a4e", "600": "#8a2536", "700": "#741e2d", "800": "#5d1925", "900": "#46131c",
            "950": "#2c0a11",
        },
    },
}  # fmt: skip
