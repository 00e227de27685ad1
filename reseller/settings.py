"""All settings, read from the environment once. `.env.example` lists every name."""

import os
import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import environ
from cryptography.fernet import Fernet, MultiFernet
from csp.constants import NONE, SELF
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

VAR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)

# What an installation must say itself, and what stands in for it while developing.
_REQUIRED = {
    "SECRET_KEY": "only-for-debugging-" + "x" * 50,
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver",
    "DATABASE_URL": f"sqlite:///{VAR / 'reseller.sqlite3'}",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SEALING_KEYS": "b25seS1mb3ItZGVidWdnaW5nLW5ldmVyLWluLXVzZSE=",
    "DISTRIBUTOR_URL": "http://127.0.0.1:8025/api",
    "DISTRIBUTOR_USER": "sandbox",
    "DISTRIBUTOR_KEY": "sandbox",
}
if DEBUG:
    VAR.mkdir(parents=True, exist_ok=True)
    for _name, _value in _REQUIRED.items():
        os.environ.setdefault(_name, _value)
elif _missing := [name for name in _REQUIRED if not env.str(name, default="")]:
    raise ImproperlyConfigured(
        f"Set {', '.join(_missing)} in the environment (.env.example explains each), "
        "or DEBUG=true to try things out with the sandbox."
    )

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Addresses or networks whose X-Forwarded-* headers are believed; everybody else's are dropped.
TRUSTED_PROXIES = [ip_network(net) for net in env.list("TRUSTED_PROXIES", default=[])]

# --- The distributor -------------------------------------------------------------------------
DISTRIBUTOR_URL = env.str("DISTRIBUTOR_URL").rstrip("/")
DISTRIBUTOR_USER = env.str("DISTRIBUTOR_USER")
DISTRIBUTOR_KEY = env.str("DISTRIBUTOR_KEY")
DISTRIBUTOR_FORMAT = env.str("DISTRIBUTOR_FORMAT", default="json")
DISTRIBUTOR_CONTROL = env.str("DISTRIBUTOR_CONTROL", default="")
# Seconds, each of the whole call.
DISTRIBUTOR_DEADLINE = env.float("DISTRIBUTOR_DEADLINE", default=20)
DISTRIBUTOR_LOOK_DEADLINE = env.float("DISTRIBUTOR_LOOK_DEADLINE", default=60)
DISTRIBUTOR_LIST_DEADLINE = env.float("DISTRIBUTOR_LIST_DEADLINE", default=1800)
# The longest the distributor may still execute a call that we gave up on.
SETTLE_TIME = timedelta(seconds=env.float("SETTLE_TIME", default=60))
LEASE = timedelta(seconds=env.float("LEASE", default=30))
# Calls a second, how many at once after a rest, and the first pause when it is away.
DISTRIBUTOR_RATE = env.float("DISTRIBUTOR_RATE", default=20)
DISTRIBUTOR_BURST = env.int("DISTRIBUTOR_BURST", default=40)
BREAKER_PAUSE = timedelta(seconds=env.float("BREAKER_PAUSE", default=30))
# What could go out for so long and did not is told of.
LATE_AFTER = timedelta(seconds=env.float("LATE_AFTER", default=15 * 60))
REFRESH_EVERY = timedelta(seconds=env.float("REFRESH_EVERY", default=15 * 60))
# A list that lacks more of the live customers than both allow is put aside.
REFRESH_MISSING_AT_LEAST = env.int("REFRESH_MISSING_AT_LEAST", default=5)
REFRESH_MISSING_SHARE = env.float("REFRESH_MISSING_SHARE", default=0.1)
# Fields of which a person is asked, or that are pushed back, when they were altered over there.
DRIFT_ASK = env.list("DRIFT_ASK", default=[])
DRIFT_PUSH_BACK = env.list("DRIFT_PUSH_BACK", default=[])
SEALING_KEYS = env.list("SEALING_KEYS")
# --- Signing up ------------------------------------------------------------------------------
# Which signups wait for a person: none, risky (those with a signal) or all.
SIGNUP_REVIEW = env.str("SIGNUP_REVIEW", default="risky")
# Characters; the contract's six are the least.
SIGNUP_PASSWORD_MIN = env.int("SIGNUP_PASSWORD_MIN", default=8)
# What was never finished is erased after so many days.
SIGNUP_KEEP = timedelta(days=env.float("SIGNUP_KEEP", default=30))
# Where links in mails lead to; never taken from a request.
SITE_URL = env.str("SITE_URL", default="").rstrip("/")
# What the public pages and the mails call the reseller, and how they look.
BRAND_NAME = env.str("BRAND_NAME", default="Reseller")
BRAND_COLOUR = env.str("BRAND_COLOUR", default="#1a56c4")
BRAND_LOGO = env.str("BRAND_LOGO", default="")
# Where a customer signs in to the distributor's website, or to what stands before it.
SIGN_IN_URL = env.str("SIGN_IN_URL", default="")
# So many signups, or mails asked for once more, by an address, a network, for an e-mail, in all.
SIGNUP_RATE = env.str("SIGNUP_RATE", default="10/h")
SIGNUP_RATE_NETWORK = env.str("SIGNUP_RATE_NETWORK", default="40/h")
SIGNUP_RATE_EMAIL = env.str("SIGNUP_RATE_EMAIL", default="5/h")
SIGNUP_RATE_ALL = env.str("SIGNUP_RATE_ALL", default="600/h")
# Codes that are tried, and usernames that are asked about, by an address.
SIGNUP_GUESS_RATE = env.str("SIGNUP_GUESS_RATE", default="20/h")
SIGNUP_LOOKUP_RATE = env.str("SIGNUP_LOOKUP_RATE", default="300/h")
SIGNUP_REFUSE_DISPOSABLE = env.bool("SIGNUP_REFUSE_DISPOSABLE", default=False)
# Nobody fills in a form in less; seconds.
SIGNUP_MIN_SECONDS = env.float("SIGNUP_MIN_SECONDS", default=2)
# Who keeps robots away from the signup: turnstile, hcaptcha, or nobody.
CAPTCHA = env.str("CAPTCHA", default="")
CAPTCHA_SITE_KEY = env.str("CAPTCHA_SITE_KEY", default="")
CAPTCHA_SECRET = env.str("CAPTCHA_SECRET", default="")
CAPTCHA_VERIFY_URL = env.str("CAPTCHA_VERIFY_URL", default="")
CAPTCHA_DEADLINE = env.float("CAPTCHA_DEADLINE", default=5)

