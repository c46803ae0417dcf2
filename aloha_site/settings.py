"""Every setting of Aloha, read top to bottom; the environment is read here and nowhere else.

Without credentials everything runs on the embedded defaults. In production (DEBUG off) a missing
secret stops the start with the variable's name.
"""

import hashlib
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from aloha_site import csp
from aloha_site.account_settings import ACCOUNT_FORMS, MFA_ADAPTER  # noqa: F401
from aloha_site.agent_settings import agent_settings
from aloha_site.api_settings import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401
from aloha_site.database_settings import SHARED_CACHE, database_settings
from aloha_site.environment import BASE_DIR, env
from aloha_site.environment import flag as _flag
from aloha_site.environment import text as _text
from aloha_site.environment import whole_number as _whole_number
from aloha_site.live_settings import channel_layers
from aloha_site.log_settings import logging_settings
from aloha_site.secret_key import development_secret_key
from telephony.call_notice import read_notices

# --- Basics -------------------------------------------------------------------------------------

# Development mode: readable errors, and a default for every setting. Never in production.
DEBUG = _flag("DEBUG", default=False)

# Everything Aloha writes beside the database: recordings, calls heard by the simulator, secrets.
VAR_DIR = Path(_text("ALOHA_VAR_DIR") or BASE_DIR / "var")

SECRET_KEY = _text("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Give it at least 50 random characters, "
            "or set DEBUG=1 for development."
        )
    SECRET_KEY = development_secret_key(VAR_DIR)

