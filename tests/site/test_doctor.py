"""What the doctor says."""

import io
import os

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection
from django.db.migrations.recorder import MigrationRecorder

from tests.peers.redis import private_redis


def told() -> str:
    out = io.StringIO()
    call_command("doctor", stdout=out)
    return out.getvalue()


def test_without_credentials_the_doctor_says_that_numbers_are_simulated(db):
    assert "numbers are simulated" in told()


def test_the_doctor_says_what_the_embedded_agent_cannot_do(db):
    assert "not written down" in told()


def test_the_doctor_shows_the_addresses_the_carrier_calls(db, settings):
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"
    for step in ("incoming", "fallback", "status"):
        assert f"https://aloha.example.com/api/twilio/voice/{step}" in told()


def test_the_doctor_shows_a_fallback_elsewhere(db, settings):
    settings.VOICE_FALLBACK_URL = "https://static.example.com/voicemail.xml"
    assert "https://static.example.com/voicemail.xml" in told()
    assert "/api/twilio/voice/fallback" not in told()


def test_a_spool_that_cannot_be_written_is_a_fault(db, settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("no folder")
    with pytest.raises(CommandError, match="Spool"):
        told()


def test_real_numbers_behind_an_address_without_tls_are_a_fault(db, settings):
    settings.TELEPHONY = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {"account_sid": "AC" + "0" * 32, "auth_token": "secret-token"},
    }
    out = io.StringIO()
    with pytest.raises(CommandError, match="Public address"):
        call_command("doctor", stdout=out)
    assert "PUBLIC_BASE_URL must begin with https://" in out.getvalue()
    assert "secret-token" not in out.getvalue()


def test_the_doctor_says_whether_redis_answers(db, settings, tmp_path):
    assert "live views look up" in told()
    with private_redis(tmp_path) as redis:
        settings.REDIS_URL = redis.url
        assert "answers, for live views" in told()
    with pytest.raises(CommandError, match="Redis"):
        told()


@pytest.mark.A3
def test_the_doctor_says_when_style_and_scripts_were_not_collected(db, settings, tmp_path):
    assert "+ Style and scripts:    served from their sources." in told()
    settings.WHITENOISE_USE_FINDERS, settings.STATIC_ROOT = False, tmp_path / "static"
    with pytest.raises(CommandError, match="Style and scripts"):
        told()
    call_command("collectstatic", interactive=False, verbosity=0)
    assert f"+ Style and scripts:    collected in {tmp_path}" in told()
    os.utime(tmp_path / "static" / "css" / "tokens.css", (0, 0))  # as of an older version
    out = io.StringIO()
    with pytest.raises(CommandError, match="Style and scripts"):
        call_command("doctor", stdout=out)
    assert "1 file(s) are missing" in out.getvalue()


def test_what_only_tests_use_is_told_in_development_alone(db, settings):
    assert "./dev test" not in told()
    settings.DEBUG = True
    assert "./dev test" in told()


def test_tables_that_are_not_made_yet_are_a_fault(db):
    MigrationRecorder.Migration.objects.filter(app="voicemail").order_by("name").last().delete()
    with pytest.raises(CommandError, match="Database"):
        told()


@pytest.mark.parametrize("reason", ["permission denied for table django_migrations", ""])
def test_a_database_that_refuses_is_not_to_be_migrated(db, reason):
    def refuse(*_):
        raise ProgrammingError(reason)

    out = io.StringIO()
    with connection.execute_wrapper(refuse), pytest.raises(CommandError, match="Database"):
        call_command("doctor", stdout=out)
    assert f"cannot be used: {reason or 'ProgrammingError'}" in out.getvalue()
    assert "migrate" not in out.getvalue()