if not DISTRIBUTOR_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("DISTRIBUTOR_URL must begin with http:// or https://.")
if DISTRIBUTOR_FORMAT not in {"json", "xml"}:
    raise ImproperlyConfigured("DISTRIBUTOR_FORMAT is either json or xml.")
if DISTRIBUTOR_RATE <= 0 or DISTRIBUTOR_BURST < 1:
    raise ImproperlyConfigured("DISTRIBUTOR_RATE must exceed 0, DISTRIBUTOR_BURST is 1 at least.")
if REFRESH_MISSING_AT_LEAST < 0 or not 0 <= REFRESH_MISSING_SHARE <= 1:
    raise ImproperlyConfigured(
        "REFRESH_MISSING_AT_LEAST is 0 or more, REFRESH_MISSING_SHARE between 0 and 1."
    )
if SIGNUP_REVIEW not in {"none", "risky", "all"}:
    raise ImproperlyConfigured("SIGNUP_REVIEW is none, risky or all.")
if SIGNUP_PASSWORD_MIN < 6:  # noqa: PLR2004
    raise ImproperlyConfigured("SIGNUP_PASSWORD_MIN is 6 at least: the distributor takes no less.")
if timedelta(days=7) > SIGNUP_KEEP:
    raise ImproperlyConfigured("SIGNUP_KEEP is 7 at least: so long a mailed link opens a signup.")
if not SITE_URL:
    _host = "127.0.0.1:8000" if DEBUG else ALLOWED_HOSTS[0].lstrip(".")
    SITE_URL = f"{'http' if DEBUG else 'https'}://{_host}"
if not re.fullmatch(r"https?://[^/\s]+", SITE_URL):
    raise ImproperlyConfigured("SITE_URL is http:// or https:// and a name, without a path.")
if SIGN_IN_URL and not re.match(r"https?://", SIGN_IN_URL):
    raise ImproperlyConfigured("SIGN_IN_URL begins with https:// (or http://).")
if not re.fullmatch(r"#[0-9a-fA-F]{6}", BRAND_COLOUR):
    raise ImproperlyConfigured("BRAND_COLOUR is # and six hexadecimal digits, such as #1a56c4.")
for _name in (
    "SIGNUP_RATE",
    "SIGNUP_RATE_NETWORK",
    "SIGNUP_RATE_EMAIL",
    "SIGNUP_RATE_ALL",
    "SIGNUP_GUESS_RATE",
    "SIGNUP_LOOKUP_RATE",
):
    if not re.fullmatch(r"\d+/[smhd]", vars()[_name]):
        raise ImproperlyConfigured(f"{_name} is a number and a period: 10/h, or with s, m or d.")
