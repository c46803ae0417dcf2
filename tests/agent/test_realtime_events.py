"""Every event in both directions, against OpenAI's own types; and what is no event."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.backends import realtime_commands as commands
from agent.backends.realtime_commands import SessionOptions, TurnDetection
from agent.backends.realtime_events import READ_TYPES, AudioDelta, Ignored, read_event
from agent.errors import RealtimeProtocolError
from agent.fake_realtime.manner import Manner
from agent.session import Heard, Utterance
from tests.agent.realtime_call import ANSWER, Call, Fail, RealtimeCall, playbook
from tests.agent.realtime_schema import check_client_event, check_server_event
from tests.peers.no_base64 import NO_BASE64

NOTE = '{"reason": "The boiler leaks."}'


def eventful_call(**options: object) -> RealtimeCall:
    """A call in which every event that we send or understand comes at least once."""
    script = playbook(
        [ANSWER, Call(name="take_message", arguments=NOTE)],
        [Fail(code="server_error")],
        [ANSWER, ANSWER],
        [Call(name="end_call")],
        words=["One.", None, "Three.", "Four."],
    )
    call = RealtimeCall(script, options=SessionOptions(**options))  # type: ignore[arg-type]
    call.say()
    call.speak()
    call.pause()
    call.wait(1_000)
    call.speak()
    call.pause()
    call.wait(800)
    last = call.of(Utterance)[-1].utterance_id
    call.dialogue.interrupted([Heard(utterance_id=last, heard_ms=1)])
    call.dialogue.key_pressed("5")
    call.dialogue.caller_silent(1)
    call.pause(5_000)
    call.speak()
    call.dialogue.hang_up()
    call.pump()
    call.dialogue.resume(held_ms=0)
    call.pump()
    call.wait(3_000)
    call.to_server(commands.cancel_response("late", "resp_1"))
    call.dialogue.wrap_up()
    call.pump()
    call.wait(5_000)
    return call


SENT = {
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "conversation.item.create",
    "conversation.item.truncate",
    "response.create",
    "response.cancel",
}


@pytest.mark.M3
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="usual"),
        pytest.param({"turn_detection": TurnDetection.SEMANTIC_VAD}, id="semantic_vad"),
        pytest.param({"noise_reduction": "none"}, id="no noise reduction"),
        pytest.param({"model": "gpt-realtime-1.5"}, id="no reasoning"),
    ],
)
def test_every_event_sent_is_one_of_the_api_without_a_field_too_many(options):
    call = eventful_call(**options)
    assert {frame["type"] for frame in call.frames} >= SENT
    for frame in call.frames:
        check_client_event(frame)


@pytest.mark.M3
def test_an_item_is_deleted_with_an_event_of_the_api():
    check_client_event(json.loads(commands.delete_item("e", "item_1")))


@pytest.mark.M3
def test_every_event_of_the_stand_in_is_one_of_the_api_without_a_field_too_many():
    call = eventful_call()
    kinds = {event["type"] for event in call.received}
    assert kinds >= READ_TYPES - {"input_audio_buffer.timeout_triggered"}
    for event in call.received:
        check_server_event(event)


@pytest.mark.M3
def test_the_judge_finds_a_field_that_the_types_would_let_pass():
    session = {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcmu"}}}}
    check_client_event({"type": "session.update", "session": session})
    session["audio"]["input"]["format"]["rate"] = 8000
    with pytest.raises(AssertionError, match="rate"):
        check_client_event({"type": "session.update", "session": session})


@pytest.mark.M3
def test_the_configuration_is_a_telephones_and_leaves_nothing_to_the_server():
    session = RealtimeCall().sent("session.update")[0]["session"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["input"]["transcription"] == {
        "model": "gpt-transcribe",
        "language": "en",
    }
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
    assert session["tracing"] is None
    assert "prompt" not in session
    assert "model" not in session


def delta_of(payload: str) -> dict[str, str]:
    kind = "response.output_audio.delta"
    return {"type": kind, "response_id": "r", "item_id": "i", "delta": payload}


@given(st.binary(min_size=1, max_size=4_000))
def test_audio_of_any_bytes_is_passed_on_as_it_came(audio):
    payload = base64.b64encode(audio).decode()
    frame = json.loads(commands.append_audio(audio))
    assert frame == {"type": "input_audio_buffer.append", "audio": payload}
    event = read_event(json.dumps(delta_of(payload)))
    assert isinstance(event, AudioDelta)
    assert event.delta == audio


@pytest.mark.parametrize("kind", ["response.surprise", "response.text.delta", "x" * 10_000])
def test_an_event_that_is_not_known_is_ignored(kind):
    assert read_event(json.dumps({"type": kind, "more": [1]})) == Ignored(type=kind)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="half an object"),
        pytest.param("[]", id="a list"),
        pytest.param('{"kind": "error"}', id="no type"),
        pytest.param('{"type": 5}', id="a number for a type"),
        pytest.param('{"type": "error"}', id="an error without an error"),
        pytest.param('{"type": "response.done", "response": {"id": 7}}', id="a wrong id"),
        pytest.param('{"type": "\ud800"}', id="half a sign"),
        pytest.param("[" * 100_000, id="deeply nested"),
    ],
)
def test_what_is_no_event_is_an_error_of_ours(text):
    with pytest.raises(RealtimeProtocolError):
        read_event(text)


@pytest.mark.parametrize("payload", NO_BASE64)
def test_what_is_no_base64_is_no_event(payload):
    with pytest.raises(RealtimeProtocolError):
        read_event(json.dumps(delta_of(payload)))


def test_events_of_no_meaning_to_a_call_change_nothing():
    call = RealtimeCall(manner=Manner(sends_unknown_events=True, sends_twice=True))
    call.say()
    quiet = RealtimeCall()
    quiet.say()
    assert call.said == quiet.said
    assert call.purposes == quiet.purposes
