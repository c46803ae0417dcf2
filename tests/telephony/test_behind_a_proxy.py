"""W2: what the carrier really sends gets through, also behind a proxy that ends TLS."""

import asyncio
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from django.utils.http import urlencode

from agent.speech import prompts
from telephony.models import Call, StreamState
from telephony.signatures import sign
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from tests.factories import make_call, make_number
from tests.peers.certificate import make_certificate
from tests.peers.tls_proxy import tls_proxy
from tests.telephony.carrier import FORM, incoming_form

PUBLIC = "https://aloha.example.com"
INCOMING = "/api/twilio/voice/incoming"
UPSTREAM = "aloha-web:8000"
WITHHELD = [
    "",
    "anonymous",
    "Anonymous",
    "Restricted",
    "RESTRICTED",
    "Unknown",
    "Unavailable",
    "Private",
    "Blocked",
    "+266696687",
    "+86282452253",
    "+8656696",
    "+2562533",
    "+7378742833",
]

pytestmark = pytest.mark.W2


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def public(settings):
    """An installation as in production: its public address is all it answers to."""
    settings.PUBLIC_BASE_URL = PUBLIC
    settings.ALLOWED_HOSTS = ["aloha.example.com"]
    settings.DEBUG = False


def forwarded(form, *, signed_as: str = PUBLIC + INCOMING, **headers: str):
    """A request over plain http as a proxy passes it on; the carrier signed its https address."""
    body = urlencode(form, doseq=True)
    as_forwarded = {
        "Host": "aloha.example.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "aloha.example.com",
        "X-Forwarded-Port": "443",
        "X-Forwarded-For": "54.172.60.1",
        "X-Twilio-Signature": sign(signed_as, QueryDict(body)),
    }
    return Client().post(INCOMING, body, content_type=FORM, headers=as_forwarded | headers)


@pytest.mark.usefixtures("public")
class TestWebhooks:
    """Webhooks that come through a proxy."""

    @pytest.mark.parametrize("origin", [PUBLIC, f"{PUBLIC}:443"])
    def test_the_default_port_may_be_signed_or_not(self, number, origin):
        form = incoming_form(number.phone_number)
        answer = forwarded(form, signed_as=origin + INCOMING)
        assert answer.status_code == 200
        assert f"wss://{PUBLIC.removeprefix('https://')}/api/twilio/voice/stream/" in (
            answer.content.decode()
        )

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"X-Forwarded-Proto": "http"}, id="another scheme"),
            pytest.param({"X-Forwarded-Host": "attacker.example"}, id="another host"),
            pytest.param({"X-Forwarded-Port": "8443"}, id="another port"),
            pytest.param({"Forwarded": "proto=http;host=attacker.example"}, id="RFC 7239"),
            pytest.param({"Host": "aloha.example.com:443"}, id="a port in Host"),
        ],
    )
    def test_what_a_proxy_says_about_the_address_changes_nothing(self, number, headers):
        assert forwarded(incoming_form(number.phone_number), **headers).status_code == 200

    def test_a_signature_over_the_forwarded_address_is_refused(self, number):
        form = incoming_form(number.phone_number)
        signed_as = f"https://attacker.example{INCOMING}"
        answer = forwarded(form, signed_as=signed_as, **{"X-Forwarded-Host": "attacker.example"})
        assert answer.status_code == 403

    def test_a_proxy_that_names_the_upstream_needs_it_among_the_allowed_hosts(
        self, number, settings
    ):
        form = incoming_form(number.phone_number)
        assert forwarded(form, Host=UPSTREAM).status_code == 400
        settings.ALLOWED_HOSTS = ["aloha.example.com", "aloha-web"]
        assert forwarded(form, Host=UPSTREAM).status_code == 200

    def test_a_public_address_with_a_port_of_its_own_is_signed_with_it(self, number, settings):
        settings.PUBLIC_BASE_URL = f"{PUBLIC}:8443"
        form = incoming_form(number.phone_number)
        assert forwarded(form, signed_as=f"{PUBLIC}:8443{INCOMING}").status_code == 200
        assert forwarded(form, signed_as=f"{PUBLIC}{INCOMING}").status_code == 403

    @pytest.mark.parametrize(
        "extra",
        [
            pytest.param({"SomethingNew": "1"}, id="one"),
            pytest.param({"SomethingNew": ["2", "1", "1"]}, id="repeated"),
            pytest.param({"SomethingNew": ""}, id="blank"),
            pytest.param({"Ünïcode": "Grüße 你好 \U0001f4de"}, id="not ASCII"),
            pytest.param({"StirVerstat": "TN-Validation-Passed-A-Diverted"}, id="attestation"),
            pytest.param({"CallToken": '{"parentCallInfoToken":"a+b/c="}'}, id="call token"),
            pytest.param({f"SipHeader_X-{number}": "x" for number in range(100)}, id="a hundred"),
        ],
    )
    def test_fields_we_do_not_know_are_welcome(self, number, extra):
        answer = forwarded(incoming_form(number.phone_number) | extra)
        assert answer.status_code == 200
        assert Call.objects.count() == 1

    @pytest.mark.parametrize("caller", WITHHELD)
    def test_a_withheld_caller_is_answered_like_any_other(self, number, caller):
        form = incoming_form(number.phone_number, From=caller, Caller=caller)
        answer = forwarded(form)
        assert b"<Connect" in answer.content
        assert Call.objects.get().caller_withheld

    @pytest.mark.parametrize("caller", ["client:bob", "sip:alice@example.com", "12345", "5550147"])
    def test_a_caller_without_a_number_of_the_usual_form_is_answered(self, number, caller):
        answer = forwarded(incoming_form(number.phone_number, From=caller, Caller=caller))
        assert b"<Connect" in answer.content
        assert not Call.objects.get().caller_withheld


