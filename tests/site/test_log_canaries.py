"""S3: numbers, tokens, signatures, passwords and words go through everything; no log has them.

Read is what the configured handlers write, at the most talkative level, and every mail to admins.
"""

import asyncio
import contextlib
import importlib
import io
import logging
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from telephony.backends.base import NumberAddresses, get_backend
from telephony.models import Call, StreamState, TranscriptLine
from telephony.signatures import public_socket_url, public_url, sign
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from tests.factories import make_call, make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.talkative_agent import WORDS
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, twilio_peer
from tests.telephony.carrier import FORM, SID, incoming_form, post
from voicemail import processing
from voicemail.models import Message, Stage

CALLER = "+15105550163"
FORWARDER = "+442079460957"
NUMBER = "+14155550123"
PASSWORD = "canary-Bird-9-sings"
TOKEN = secrets.token_urlsafe(32)
BASE = "/api/twilio/voice/"
CARRIER_FORMS = {
    "incoming": {},
    "after-stream": {},
    "status": {"CallStatus": "completed", "CallDuration": "1"},
    "stream-status": {"StreamEvent": "stream-error", "StreamSid": "MZ1", "StreamError": WORDS},
    "recording": {"RecordingSid": "RE" + "1" * 32, "TranscriptionText": WORDS},
    "fallback": {"ErrorCode": "11200", "ErrorUrl": f"https://h/?From={CALLER}"},
}

pytestmark = pytest.mark.S3


class Log:
    """What was written. `leaks` names every canary found in it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.secrets = {
            "caller": CALLER[-7:],
            "forwarder": FORWARDER[-7:],
            "password": PASSWORD,
            "token": TOKEN,
            "words": "xylophone",
            "auth token": AUTH_TOKEN,
        }

    @property
    def text(self) -> str:
        mails = [f"{message.subject}\n{message.body}" for message in mail.outbox]
        return "\n".join([self.stream.getvalue(), *mails])

    def leaks(self) -> list[str]:
        return [
            f"{name}: {line}"
            for line in self.text.splitlines()
            for name, secret in self.secrets.items()
            if secret in line
        ]


@pytest.fixture
def log(settings) -> Iterator[Log]:
    settings.ADMINS = [("Operator", "operator@example.com")]
    importlib.import_module("aloha_site.asgi")  # the first import configures the logs once more
    log, root = Log(), logging.getLogger()
    named = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    # The test runner's own handlers are of other classes.
    handlers = {
        handler
        for logger in [root, *named]
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler
    }
    before = {handler: handler.setStream(log.stream) for handler in handlers}
    level = root.level
    root.setLevel(logging.DEBUG)
    yield log
    root.setLevel(level)
    for handler, stream in before.items():
        handler.setStream(stream)


@pytest.fixture
def number(owner):
    return make_number(owner)


def take_away(model: type[Model]) -> None:
    """Rename the model's table, as in a database never migrated; the test's rollback undoes it."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")


def canary_form(to: str, **fields: str) -> dict[str, str]:
    return incoming_form(
        to, From=CALLER, Caller=CALLER, ForwardedFrom=FORWARDER, CallerName=WORDS, **fields
    )


class TestWebhooks:
    """Everything the carrier tells us, and everything others tell us in its place."""

    @pytest.mark.parametrize("name", CARRIER_FORMS)
    def test_accepted(self, log, number, name):
        make_call(number, call_sid=SID[:-1] + "b", from_number=CALLER)
        for sid in (SID, SID[:-1] + "b"):
            form = canary_form(number.phone_number, CallSid=sid) | CARRIER_FORMS[name]
            assert post(BASE + name, form).status_code in {200, 204}
        assert log.leaks() == []

    @pytest.mark.parametrize("name", CARRIER_FORMS)
    def test_refused(self, log, number, name):
        form = canary_form(number.phone_number) | CARRIER_FORMS[name]
        signature = sign(public_url(BASE + name), form)
        log.secrets["signature"] = signature
        query = f"?From=%2B{CALLER[1:]}&token={TOKEN[:3]}"
        post(BASE + name + query, form, signature=signature)
        post(BASE + name, form | {CALLER: WORDS}, signature=signature)
        post(BASE + name, form | {"CallSid": CALLER})
        post(BASE + name, form | {"From": [CALLER, FORWARDER]})
        Client().get(BASE + name + query, headers={"X-Twilio-Signature": signature})
        assert "webhook refused: signature" in log.text
        assert log.leaks() == []

    def test_the_path_of_a_stream_asked_for_as_a_page(self, log, db):
        for path in (f"{BASE}stream/{TOKEN}", f"{BASE}stream/{TOKEN}/", f"/x{BASE}stream/{TOKEN}"):
            Client().get(path)
            Client().post(path, "From=" + CALLER, content_type=FORM)
        assert "Not Found" in log.text
        assert log.leaks() == []

    def test_a_recording_without_its_tables_is_thanked_for_and_logged(self, log, number):
        form = canary_form(number.phone_number) | CARRIER_FORMS["recording"]
        log.secrets["signature"] = sign(public_url(BASE + "recording"), form)
        take_away(Call)
        assert b"Thank you for calling" in post(BASE + "recording", form).content
        assert "webhook answered without its work" in log.text
        assert log.leaks() == []

    @pytest.mark.parametrize("name", ["incoming", "after-stream", "status"])
    def test_a_database_without_its_tables(self, log, number, name):
        form = canary_form(number.phone_number) | CARRIER_FORMS[name]
        log.secrets["signature"] = signature = sign(public_url(BASE + name), form)
        take_away(Call)
        assert post(BASE + name, form, signature=signature).status_code in {200, 204}
        assert "webhook answered without its work" in log.text
        assert "Traceback (most recent call last)" in log.text
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
        # SQLite calls a missing table an outage, PostgreSQL a fault.
        told = (
            "Internal Server Error" if connection.vendor == "postgresql" else "Service Unavailable"
        )
        assert told in log.text
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
