"""Signatures as the carrier makes them."""

import pytest
from django.http import QueryDict
from twilio.request_validator import RequestValidator

from telephony.signatures import is_authentic, public_socket_url, public_url, sign

URL = "https://aloha.example.com/api/twilio/voice/incoming"
FORM = {"CallSid": "CA1", "From": "+15105550147"}


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.CARRIER_SIGNING_KEYS = ["primary", "secondary"]
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"


def test_the_carriers_own_signature_is_accepted():
    assert is_authentic(URL, FORM, RequestValidator("primary").compute_signature(URL, FORM))


def test_the_other_key_counts_while_tokens_are_rotated():
    assert is_authentic(URL, FORM, sign(URL, FORM, key="secondary"))


def test_the_default_port_may_be_spelt_out():
    spelt = URL.replace("example.com", "example.com:443")
    assert is_authentic(URL, FORM, sign(spelt, FORM))


def test_a_socket_handshake_with_spelt_out_port_is_accepted():
    url = public_socket_url("/api/twilio/voice/stream/x")
    assert url == "wss://aloha.example.com/api/twilio/voice/stream/x"
    assert is_authentic(url, {}, sign(url.replace(".com/", ".com:443/"), {}))


def test_repeated_fields_count():
    form = QueryDict("A=2&A=1&B=")
    assert is_authentic(URL, form, sign(URL, form))
    assert not is_authentic(URL, QueryDict("A=2&B="), sign(URL, form))


def test_without_keys_nothing_is_authentic(settings):
    settings.CARRIER_SIGNING_KEYS = [""]
    assert not is_authentic(URL, FORM, sign(URL, FORM, key="x"))


@pytest.mark.parametrize("signature", ["", "x", "ü", "=" * 10_000, "\udcff"])
def test_nonsense_is_refused_without_raising(signature):
    assert not is_authentic(URL, FORM, signature)


def test_addresses_come_from_the_settings_alone():
    assert public_url("/a?b=c") == "https://aloha.example.com/a?b=c"
