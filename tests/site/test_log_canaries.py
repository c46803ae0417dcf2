"""S3: numbers, tokens, signatures, passwords and words go through everything; no log has them.

Read is what the configured handlers write, at the most talkative level, and every mail to admins.
"""

import asyncio
import contextlib
import json
import re
from datetime import timedelta

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.core import mail
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from telephony.backends.base import NumberAddresses, get_backend
from telephony.models import Call, StreamState, TranscriptLine
from telephony.signatures import public_socket_url, public_url, sign
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from tests.factories import make_call, make_number
from tests.peers.browser_phone import call, closed, jar, phone, session_of, told
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.talkative_agent import WORDS
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, twilio_peer
from tests.site import access_table
from tests.site.canaries import CALLER, FORWARDER, NUMBER, PASSWORD, TOKEN, take_away
from tests.telephony.carrier import FORM, SID, incoming_form, post
from tests.voicemail.checks import make_check
from voicemail import processing
from voicemail.models import Message, Stage

BASE = "/api/twilio/voice/"
# What each of the carrier's addresses reads beside the call, where that may hold a canary.
CARRIER_FORMS = {
    "voice_status": {"CallStatus": "completed", "CallDuration": "1"},
    "voice_stream_status": {
        "StreamEvent": "stream-error",
        "StreamSid": "MZ1",
        "StreamError": WORDS,
    },
    "voice_recording": {"RecordingSid": "RE" + "1" * 32, "TranscriptionText": WORDS},
    "voice_key": {"Digits": "9", "SpeechResult": WORDS},
    "voice_fallback": {"ErrorCode": "11200", "ErrorUrl": f"https://h/?From={CALLER}"},
    "probe_key": {"Digits": "1", "SpeechResult": WORDS},
    "probe_status": {"CallStatus": "completed", "SequenceNumber": "3"},
}
# The first words to a socket.
SAID = [
    WORDS,
    CALLER,
    json.dumps({"type": "call", "script": WORDS}),
    json.dumps({"type": "call", "script": "", "to": CALLER}),
]

pytestmark = pytest.mark.S3


@pytest.fixture
def number(owner):
    return make_number(owner)


def canary_form(to: str, **fields: str) -> dict[str, str]:
    return incoming_form(
        to, From=CALLER, Caller=CALLER, ForwardedFrom=FORWARDER, CallerName=WORDS, **fields
    )


@pytest.mark.parametrize("name", sorted(access_table.CARRIER))
class TestEveryWebhook:
    """Everything the carrier tells us, and everything others tell us in its place."""

    @pytest.fixture
    def path(self, name, number) -> str:
        """About a test of the owner's forwarding or a call of her agent's where it names one."""
        if name.startswith("probe"):
            return reverse(name, kwargs={"call_id": make_check(number).probe_id})
        row = f"?call={make_call(number, direction='outbound').pk}" if name == "voice_key" else ""
        return reverse(name) + row

    @pytest.fixture
    def form(self, name, number) -> dict[str, str]:
        return canary_form(number.phone_number) | CARRIER_FORMS.get(name, {})

    def test_accepted(self, log, number, path, form):
        make_call(number, call_sid=SID[:-1] + "b", from_number=CALLER)
        for sid in (SID, SID[:-1] + "b"):
            assert post(path, form | {"CallSid": sid}).status_code in {200, 204}
        assert log.leaks() == []

    def test_refused(self, log, path, form):
        signature = sign(public_url(path), form)
        log.secrets["signature"] = signature
        query = f"{'&' if '?' in path else '?'}From=%2B{CALLER[1:]}&token={TOKEN[:3]}"
        post(path + query, form, signature=signature)
        post(path, form | {CALLER: WORDS}, signature=signature)
        post(path, form | {"CallSid": CALLER})
        post(path, form | {"From": [CALLER, FORWARDER]})
        Client().get(path + query, headers={"X-Twilio-Signature": signature})
        assert "webhook refused: signature" in log.text
        assert log.leaks() == []

    def test_a_database_without_its_tables(self, log, name, path, form):
        log.secrets["signature"] = signature = sign(public_url(path), form)
        take_away(Call)
        assert post(path, form, signature=signature).status_code in {200, 204}
        assert "webhook answered without its work" in log.text
        is_asked = name != "voice_fallback"  # which never looks at the database
        assert ("Traceback (most recent call last)" in log.text) == is_asked
        assert log.leaks() == []


