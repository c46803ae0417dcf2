"""What `manage.py check` says about the line."""

import os
import subprocess
import sys

import pytest

from telephony import checks

TWILIO = {
    "BACKEND": "telephony.backends.twilio.TwilioBackend",
    "OPTIONS": {"account_sid": "AC" + "0" * 32, "auth_token": "token"},
}


def ids(found) -> list[str]:
    return [message.id for message in found]


def test_simulated_numbers_in_production_are_an_error(settings):
    settings.DEBUG = False
    assert ids(checks.check_simulated_numbers()) == ["telephony.E001"]


def test_simulated_numbers_in_production_can_be_allowed(settings):
    settings.DEBUG, settings.ALOHA_ALLOW_MOCK = False, True
    assert checks.check_simulated_numbers() == []


def test_simulated_numbers_are_fine_in_development(settings):
    settings.DEBUG = True
    assert checks.check_simulated_numbers() == []


def test_real_numbers_in_production_are_fine(settings):
    settings.DEBUG, settings.TELEPHONY = False, TWILIO
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"
    assert checks.check_simulated_numbers() + checks.check_backend() == []


def test_an_account_sid_of_the_wrong_shape_is_an_error(settings):
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"
    settings.TELEPHONY = TWILIO | {"OPTIONS": {"account_sid": "AC123", "auth_token": "token"}}
    assert ids(checks.check_backend()) == ["telephony.E002"]


def test_real_numbers_behind_plain_http_are_a_warning(settings):
    settings.PUBLIC_BASE_URL, settings.TELEPHONY = "http://aloha.example.com", TWILIO
    assert ids(checks.check_backend()) == ["telephony.W001"]


@pytest.mark.parametrize("notice", ["This call may be recorded.", "Please wait.", "Hold the line."])
def test_a_call_notice_without_the_ai_is_an_error(settings, notice):
    settings.CALL_NOTICE = notice
    assert ids(checks.check_call_notice()) == ["telephony.E003"]


def test_the_usual_call_notice_passes(settings):
    assert checks.check_call_notice() == []


@pytest.mark.A3
@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
        ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"),
    ],
)
def test_half_a_credential_pair_stops_the_start(given, missing, tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "aloha_site.settings",
        "ALOHA_VAR_DIR": str(tmp_path),
        missing: "",
        given: "half",
    }
    run = subprocess.run(
        [sys.executable, "manage.py", "check"], env=environment, capture_output=True, text=True
    )
    assert run.returncode != 0
    assert f"{missing} is not set" in run.stderr


@pytest.mark.parametrize(
    ("number", "ids"),
    [("", []), ("+14155550100", []), ("4155550100", ["telephony.E004"]), ("x", ["telephony.E004"])],
)
def test_the_number_that_tests_forwarding_is_e164(settings, number, ids):
    settings.FORWARDING_CHECK_NUMBER = number
    assert [message.id for message in checks.check_forwarding_check_number()] == ids
