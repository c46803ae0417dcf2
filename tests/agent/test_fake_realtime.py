"""The stand-in for the Realtime API is as strict as the real one, and the same in every run."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Call, Fail, Say, canned_conversation, tone
from agent.fake_realtime.server import FakeRealtime
from agent.fake_realtime.session import FakeSession
from tests.agent.realtime_call import ANSWER, GREETING, SENTENCE, playbook, silence
from tests.agent.realtime_schema import check_server_event

PCMU = {"type": "audio/pcmu"}
VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}


class Client:
    """A client that says what it likes, and lets time pass."""

    def __init__(self, *turns: list[Any], manner: Manner | None = None, fault: Fault | None = None):
        self.session = FakeSession(
            playbook(*turns), manner=manner or Manner(), model="gpt-realtime-2.1", fault=fault
        )
        self.now_ms = 0.0
        self.session.begin()

    def send(self, kind: str, **fields: Any) -> dict[str, Any] | None:
        """Send a command; the error it met, if any."""
        before = len(self.session.sent("error"))
        command = {"type": kind, "event_id": f"mine_{len(self.session.commands)}", **fields}
        self.session.receive(json.dumps(command), self.now_ms)
        errors = self.session.sent("error")[before:]
        if errors and errors[0]["error"]["event_id"] is not None:
            assert errors[0]["error"]["event_id"] == command["event_id"]
        return errors[0]["error"] if errors else None

    def configure(self, **detection: Any) -> dict[str, Any] | None:
        audio = {
            "input": {
                "format": PCMU,
                "turn_detection": VAD | detection,
                "transcription": {"model": "gpt-transcribe"},
            },
            "output": {"format": PCMU, "voice": "marin"},
        }
        return self.send("session.update", session={"type": "realtime", "audio": audio})

    def speak(self, audio: bytes) -> None:
        for at in range(0, len(audio) - 159, 160):
            self.wait(20)
            payload = base64.b64encode(audio[at : at + 160]).decode()
            assert self.send("input_audio_buffer.append", audio=payload) is None

    def wait(self, ms: float) -> None:
        self.now_ms += ms
        self.session.advance(self.now_ms)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.session.wire.sent]

    def last(self, kind: str) -> dict[str, Any]:
        return self.session.sent(kind)[-1]


def ready(*turns: list[Any], **options: Any) -> Client:
    client = Client(*turns, **options)
    client.configure()
    return client


# --- Configuration ---


def test_a_session_begins_with_the_servers_own_audio_format():
    created = Client().last("session.created")
    check_server_event(created)
    assert created["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}


def test_an_update_is_merged_and_told_whole():
    client = Client()
    client.configure()
    client.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
    session = client.last("session.updated")["session"]
    assert session["instructions"] == "Be brief."
    assert session["audio"]["input"]["format"] == PCMU
    assert session["audio"]["output"]["voice"] == "marin"


@pytest.mark.parametrize(
    ("session", "param"),
    [
        pytest.param({"voice": "marin"}, "session.voice", id="a field of the old shape"),
        pytest.param({"input_audio_format": "g711_ulaw"}, "session.input_audio_format", id="old"),
        pytest.param({"prompt": {"id": "p"}}, "session.prompt", id="a prompt"),
        pytest.param(
            {"audio": {"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}},
            "session.audio.input.format.rate",
            id="a rate for mu-law",
        ),
        pytest.param(
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 1}}}},
            "session.audio.input.turn_detection.threshold",
            id="a threshold for semantic detection",
        ),
        pytest.param({"model": "gpt-realtime-2"}, "session.model", id="another model"),
        pytest.param({"audio": "pcmu"}, "session.audio", id="text for an object"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path_and_nothing_changes(session, param):
    client = Client()
    error = client.send("session.update", session={"type": "realtime"} | session)
    assert error is not None
    assert error["param"] == param
    assert client.session.sent("session.updated") == []


def test_a_session_without_a_type_is_refused():
    error = Client().send("session.update", session={"instructions": "x"})
    assert error is not None
    assert error["code"] == "missing_required_parameter"


def test_the_voice_is_fixed_once_it_was_heard():
    client = ready()
    client.send("response.create")
    client.wait(2_000)
    session = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    error = client.send("session.update", session=session)
    assert error is not None
    assert error["code"] == "cannot_update_voice"


# --- The caller ---


def test_a_turn_is_found_in_the_time_of_the_audio():
    client = ready()
    client.speak(silence(1_000) + SENTENCE + silence(1_000))
    started = client.last("input_audio_buffer.speech_started")["audio_start_ms"]
    stopped = client.last("input_audio_buffer.speech_stopped")["audio_end_ms"]
    assert 600 <= started <= 1_100
    assert 2_500 <= stopped <= 2_800
    order = ["speech_started", "speech_stopped", "committed"]
    kinds = [kind for kind in client.kinds() if kind.startswith("input_audio_buffer")]
    assert kinds == [f"input_audio_buffer.{name}" for name in order]
    assert (
        client.last("input_audio_buffer.committed")["item_id"] in client.session.conversation.items
    )


@pytest.mark.parametrize(
    ("detection", "turns"),
    [
        ({"threshold": 1.0}, 0),
        ({"threshold": 0.2}, 1),
        ({"silence_duration_ms": 1_500}, 0),
    ],
)
def test_detection_follows_its_settings(detection, turns):
    client = Client()
    client.configure(**detection)
    client.speak(silence(500) + SENTENCE + silence(1_000))
    assert client.session.listening.turns == turns


def test_words_come_after_the_turn_and_may_fail():
    client = Client(manner=Manner(transcription_ms=2_000))
    client.configure()
    client.speak(SENTENCE + silence(600))
    assert "conversation.item.input_audio_transcription.completed" not in client.kinds()
    client.wait(2_000)
    words = client.last("conversation.item.input_audio_transcription.completed")
    assert words["transcript"] == "Hello?"
    assert client.kinds().index("response.done") < client.kinds().index(words["type"])


def test_audio_that_is_not_base64_is_refused():
    error = ready().send("input_audio_buffer.append", audio="not base64")
    assert error is not None
    assert error["type"] == "invalid_request_error"


def test_an_empty_buffer_cannot_be_committed():
    error = ready().send("input_audio_buffer.commit")
    assert error is not None
    assert error["code"] == "input_audio_buffer_commit_empty"


def test_a_silent_line_is_asked_about_when_the_client_wants_that():
    client = Client()
    client.configure(idle_timeout_ms=5_000)
    client.send("response.create", response={"metadata": {"purpose": "greeting"}})
    client.wait(2_000)
    playing_ms = 1000 * len(GREETING.audio) / 8000
    client.wait(playing_ms + 4_000)
    assert client.session.sent("input_audio_buffer.timeout_triggered") == []
    client.wait(2_000)
    fired = client.last("input_audio_buffer.timeout_triggered")
    check_server_event(fired)
    assert len(client.session.sent("response.created")) == 2


# --- Answers ---


def test_an_answer_is_faster_than_it_plays_and_whole():
    client = ready()
    client.send("response.create", response={"metadata": {"purpose": "greeting"}})
    client.wait(399)
    assert client.session.sent("response.output_audio.delta") == []
    client.wait(2_000)
    audio = b"".join(
        base64.b64decode(event["delta"])
        for event in client.session.sent("response.output_audio.delta")
    )
    assert audio == GREETING.audio
    assert client.last("response.output_audio_transcript.done")["transcript"] == GREETING.text
    assert client.last("response.done")["response"]["status"] == "completed"


def test_whoever_speaks_stops_the_answer_after_a_few_more_pieces():
    client = ready([tone("Long. " * 200)], manner=Manner(slips=2))
    client.speak(SENTENCE + silence(900))
    client.wait(300)
    client.speak(SENTENCE)
    done = client.last("response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"]["reason"] == "turn_detected"
    kinds = client.kinds()
    second = len(kinds) - 1 - kinds[::-1].index("input_audio_buffer.speech_started")
    assert kinds[second:].count("response.output_audio.delta") == 2


def test_a_second_answer_at_once_is_refused():
    client = ready()
    client.send("response.create")
    error = client.send("response.create")
    assert error is not None
    assert error["code"] == "conversation_already_has_active_response"


def test_nothing_can_be_cancelled_when_nothing_is_said():
    error = ready().send("response.cancel")
    assert error is not None
    assert error["code"] == "response_cancel_not_active"


def test_an_item_is_cut_no_further_than_it_was_said_and_only_shorter():
    client = ready()
    client.send("response.create")
    client.wait(5_000)
    item_id = client.last("response.output_item.done")["item"]["id"]
    cut = {"item_id": item_id, "content_index": 0}
    length_ms = len(ANSWER.audio) // 8
    error = client.send("conversation.item.truncate", **cut, audio_end_ms=length_ms + 1)
    assert error is not None
    assert "already shorter" in error["message"]
    assert client.send("conversation.item.truncate", **cut, audio_end_ms=500) is None
    assert client.send("conversation.item.truncate", **cut, audio_end_ms=501) is not None
    assert client.send("conversation.item.truncate", **cut, audio_end_ms=500.0) is not None
    held = client.session.conversation.items[item_id]
    assert held.item["content"][0]["transcript"] == ""


def test_a_tool_call_is_open_until_it_is_answered():
    client = ready([Call(name="take_message", arguments="{}")])
    client.send("response.create")
    client.wait(2_000)
    call_id = client.last("response.function_call_arguments.done")["call_id"]
    output = {"type": "function_call_output", "call_id": call_id, "output": "{}"}
    assert client.session.conversation.unanswered_calls == [call_id]
    assert client.send("conversation.item.create", item=output | {"call_id": "x"}) is not None
    assert client.send("conversation.item.create", item=output) is None
    assert client.session.conversation.unanswered_calls == []
    assert client.send("conversation.item.create", item=output) is not None


def test_an_answer_may_have_several_parts_and_may_fail():
    client = ready([ANSWER, Say(text="More.", audio=silence(100)), Fail(code="server_error")])
    client.send("response.create")
    client.wait(5_000)
    assert len(client.session.sent("response.output_item.done")) == 2
    assert client.last("response.done")["response"]["status"] == "failed"


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"no": "type"}'])
def test_what_is_no_event_is_refused(text):
    client = Client()
    client.session.receive(text, 0)
    assert client.last("error")["error"]["code"] == "invalid_json"


def test_an_event_it_does_not_know_is_refused():
    error = Client().send("response.create.beta")
    assert error is not None
    assert error["param"] == "type"


def test_two_runs_are_the_same_to_the_last_id():
    def run() -> list[dict[str, Any]]:
        client = ready()
        client.send("response.create")
        client.speak(SENTENCE + silence(2_000))
        return client.session.wire.sent

    assert run() == run()


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.UPGRADE])
def test_a_fault_comes_at_its_point_and_nothing_after_it(phase):
    fault = Fault(kind=Kind.NEVER_READY, phase=phase)
    client = ready([ANSWER, Call(name="end_call")], fault=fault)
    client.send("response.create", response={"metadata": {"purpose": "greeting"}})
    client.wait(2_000)
    client.speak(SENTENCE + silence(2_000))
    client.wait(60_000)
    reached = {
        Phase.OPENING: "session.created",
        Phase.GREETING: "response.output_audio.delta",
        Phase.LISTENING: "input_audio_buffer.speech_started",
        Phase.THINKING: "response.created",
        Phase.REPLYING: "response.output_audio.delta",
        Phase.GOODBYE: "response.created",
    }
    assert client.kinds()[-1] == reached[phase]


# --- On a socket ---


async def test_its_clock_can_run_a_hundred_times_faster():
    async with FakeRealtime(canned_conversation, speed=100) as server:
        async with aiohttp.ClientSession() as http, connect(http, server) as socket:
            await socket.send_json({"type": "response.create"})
            kinds = [(await socket.receive_json(timeout=2))["type"] for _ in range(30)]
        assert "response.output_audio.delta" in kinds


async def test_the_shape_of_the_beta_is_turned_away():
    async with FakeRealtime(canned_conversation) as server:
        beta = {"OpenAI-Beta": "realtime=v1"}
        async with aiohttp.ClientSession() as http, connect(http, server, **beta) as socket:
            error = await socket.receive_json(timeout=2)
            assert error["error"]["code"] == "beta_api_shape_disabled"
            await socket.receive(timeout=2)
            assert socket.close_code == 4000


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?model=gpt-realtime-2.1", {}, 401),
        ("?model=gpt-5", {"Authorization": "Bearer x"}, 404),
        ("", {"Authorization": "Bearer x"}, 404),
    ],
)
async def test_who_comes_without_a_key_or_a_model_is_refused(query, headers, status):
    async with FakeRealtime(canned_conversation) as server, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(server.url + query, headers=headers)
        assert refused.value.status == status


def connect(http: aiohttp.ClientSession, server: FakeRealtime, **headers: str):
    everything = {"Authorization": "Bearer x", **headers}
    return http.ws_connect(f"{server.url}?model=gpt-realtime-2.1", headers=everything)