if CAPTCHA not in {"", "turnstile", "hcaptcha"}:
    raise ImproperlyConfigured("CAPTCHA is turnstile or hcaptcha; empty: nobody is asked.")
if CAPTCHA and not (CAPTCHA_SITE_KEY and CAPTCHA_SECRET):
    raise ImproperlyConfigured("CAPTCHA needs CAPTCHA_SITE_KEY and CAPTCHA_SECRET.")
try:
    MultiFernet([Fernet(key) for key in SEALING_KEYS])
except ValueError:
    raise ImproperlyConfigured(
        "SEALING_KEYS are Fernet keys, separated by commas; .env.example tells how to make one."
    ) from None
if LEASE.total_seconds() <= DISTRIBUTOR_DEADLINE:
    raise ImproperlyConfigured(
        f"LEASE ({LEASE.total_seconds():g} s) must exceed DISTRIBUTOR_DEADLINE "
        f"({DISTRIBUTOR_DEADLINE:g} s): else a second worker takes over while the first calls."
    )

# --- Django ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
    "customers",
]
MIDDLEWARE = [
    "reseller.middleware.ClientAddress",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A random padding and masked tokens keep what is secret in a page from being guessed by length.
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "reseller.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reseller.middleware.DatabaseAway",
    "reseller.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "reseller.urls"
WSGI_APPLICATION = "reseller.wsgi.application"
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
                "customers.views.context.standing",
                "customers.views.signup.context.brand",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

DATABASES = {"default": env.db("DATABASE_URL")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # Read-then-write transactions take the write lock first, or they fail as "locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # Of texts that are given again and again the plan is kept: those of customers/models/row.py.
    _prepare_after = env.int("DATABASE_PREPARE_AFTER", default=5)
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = _prepare_after or None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = reverse_lazy("dashboard")
LOGOUT_REDIRECT_URL = reverse_lazy("login")

LANGUAGE_CODE = "en"
# The public pages and the mails; the console speaks LANGUAGE_CODE.
_languages = env.list("LANGUAGES", default=["en", "de"])
if _unknown := set(_languages) - set(LANG_INFO):
    raise ImproperlyConfigured(f"LANGUAGES are codes such as en,de: {', '.join(sorted(_unknown))}?")
LANGUAGES = [(it, LANG_INFO[it]["name_local"]) for it in _languages]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

MAIL_FOLDER = VAR / "mail"
_mail = env.email_url("EMAIL_URL", default="filemail://" if DEBUG else "smtp://localhost")
_mail["EMAIL_FILE_PATH"] = _mail.get("EMAIL_FILE_PATH") or str(MAIL_FOLDER)
vars().update(_mail)
EMAIL_TIMEOUT = 10
ADMINS = [(address, address) for address in env.list("ADMINS", default=[])]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("FROM_EMAIL", default="reseller@localhost")

# --- Security --------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's CSS brings its small icons along as data:
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
DEFAULT_EXCEPTION_REPORTER_FILTER = "reseller.reports.HideSecrets"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health$"]  # asked from inside, by address and without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"

# --- Celery: a doorbell. Due times live in the rows, results too ------------------------------
CELERY_BROKER_URL = env.str("REDIS_URL")
if CELERY_BROKER_URL.startswith("rediss://") and "ssl_cert_reqs" not in CELERY_BROKER_URL:
    # Left alone, kombu would take any certificate.
    CELERY_BROKER_URL += ("&" if "?" in CELERY_BROKER_URL else "?") + "ssl_cert_reqs=required"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# One try and short socket timeouts: a hung broker must not hold up whoever saves a form.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_TASK_TIME_LIMIT = 240
# Long, and in nobody's way.
CELERY_TASK_ROUTES = {name: {"queue": "refresh"} for name in ("refresh", "apply_refresh")}
CELERY_BEAT_SCHEDULE = {
    # A tick that nobody took in time is worth nothing: the next one does the same.
    "deliver-due": {"task": "deliver_due", "schedule": 5.0, "options": {"expires": 5}},
    "push-back": {"task": "push_back", "schedule": 10.0, "options": {"expires": 10}},
    # Whoever comes before the next sample is due does nothing.
    "sample": {"task": "sample", "schedule": 60.0, "options": {"expires": 60}},
    "signups": {"task": "signups_due", "schedule": 5.0, "options": {"expires": 5}},
    "erase-signups": {"task": "erase_signups", "schedule": 3600.0, "options": {"expires": 3600}},
    "refresh": {"task": "refresh", "schedule": REFRESH_EVERY, "options": {"expires": 300}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # No mail of a failed request: it would carry what was typed. Alerts mail themselves.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # Three lines every five seconds, all of them about nothing having happened.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
