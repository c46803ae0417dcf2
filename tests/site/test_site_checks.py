"""Every wrong set-up is refused or told by its id, and right ones pass in silence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from aloha_site.checks import check_site

ROOT = Path(__file__).parents[2]
REAL = {
    "BACKEND": "telephony.backends.twilio.TwilioBackend",
    "OPTIONS": {"account_sid": "AC" + "0" * 32, "auth_token": "token"},
}
SOUND = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "PUBLIC_BASE_URL": "https://aloha.example.com",
    "ALLOWED_HOSTS": ["aloha.example.com"],
    "ALOHA_ALLOW_SQLITE": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "DEFAULT_FROM_EMAIL": "Aloha <aloha@example.com>",
    "METRICS_TOKEN": "t" * 20,
    "VOICE_FALLBACK_URL": "https://static.example.net/voicemail.xml",
    "ALOHA_INSTANCE": "main",
    "TELEPHONY": REAL,
    "WHITENOISE_USE_FINDERS": False,
    "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
}
OTHER_POOLING = {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3", "CONN_MAX_AGE": 0}}
WRONG = [
    ("site.E001", {"ALLOWED_HOSTS": ["other.example.com"]}),
    ("site.E002", {"DATABASES": OTHER_POOLING}),
    ("site.E003", {"SECRET_KEY": "k" * 49}),
    ("site.E004", {"DATABASES": SQLITE, "ALOHA_ALLOW_SQLITE": False}),
    ("site.E005", {"PUBLIC_BASE_URL": "https://10.0.0.5", "ALLOWED_HOSTS": ["10.0.0.5"]}),
    ("site.E006", {"VOICE_FALLBACK_URL": "http://static.example.net/voicemail.xml"}),
    ("site.E007", {"REDIS_URL": "http://redis:6379"}),
    ("site.W001", {"DEBUG": True}),
    ("site.W002", {"METRICS_TOKEN": "guess-me"}),
    ("site.W003", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
    ("site.W004", {"DEFAULT_FROM_EMAIL": "Aloha <aloha@localhost>"}),
    ("site.W006", {"VOICE_FALLBACK_URL": ""}),
    ("site.W007", {"VOICE_FALLBACK_URL": "https://aloha.example.com/fallback.xml"}),
    ("site.W008", {"ALOHA_INSTANCE": ""}),
    ("site.W009", {"STATIC_ROOT": ROOT / "nothing-was-collected"}),
    ("site.W010", {"ALLAUTH_TRUSTED_PROXY_COUNT": 0}),
]

pytestmark = pytest.mark.A3


@pytest.fixture
def sound(settings, tmp_path):
    for name, value in SOUND.items():
        setattr(settings, name, value)
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "css").mkdir()
    return settings


def ids() -> list[str]:
    return [message.id for message in check_site()]


def test_a_sound_installation_passes(sound):
    assert ids() == []


@pytest.mark.parametrize(("expected", "changes"), WRONG, ids=[each[0] for each in WRONG])
def test_one_wrong_setting_is_told_by_its_id(sound, expected, changes, monkeypatch):
    with monkeypatch.context() as patch:
        for name, value in changes.items():
            # Without Django's signal of a change, which warns about databases: nobody opens these.
            patch.setattr(django_settings, name, value)
        assert ids() == [expected]


def test_a_redis_that_nothing_here_speaks_to_is_told(sound, monkeypatch):
    sound.REDIS_URL = "redis://redis:6379/0"
    assert ids() == []
    monkeypatch.setitem(sys.modules, "channels_redis", None)  # as where it is not installed
    assert ids() == ["site.E008"]


def test_plain_http_in_production_is_told_twice_over_with_real_numbers(sound):
    sound.PUBLIC_BASE_URL = "http://aloha.example.com"
    assert ids() == ["site.W005", "site.E005"]


def test_in_development_nothing_of_production_is_asked_for(sound):
    sound.DEBUG, sound.SECRET_KEY, sound.METRICS_TOKEN = True, "short", ""
    sound.PUBLIC_BASE_URL, sound.ALLOWED_HOSTS = "http://127.0.0.1:8000", ["127.0.0.1"]
    sound.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert ids() == []


# --- As an operator starts it ---

PRODUCTION = {
    "DEBUG": "",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "PUBLIC_BASE_URL": "https://aloha.example.com",
    "DATABASE_URL": "postgres://aloha:secret@database/aloha",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "OPENAI_API_KEY": "key",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "Aloha <aloha@example.com>",
    "VOICE_FALLBACK_URL": "https://static.example.net/voicemail.xml",
    "ALOHA_INSTANCE": "main",
    "METRICS_TOKEN": "0123456789abcdefghij",
    "TRUSTED_PROXY_COUNT": "1",
}


def checked(tmp_path, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    (tmp_path / "staticfiles" / "css").mkdir(parents=True)
    module = "tests.peers.collected_settings"
    settings = {"DJANGO_SETTINGS_MODULE": module, "ALOHA_VAR_DIR": str(tmp_path)}
    environment = os.environ | PRODUCTION | settings | changes
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_production_settings_pass_every_check_of_a_deployment(tmp_path):
    done = checked(tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("TWILIO_AUTH_TOKEN", ""), ("PUBLIC_BASE_URL", ""), ("SECRET_KEY", "")],
)
def test_what_is_missing_is_refused_by_name(tmp_path, name, value):
    done = checked(tmp_path, **{name: value})
    assert done.returncode != 0
    assert done.stderr.startswith(f"ImproperlyConfigured: {name}")
    assert "Traceback" not in done.stderr


def test_simulated_numbers_in_production_are_refused(tmp_path):
    done = checked(tmp_path, TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="")
    assert done.returncode != 0
    assert "telephony.E001" in done.stderr