class TestWebhooks:
    """What only some of the carrier's addresses do."""

    def test_the_path_of_a_stream_asked_for_as_a_page(self, log, db):
        for path in (f"{BASE}stream/{TOKEN}", f"{BASE}stream/{TOKEN}/", f"/x{BASE}stream/{TOKEN}"):
            Client().get(path)
            Client().post(path, "From=" + CALLER, content_type=FORM)
        assert "Not Found" in log.text
        assert log.leaks() == []

    def test_a_recording_without_its_tables_is_thanked_for_and_logged(self, log, number):
        form = canary_form(number.phone_number) | CARRIER_FORMS["voice_recording"]
        take_away(Call)
        assert b"Thank you for calling" in post(BASE + "recording", form).content
        assert "webhook answered without its work" in log.text
        assert log.leaks() == []


class TestSockets:
    """The handshake, whose path holds the token, and what comes through the socket."""

    @pytest.fixture
    def call(self, aloha_url, owner, log) -> Call:
        return make_call(
            make_number(owner),
            from_number=CALLER,
            forwarded_from=FORWARDER,
            stream_token=TOKEN,
            stream_token_expires_at=timezone.now() + timedelta(seconds=60),
            stream_state=StreamState.ISSUED,
        )

    async def test_refused_handshakes(self, log, call):
        url = stream_url(call)
        paths = [f"{BASE}stream/{TOKEN}/", f"{BASE}streams/{TOKEN}?a=1", f"/{TOKEN}", f"/{CALLER}"]
        for other in [url, *map(public_socket_url, paths)]:
            log.secrets["signature"] = signature = sign(url + "x", {})
            with pytest.raises(aiohttp.WSServerHandshakeError):
                async with MediaLine(other, signature=signature):
                    pass
        assert "stream refused: signature" in log.text
        assert "unknown socket refused" in log.text
        assert log.leaks() == []

    async def test_a_stream_with_broken_frames_and_a_stale_token(self, log, call):
        async with MediaLine(stream_url(call)) as line:
            log.secrets["signature"] = line.signature
            await line.start(call.call_sid, customParameters={"a": WORDS, "b": CALLER})
            await line.send({"event": "dtmf", "dtmf": {"digit": WORDS}})
            for text in (WORDS, f'{{"event":"{CALLER}"', f'{{"event":["{WORDS}"]}}', TOKEN):
                await line.socket.send_str(text)
            await line.send({"event": "media", "media": {"payload": WORDS, "timestamp": CALLER}})
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with MediaLine(stream_url(call)):
                pass
        assert "bad frame" in log.text
        assert "stream refused: token" in log.text
        assert log.leaks() == []

    @pytest.mark.parametrize("agent", ["Talkative", "RaisingTalkative"])
    async def test_an_agent_that_hears_words_and_breaks(self, log, call, settings, agent):
        settings.AGENT = {"BACKEND": f"tests.peers.talkative_agent.{agent}Backend", "OPTIONS": {}}
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            assert await line.closed(within_s=5) == 1000
        async with asyncio.timeout(5):
            while "stream closed" not in log.text:  # noqa: ASYNC110  # it is another thread's
                await asyncio.sleep(0.02)
        assert await TranscriptLine.objects.filter(call=call, text=WORDS).aexists()
        assert log.leaks() == []

    async def test_a_simulated_call(self, log, aloha_url, tmp_path):
        call = SimulatedCall(
            base_url=aloha_url,
            caller=WavCaller([]),
            to_number="+14155550177",
            from_number=CALLER,
            forwarded_from=FORWARDER,
            folder=tmp_path,
        )
        async with asyncio.timeout(20):
            await call.run()
        assert "simulated call over" in log.text
        assert "5550177" not in log.text
        assert log.leaks() == []


