"""A call with the Realtime agent in its own time: dialogue and stand-in in step, no socket."""

import json
from collections.abc import Callable
from typing import Any

from agent.backends.realtime_commands import SessionOptions, append_audio
from agent.backends.realtime_dialogue import RealtimeDialogue
from agent.backends.realtime_events import AudioDelta, SessionUpdated, read_event
from agent.brief import CallBrief, CallType
from agent.fake_realtime.faults import Fault
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Call, Fail, Part, Playbook, Say, Script, prompt, tone
from agent.fake_realtime.session import FakeSession
from agent.session import AgentEvent, Utterance, UtteranceEnd
from agent.speech import mulaw
from tests.agent.test_endpointer import silence, voice

GREETING = prompt("greeting_live")
ANSWER = tone("The shop opens at nine in the morning, every day but Sunday.")
GOODBYE = prompt("goodbye")
SENTENCE = voice(1200)
SHORT_PAUSE_MS = 700

__all__ = ["Call", "Fail", "Part", "Say", "silence", "tone"]


def brief(**changes: Any) -> CallBrief:
    fields: dict[str, Any] = {
        "call_type": CallType.LIVE,
        "receptionist": False,
        "agent_name": "Iris",
        "owner_name": "Nora Whitfield",
        "voice": "marin",
        "greeting": "",
        "about": "",
        "language": "en-US",
        "forwarded": None,
    }
    return CallBrief(**fields | changes)


def playbook(
    *turns: list[Part], words: list[str | None] | None = None, **purposes: Any
) -> Playbook:
    """Greets, answers turns as given and takes leave; `purposes` say otherwise."""
    usual = {
        "greeting": [GREETING],
        "go_on": [tone("I have noted that.")],
        "resume": [tone("Sorry, where were we?")],
        "ask": [prompt("still_there")],
        "farewell": [GOODBYE],
        "wrap_up": [prompt("time_is_up")],
    }
    return Playbook(turns or ([ANSWER],), purposes=usual | purposes, words=words or ["Hello?"])


class RealtimeCall:
    """Both ends of one session; every 20 ms of the caller are 20 ms for the server."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        manner: Manner | None = None,
        fault: Fault | None = None,
        options: SessionOptions | None = None,
        **changes: Any,
    ) -> None:
        self.script = script or playbook()
        self.manner = manner or Manner()
        self.options = options or SessionOptions()
        self.dialogue = RealtimeDialogue(brief(**changes), options=self.options, voice="marin")
        self.server = FakeSession(
            self.script, manner=self.manner, model=self.options.model, fault=fault
        )
        self.events: list[AgentEvent] = []
        self.frames: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.now_ms = 0
        self.server.begin()
        self.dialogue.configure()
        self.pump()
        assert any(event["type"] == "session.updated" for event in self.received)
        self.dialogue.begin()
        self.pump()

    def replace_server(
        self, *, held_ms: int = 0, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """The session is lost, another one takes its place; `meanwhile` happens in between."""
        model = self.options.model
        self.server = FakeSession(self.script, manner=self.manner, model=model, name="again_")
        self.now_ms = 0
        self.server.begin()
        self.dialogue.outbox.take_frames()
        self.dialogue.configure()
        self.pump()
        if meanwhile is not None:
            meanwhile()
        self.dialogue.resume(held_ms=held_ms)
        self.pump()

    def speak(self, audio: bytes = SENTENCE) -> None:
        for at in range(0, len(audio) - 159, mulaw.FRAME_BYTES):
            frame = audio[at : at + mulaw.FRAME_BYTES]
            self.dialogue.caller_audio(frame)
            self.to_server(append_audio(frame))
            self.wait(20)

    def pause(self, ms: int = SHORT_PAUSE_MS) -> None:
        self.speak(silence(ms))

    def say(self) -> None:
        """A whole turn of the caller, and time for the answer."""
        self.speak()
        self.pause(6_000)

    def wait(self, ms: int) -> None:
        """Time passes, and nothing comes from the caller."""
        self.now_ms += ms
        self.server.advance(self.now_ms)
        self.pump()

    def pump(self) -> None:
        while True:
            frames = self.dialogue.outbox.take_frames()
            outbox, self.server.wire.outbox = self.server.wire.outbox, []
            if not frames and not outbox:
                break
            for frame in frames:
                self.to_server(frame)
            for event in outbox:
                assert isinstance(event, dict), event
                self.give(event)
        self.events += self.dialogue.outbox.take_events()

    def give(self, event: dict[str, Any]) -> None:
        """Something the server says; also what it would never say."""
        text = json.dumps(event)
        self.received.append(json.loads(text))
        known = read_event(text)
        if isinstance(known, AudioDelta):
            self.events += self.dialogue.outbox.take_events()
            said = self.dialogue.agent_audio(known)
            self.events += [said] if said else []
        elif not isinstance(known, SessionUpdated):
            self.dialogue.receive(known)

    def to_server(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))
        self.server.receive(frame.decode(), self.now_ms)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def said(self) -> list[str]:
        return [end.text for end in self.of(UtteranceEnd)]

    @property
    def errors(self) -> list[str]:
        """What the server refused, by code."""
        return [event["error"]["code"] for event in self.received if event["type"] == "error"]

    def spoken_ms(self, utterance_id: str) -> int:
        return sum(
            each.duration_ms for each in self.of(Utterance) if each.utterance_id == utterance_id
        )

    @property
    def purposes(self) -> list[str]:
        return [frame["response"]["metadata"]["purpose"] for frame in self.sent("response.create")]
