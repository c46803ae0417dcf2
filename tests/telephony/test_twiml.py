"""Every document we send, read by the simulator's strict interpreter."""

from pathlib import Path

import pytest

from telephony import twiml
from telephony.call_notice import CallNotice
from telephony.simulator.twiml import parse
from telephony.simulator.verbs import Connect, Hangup, Record, Reject, Say

pytestmark = pytest.mark.W6

DOCS = Path(__file__).parents[2] / "docs"
RECORDING = "https://aloha.example.com/api/twilio/voice/recording"


def agent_document(notice: str = "Hello.") -> str:
    return twiml.agent_answers(
        notice=CallNotice(notice),
        stream_url="wss://aloha.example.com/api/twilio/voice/stream/token",
        after_url="https://aloha.example.com/api/twilio/voice/after-stream",
        stream_status_url="https://aloha.example.com/api/twilio/voice/stream-status",
        call_type="voicemail",
    )


def test_an_agent_call_connects_and_says_where_to_go_on_if_the_agent_fails():
    notice, connect = parse(agent_document().encode())
    assert isinstance(notice, Say)
    assert isinstance(connect, Connect)
    assert connect.action == "https://aloha.example.com/api/twilio/voice/after-stream"
    assert connect.stream.url == "wss://aloha.example.com/api/twilio/voice/stream/token"
    assert dict(connect.stream.parameters) == {"callType": "voicemail"}


@pytest.mark.parametrize("notice", ["Tom & Jerry <b>", 'say "no"', "naïve ☎", "]]>", "&amp;"])
def test_what_is_said_arrives_as_it_was_written(notice):
    said = parse(agent_document(notice).encode())[0]
    assert said.text == notice


@pytest.mark.parametrize("apology", [True, False])
def test_classic_voicemail_records_and_answers_the_silent_caller(apology):
    document = twiml.classic_voicemail(recording_url=RECORDING, apology=apology)
    verbs = parse(document.encode())
    record = next(verb for verb in verbs if isinstance(verb, Record))
    assert record.action == record.status_callback == RECORDING
    assert record.max_length_s == twiml.MAX_MESSAGE_SECONDS
    assert verbs[-2:] == (Say(text=twiml.NO_MESSAGE), Hangup())
    assert (verbs[0] == Say(text=twiml.APOLOGY)) == apology


@pytest.mark.parametrize(
    ("document", "verbs"),
    [
        (twiml.not_in_service(), (Say(text=twiml.NOT_IN_SERVICE), Hangup())),
        (twiml.message_taken(), (Say(text=twiml.MESSAGE_TAKEN), Hangup())),
        (twiml.hang_up(), (Hangup(),)),
        (twiml.reject(), (Reject(reason="rejected"),)),
    ],
)
def test_short_answers_are_what_they_say(document, verbs):
    assert parse(document.encode()) == verbs


@pytest.mark.parametrize("name", ["voice-fallback", "voice-fallback-thanks"])
def test_the_static_documents_for_a_fallback_elsewhere_are_valid(name):
    verbs = parse((DOCS / f"{name}.xml").read_bytes())
    assert isinstance(verbs[-1], Hangup)


def test_the_static_fallback_takes_a_message_and_does_not_begin_again():
    [record] = [
        verb
        for verb in parse((DOCS / "voice-fallback.xml").read_bytes())
        if isinstance(verb, Record)
    ]
    assert record.max_length_s == twiml.MAX_MESSAGE_SECONDS
    assert record.action.endswith("/voice-fallback-thanks.xml")


def test_an_apology_alone_hangs_up():
    sorry, over = parse(twiml.sorry().encode())
    assert isinstance(sorry, Say)
    assert isinstance(over, Hangup)