@dataclass(frozen=True)
class Proxied:
    """Aloha behind a proxy: the carrier's address of it, and whom the carrier must trust."""

    url: str
    trust: ssl.SSLContext


@pytest.fixture
def proxied(aloha_url, settings, tmp_path) -> Iterator[Proxied]:
    """The real server behind a real proxy that ends TLS and names its upstream in Host."""
    server_tls, client_tls = make_certificate(tmp_path)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "aloha-web"]
    with tls_proxy(aloha_url, host=UPSTREAM, server_tls=server_tls) as port:
        settings.PUBLIC_BASE_URL = f"https://127.0.0.1:{port}"
        yield Proxied(settings.PUBLIC_BASE_URL, client_tls)


async def test_a_call_through_a_tls_proxy_reaches_the_agent(proxied, number, tmp_path):
    call = SimulatedCall(
        base_url=proxied.url,
        caller=WavCaller([], hang_up_at_ms=10_000),
        to_number=number.phone_number,
        from_number="+15105550147",
        folder=tmp_path,
        trust=proxied.trust,
    )
    async with asyncio.timeout(30):
        result = await call.run()
    assert result.warnings == ()
    assert result.answered_by is AnsweredBy.AGENT
    assert prompts.load("greeting_live") in result.heard
    row = await Call.objects.aget(call_sid=result.call_sid)
    assert (row.status, row.agent_outcome) == ("completed", "caller_left")


@pytest.fixture
def stream_path(number) -> str:
    """The path of a media socket that waits to be opened."""
    call = make_call(
        number,
        stream_token=secrets.token_urlsafe(32),
        stream_token_expires_at=timezone.now() + timedelta(seconds=60),
        stream_state=StreamState.ISSUED,
    )
    return f"/api/twilio/voice/stream/{call.stream_token}"


async def handshake(aloha_url: str, path: str, signed_as: str) -> int:
    """Open the socket as a proxy does; the status of the answer."""
    headers = {
        "Host": UPSTREAM,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "aloha.example.com",
        "X-Twilio-Signature": sign(signed_as, {}),
    }
    async with aiohttp.ClientSession() as session:
        try:
            socket = await session.ws_connect(aloha_url + path, headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            return error.status
        await socket.close()
        return 101


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param("wss://aloha.example.com", 101, id="as in TwiML"),
        pytest.param("wss://aloha.example.com:443", 101, id="with the default port"),
        pytest.param("ws://aloha.example.com", 403, id="without TLS"),
        pytest.param("https://aloha.example.com", 403, id="as a page"),
        pytest.param("wss://aloha-web:8000", 403, id="as the upstream"),
        pytest.param("wss://aloha.example.com:80", 403, id="another port"),
    ],
)
async def test_the_socket_opens_for_the_public_address_alone(
    aloha_url, settings, stream_path, origin, status
):
    settings.PUBLIC_BASE_URL = PUBLIC
    assert await handshake(aloha_url, stream_path, origin + stream_path) == status
