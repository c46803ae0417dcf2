"""Every event of the Live API in both directions, against OpenAI's own types; and what is none."""

import base64
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.backends.live_commands import MAX_COMMENT_CHARS, LiveOptions, append_audio
from agent.backends.live_dialogue import LiveDialogue
from agent.backends.live_events import READ_TYPES, TASK_TYPES, OutputAudio, read_event
from agent.backends.realtime_events import Ignored
from agent.brief import CallType
from agent.errors import RealtimeProtocolError
from agent.fake_live.manner import LiveManner
from agent.fake_live.shape import CHARS_PER_TOKEN, MAX_INSTRUCTION_TOKENS
from agent.fake_live.wire import GARBAGE
from agent.voices import LIVE_VOICES
from tests.agent.live_call import LiveCall
from tests.agent.realtime_call import ANSWER, Call, brief, playbook
from tests.agent.realtime_schema import check_live_client_event, check_live_server_event
from tests.peers.no_base64 import NO_BASE64

DELTA = {"type": "session.output_audio.delta"}
NOTE = '{"reason": "The boiler leaks."}'


def eventful_call(**changes: object) -> LiveCall:
    """A call in which every event that we send or understand comes at least once."""
    script = playbook(
        [ANSWER, Call(name="take_message", arguments=NOTE)],
        [Call(name="end_call")],
        words=["One.", "Two."],
    )
    call = LiveCall(script, **changes)  # type: ignore[arg-type]
    call.pause(9_000)
    call.say()
    call.dialogue.key_pressed("5")
    call.dialogue.caller_silent(1)
    call.pause(9_000)
    call.server.receive('{"type": "session.commentary.append", "event_id": "x"}', 0)
    call.pump()
    call.replace_server()
    call.say()
    call.pause(6_000)
    call.dialogue.wrap_up()
    call.dialogue.hang_up()
    call.pump()
    return call


SENT = {
    "session.start",
    "session.input_audio.append",
    "session.commentary.append",
    "response.item.create",
    "response.create",
    "session.close",
}


@pytest.mark.M3
@pytest.mark.parametrize("changes", [{}, {"outbound": True}, {"call_type": CallType.VOICEMAIL}])
def test_every_event_sent_is_one_of_the_api_without_a_field_too_many(changes):
    call = eventful_call(**changes)
    assert {frame["type"] for frame in call.frames} == SENT
    for frame in call.frames:
        check_live_client_event(frame)


def test_every_event_of_the_stand_in_is_one_of_the_api_without_a_field_too_many():
    call = eventful_call()
    kinds = {event["type"] for event in call.received}
    assert kinds >= READ_TYPES
    tasks = {event["event"]["type"] for event in call.received if "event" in event}
    assert tasks >= TASK_TYPES - {"response.failed", "response.incomplete"}
    for event in call.received:
        check_live_server_event(event)


def test_unknown_events_are_passed_over():
    call = LiveCall(manner=LiveManner(sends_unknown_events=True))
    call.pause(9_000)
    assert len(call.said) == 1
    assert call.unreadable == 0


@pytest.mark.parametrize("frame", GARBAGE)
def test_what_is_malformed_is_no_event(frame):
    with pytest.raises(RealtimeProtocolError):
        read_event(frame.text)


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "session.info", "code": 1}',
        '{"type": "response.event", "event": {"type": "response.output_text.delta", "item": 5}}',
    ],
)
def test_what_is_not_known_is_ignored_whatever_it_holds(text):
    assert isinstance(read_event(text), Ignored)


@given(st.binary(min_size=1, max_size=4_000))
def test_audio_of_any_bytes_is_passed_on_as_it_came(audio):
    payload = base64.b64encode(audio).decode()
    frame = json.loads(append_audio(audio))
    assert frame == {"type": "session.input_audio.append", "audio": payload}
    event = read_event(json.dumps(DELTA | {"delta": payload, "new": 1}))
    assert event == OutputAudio(delta=audio)


@pytest.mark.parametrize("payload", NO_BASE64)
def test_what_is_no_base64_is_no_event(payload):
    with pytest.raises(RealtimeProtocolError):
        read_event(json.dumps(DELTA | {"delta": payload}))


def test_the_voices_are_those_of_the_api():
    from openai.types.live.built_in_voice import BuiltInVoice  # a second for whoever only collects

    assert {each.name for each in LIVE_VOICES} == set(get_args(BuiltInVoice))


def test_the_longest_instructions_and_comments_fit():
    longest = brief(
        agent_name="x" * 40,
        owner_name="x" * 150,
        greeting="x" * 300,
        about="x" * 4_000,
        campaign_purpose="x" * 1_000,
        outbound=True,
        said_before=(("Caller", "x" * 20_000),),
    )
    dialogue = LiveDialogue(longest, options=LiveOptions(), voice="marin")
    dialogue.start()
    dialogue.begin()
    dialogue.caller_silent(1)
    dialogue.wrap_up()
    start, *comments = map(json.loads, dialogue.outbox.take_frames())
    told = start["session"]["instructions"]
    assert len(told) < MAX_INSTRUCTION_TOKENS * CHARS_PER_TOKEN / 2
    assert len(comments) == 3
    assert all(len(each["content"]) < MAX_COMMENT_CHARS / 2 for each in comments)