class TestBrowserSockets:
    """What browsers say to sockets, whoever is logged in."""

    @pytest.fixture
    def number(self, owner, log):
        log.secrets["number"] = NUMBER[-7:]
        return make_number(owner, phone_number=NUMBER)

    @pytest.mark.parametrize("route", sorted(access_table.SOCKETS))
    async def test_anything(self, log, aloha_url, number, owner, support, route):
        path = route.replace("<str:token>", TOKEN)
        address = f"{aloha_url}/{path}?From=%2B{CALLER[1:]}&token={TOKEN}"
        for user in (None, owner, support):
            cookies = {"sessionid": await sync_to_async(session_of)(user)} if user else {}
            log.secrets["session"] = cookies.get("sessionid", TOKEN)
            for words in SAID:
                headers = {"Origin": aloha_url}
                async with aiohttp.ClientSession(cookies=cookies, cookie_jar=jar()) as session:
                    with contextlib.suppress(aiohttp.WSServerHandshakeError):
                        async with session.ws_connect(address, headers=headers) as socket:
                            await socket.send_str(words)
                            assert await closed(socket) in {1000, 1008}
        assert "refused" in log.text
        assert log.leaks() == []

    async def test_a_call(self, log, aloha_url, number, owner):
        async with phone(aloha_url, owner) as socket:
            await call(socket, "")
            await told(socket, "placed")
            for _ in range(25):
                await socket.send_str(WORDS)
            assert await closed(socket) == 1008
        assert "browser phone closed" in log.text
        assert log.leaks() == []


class TestAccounts:
    """Attempts to log in, to sign up and to reset a password."""

    def log_in(self, password: str):
        form = {"login": "owner@example.com", "password": password}
        return Client().post("/accounts/login/", form)

    def test_wrong_and_right_passwords(self, log, owner):
        owner.set_password(PASSWORD)
        owner.save()
        assert self.log_in(PASSWORD + "x").status_code == 200
        assert self.log_in(PASSWORD).status_code == 302
        assert log.leaks() == []

    def test_a_log_in_without_its_table(self, log, owner):
        take_away(type(owner))
        with pytest.raises(DatabaseError):
            self.log_in(PASSWORD)
        assert "Service Unavailable" in log.text
        assert log.leaks() == []

    def test_a_log_in_from_another_site(self, log, owner):
        form = {"login": "owner@example.com", "password": PASSWORD}
        answer = Client(enforce_csrf_checks=True).post("/accounts/login/", form)
        assert answer.status_code == 403
        assert "CSRF" in log.text
        assert log.leaks() == []

    def test_a_link_that_resets_a_password(self, log, owner):
        Client().post("/accounts/password/reset/", {"email": owner.email})
        (link,) = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
        mail.outbox.clear()
        log.secrets["key"] = link.split("/")[5]
        Client().put(link)
        Client().get(link.rstrip("/") + "/more")
        assert "Not Found" in log.text
        assert log.leaks() == []


class TestWork:
    """What happens beside requests."""

    def test_a_message_that_cannot_be_prepared(self, log, number):
        call = make_call(number, from_number=CALLER, status="completed", ended_at=timezone.now())
        Message.objects.create(call=call, stage=Stage.AUDIO_READY)
        take_away(TranscriptLine)
        with contextlib.suppress(DatabaseError):  # PostgreSQL ends the test's transaction
            processing.advance_messages()
        assert "message step failed" in log.text
        assert log.leaks() == []

    def test_a_number_looked_up_bought_and_released_at_the_provider(self, log, settings):
        log.secrets["number"] = NUMBER[-7:]
        with twilio_peer() as account:
            settings.TELEPHONY = {
                "BACKEND": "telephony.backends.twilio.TwilioBackend",
                "OPTIONS": {
                    "account_sid": ACCOUNT_SID,
                    "auth_token": AUTH_TOKEN,
                    "api_base_url": account.base_url,
                },
            }
            backend = get_backend()
            addresses = NumberAddresses(voice_url="https://h/", fallback_url="", status_url="")
            backend.find_offer(NUMBER, country="US")
            bought = backend.purchase_number(NUMBER, tag="aloha:test:1", addresses=addresses)
            backend.release_number(bought.sid)
        assert account.base_url.split("/")[2] in log.text  # urllib3 tells every request
        assert log.leaks() == []