# The only source of addresses given to the carrier and checked against it; never a Host header.
PUBLIC_BASE_URL = _text("PUBLIC_BASE_URL", "http://127.0.0.1:8000" if DEBUG else "").rstrip("/")
_public = urlsplit(PUBLIC_BASE_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname or _public.path or _public.query:
    raise ImproperlyConfigured(
        "PUBLIC_BASE_URL must be the address people and the carrier reach, "
        f"like https://aloha.example.com, without a path; it is {PUBLIC_BASE_URL!r}."
    )

ALLOWED_HOSTS = _text("ALLOWED_HOSTS").replace(",", " ").split() or [_public.hostname]
if DEBUG:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

# --- Applications -------------------------------------------------------------------------------

# Daphne takes over `runserver`; its import costs every other command a second.
INSTALLED_APPS = [
    *(["daphne"] if "runserver" in sys.argv else []),
    "whitenoise.runserver_nostatic",
    "aloha_site.admin_config.AlohaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "agent",
    "telephony",
    "voicemail",
    "aloha_site",
]

MIDDLEWARE = [
    "aloha_site.carrier_lane.carrier_lane",
    "django.middleware.security.SecurityMiddleware",
    "aloha_site.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "aloha_site.slow_readers.NoConnectionWhileSending",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.OwnerTimeZoneMiddleware",
    "accounts.middleware.LostFormMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "aloha_site.missing_pages.OurMissingPage",
]
ROOT_URLCONF = "aloha_site.urls"
ASGI_APPLICATION = "aloha_site.asgi.application"
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aloha_site.csp.csp",
                "aloha_site.context.mail",
                "aloha_site.context.shell",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------

_database_url = _text("DATABASE_URL")
DATABASES: dict[str, Any] = {
    "default": database_settings(
        env.db_url_config(_database_url) if _database_url else None, var_dir=VAR_DIR
    )
}
# Production on SQLite must be said aloud: one machine, one writer at a time.
ALOHA_ALLOW_SQLITE = _flag("ALOHA_ALLOW_SQLITE", default=False)
CACHES = {"default": SHARED_CACHE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Live views -----------------------------------------------------------------------------------

# Tells pages of one process what happens on the calls of another: redis:// or rediss://. Unset,
# they hear of their own process's calls and look up the others. Calls never depend on it.
REDIS_URL = _text("REDIS_URL")
CHANNEL_LAYERS = channel_layers(REDIS_URL)

# --- Accounts -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.NameForm"
# Mails hold what callers said: outside development an address is confirmed before the first log-in.
ACCOUNT_EMAIL_VERIFICATION = "optional" if DEBUG else "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that has just signed up
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""  # allauth's own is the Host header
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
# Log-in limits count by the visitor's address: the one that the outermost of so many proxies has
# written into X-Forwarded-For. 0 believes no header, since anybody can send one.
ALLAUTH_TRUSTED_PROXY_COUNT = _whole_number("TRUSTED_PROXY_COUNT", default=0)
# Staff see other people's numbers and calls: outside development only with a second factor.
STAFF_SECOND_FACTOR = _flag("STAFF_SECOND_FACTOR", default=not DEBUG)
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SECURE_REFERRER_POLICY = "same-origin"
# Aloha stands behind a proxy that speaks TLS; browsers are told to come by https only.
SECURE_HSTS_SECONDS = 0 if DEBUG or _public.scheme == "http" else 365 * 24 * 3600
# Redirecting to https is that proxy's work (W008): the carrier's requests reach us as http from
# it. Whether the whole domain is https is not ours to promise (W005, W021).
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = csp.OWN_ORIGIN_ONLY

# --- Mail ---------------------------------------------------------------------------------------

# smtp://user:password@host:587 or similar; unset, mails are printed on the console.
EMAIL_URL = _text("EMAIL_URL", "consolemail://")
vars().update(env.email_url_config(EMAIL_URL))
# Seconds for each answer of the mail server; without it a silent one holds the worker for ever.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _text("DEFAULT_FROM_EMAIL", "Aloha <aloha@localhost>")

# --- Language, time, files ----------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# Recordings; only ever handed out by a view that checks whose they are.
MEDIA_ROOT = Path(_text("MEDIA_ROOT") or VAR_DIR / "recordings")
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- Telephony ----------------------------------------------------------------------------------

# Both or neither: with them numbers and calls are real.
TWILIO_ACCOUNT_SID = _text("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = _text("TWILIO_AUTH_TOKEN")
if bool(TWILIO_ACCOUNT_SID) != bool(TWILIO_AUTH_TOKEN):
    _missing = "TWILIO_AUTH_TOKEN" if TWILIO_ACCOUNT_SID else "TWILIO_ACCOUNT_SID"
    raise ImproperlyConfigured(
        f"{_missing} is not set although its other half is. Set both for real numbers, "
        "or neither for simulated ones."
    )
# Another server that speaks Twilio's REST API: a loopback fake, a gateway.
TWILIO_API_BASE_URL = _text("TWILIO_API_BASE_URL")

if TWILIO_ACCOUNT_SID:
    TELEPHONY: dict[str, Any] = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {
            "account_sid": TWILIO_ACCOUNT_SID,
            "auth_token": TWILIO_AUTH_TOKEN,
            "api_base_url": TWILIO_API_BASE_URL,
        },
    }
else:
    TELEPHONY = {"BACKEND": "telephony.backends.mock.MockBackend", "OPTIONS": {}}
# Production on simulated numbers must be said aloud.
ALOHA_ALLOW_MOCK = _flag("ALOHA_ALLOW_MOCK", default=False)

# Keys that carrier requests may be signed with; several while a token is being rotated.
CARRIER_SIGNING_KEYS = [
    key for key in (TWILIO_AUTH_TOKEN, _text("TWILIO_AUTH_TOKEN_SECONDARY")) if key
]
if not TWILIO_ACCOUNT_SID:
    # Mock mode is never open: the simulator signs with a key that only this installation knows.
    CARRIER_SIGNING_KEYS = [hashlib.sha256(f"aloha.webhook.v1:{SECRET_KEY}".encode()).hexdigest()]

# Spoken before every agent call. The words about the AI assistant must stay in it.
CALL_NOTICE = _text(
    "CALL_NOTICE", "You're speaking with an AI assistant. This call may be recorded."
)
CALL_NOTICES = read_notices(_text("CALL_NOTICES"))
MAX_CALL_SECONDS = _whole_number("MAX_CALL_SECONDS", default=600)
# How long calls go on after the server was told to stop, before other processes take them over.
DRAIN_SECONDS = _whole_number("DRAIN_SECONDS", default=2 if DEBUG else 120)

# How often an owner may look for numbers and take one, per hour.
NUMBER_SEARCHES_PER_HOUR = _whole_number("NUMBER_SEARCHES_PER_HOUR", default=30)
NUMBER_PURCHASES_PER_HOUR = _whole_number("NUMBER_PURCHASES_PER_HOUR", default=10)
# US dollars a month; dearer numbers are neither offered nor sold. 0 allows free ones only.
NUMBER_MONTHLY_PRICE_CAP = _whole_number("NUMBER_MONTHLY_PRICE_CAP", default=5)
# Calls that agents hold at once: on one number and in the whole installation. Callers beyond
# that leave their message after a tone.
AGENT_CALLS_PER_NUMBER = _whole_number("AGENT_CALLS_PER_NUMBER", default=3)
AGENT_CALLS_AT_ONCE = _whole_number("AGENT_CALLS_AT_ONCE", default=100)
# Minutes of calls with an agent that an owner has within 24 hours; beyond that as above.
AGENT_MINUTES_PER_DAY = _whole_number("AGENT_MINUTES_PER_DAY", default=240)

# Countries that agents may call, by two letters; unset, the one of the owner's number.
OUTBOUND_COUNTRIES = _text("OUTBOUND_COUNTRIES").upper().replace(",", " ").split()
# The hours in which people are called, by the clock where they are: from 9:00 until 20:00.
OUTBOUND_FIRST_HOUR = _whole_number("OUTBOUND_FIRST_HOUR", default=9)
OUTBOUND_LAST_HOUR = _whole_number("OUTBOUND_LAST_HOUR", default=20)
# Outgoing calls per owner and day, their minutes within 24 hours, and the calls of everybody.
OUTBOUND_CALLS_PER_DAY = _whole_number("OUTBOUND_CALLS_PER_DAY", default=10)
OUTBOUND_MINUTES_PER_DAY = _whole_number("OUTBOUND_MINUTES_PER_DAY", default=30)
OUTBOUND_CALLS_PER_DAY_IN_ALL = _whole_number("OUTBOUND_CALLS_PER_DAY_IN_ALL", default=200)
OUTBOUND_RING_SECONDS = _whole_number("OUTBOUND_RING_SECONDS", default=30)
# What an answering machine gets: a short `message`, `hang_up`, or `talk`, which asks nobody to
# wait until machines are told from people. Any other word is a system check's fault.
OUTBOUND_MACHINE = _text("OUTBOUND_MACHINE", "message")
# Rings owners' phones to test their forwarding, at most so often per hour; unset, their own Aloha
# numbers ring. After so many days of silence on a proven line its owner is asked to test it.
FORWARDING_CHECK_NUMBER = _text("FORWARDING_CHECK_NUMBER")
FORWARDING_CHECKS_PER_HOUR = _whole_number("FORWARDING_CHECKS_PER_HOUR", default=3)
FORWARDING_QUIET_DAYS = _whole_number("FORWARDING_QUIET_DAYS", default=14)
SIMULATED_RING_SECONDS = 6.0  # before something happens
# A static TwiML document elsewhere that takes messages when all of Aloha is away; unset, our own.
VOICE_FALLBACK_URL = _text("VOICE_FALLBACK_URL")
# Where the carrier's requests are kept while the database is away, until a worker replays them;
# web processes and workers must see the same folder.
SPOOL_DIR = Path(_text("SPOOL_DIR") or VAR_DIR / "carrier-spool")
# Tells this installation's numbers from those of others in the same account, by the name they
# carry there; unset, it follows from SECRET_KEY and changes with it.
ALOHA_INSTANCE = _text("ALOHA_INSTANCE")
if ALOHA_INSTANCE and not re.fullmatch(r"[a-z0-9-]{1,20}", ALOHA_INSTANCE):
    raise ImproperlyConfigured(
        f"ALOHA_INSTANCE has up to 20 small letters, digits and hyphens; it is {ALOHA_INSTANCE!r}."
    )

# --- Agent --------------------------------------------------------------------------------------

# With a key callers talk to OpenAI's Realtime or Live API; without one the embedded agent answers.
# The addresses are those of other servers that speak them: a gateway, `manage.py fakerealtime`.
AGENT = agent_settings(
    api_key=_text("OPENAI_API_KEY"),
    base_url=_text("OPENAI_BASE_URL"),
    realtime_url=_text("OPENAI_REALTIME_URL"),
    model=_text("OPENAI_REALTIME_MODEL"),
    transcription_model=_text("OPENAI_TRANSCRIPTION_MODEL"),
    turn_detection=_text("OPENAI_TURN_DETECTION"),
    noise_reduction=_text("OPENAI_NOISE_REDUCTION"),
    agent=_text("OPENAI_AGENT"),
    live_url=_text("OPENAI_LIVE_URL"),
    live_model=_text("OPENAI_LIVE_MODEL"),
    live_task_model=_text("OPENAI_LIVE_TASK_MODEL"),
)

# --- After the call -----------------------------------------------------------------------------

# With it a model writes down what callers said and sums it up; without it spoken messages are only
# heard, and a plain rule takes the caller's first sentences.
OPENAI_API_KEY = _text("OPENAI_API_KEY")
# Another server that speaks OpenAI's HTTP API: a loopback fake, a gateway.
OPENAI_BASE_URL = _text("OPENAI_BASE_URL")
OPENAI_TRANSCRIPTION_MODEL = _text("OPENAI_TRANSCRIPTION_MODEL", "gpt-transcribe")
SUMMARY_MODEL = _text("SUMMARY_MODEL", "gpt-5.6-luna")
SUMMARY_TIMEOUT_SECONDS = 8.0
# How long recordings and words are kept, unless the owner chose otherwise.
AUDIO_RETENTION_DAYS = _whole_number("AUDIO_RETENTION_DAYS", default=90)
TEXT_RETENTION_DAYS = _whole_number("TEXT_RETENTION_DAYS", default=365)

# --- Logs and figures ---------------------------------------------------------------------------

# Whoever sends it as a Bearer token reads /metrics. Unset, nobody does in production, and whoever
# is on this machine in development.
METRICS_TOKEN = _text("METRICS_TOKEN")

LOGGING = logging_settings(level=_text("LOG_LEVEL", "INFO").upper(), is_readable=DEBUG)
