"""A call with the Live agent in the caller's time: dialogue and stand-in in step, no socket."""

import json
from collections.abc import Callable
from typing import Any

from agent.backends.live_commands import LiveOptions, append_audio
from agent.backends.live_dialogue import LOOK_MS, LiveDialogue
from agent.backends.live_events import SessionStarted, read_event
from agent.errors import RealtimeProtocolError
from agent.fake_live.manner import LiveManner
from agent.fake_live.session import FakeLiveSession
from agent.fake_realtime.faults import Fault
from agent.fake_realtime.frames import Raw
from agent.fake_realtime.script import Script
from agent.session import AgentEvent, CallerStopped, Utterance, UtteranceEnd
from agent.speech import mulaw
from tests.agent.realtime_call import SENTENCE, brief, playbook, silence

OPTIONS = LiveOptions()


class LiveCall:
    """Both ends of one session; 20 ms of the caller are 20 ms for everybody."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        manner: LiveManner | None = None,
        fault: Fault | None = None,
        **changes: Any,
    ) -> None:
        self.script = script or playbook()
        self.manner = manner or LiveManner()
        self.dialogue = LiveDialogue(brief(**changes), options=OPTIONS, voice="marin")
        self.events: list[AgentEvent] = []
        self.frames: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.unreadable = 0
        self._until_look_ms = LOOK_MS
        self.server = FakeLiveSession(self.script, manner=self.manner, fault=fault)
        self._start()
        self.dialogue.begin()
        self.pump()

    def replace_server(
        self, *, held_ms: int = 20, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """The session is lost, another one takes its place; `meanwhile` happens in between."""
        self.dialogue.lose()
        self.pump_events()
        self.server = FakeLiveSession(self.script, manner=self.manner, name="again_")
        self._start(held_ms)
        if meanwhile is not None:
            meanwhile()
            self.dialogue.outbox.take_frames()  # what was meant for the lost session
        self.to_server(append_audio(silence(held_ms)))
        self.dialogue.resume()
        self.pump()

    def _start(self, held_ms: int = 0) -> None:
        self.dialogue.start()
        self.pump()
        assert self.server.sent("session.started")
        self.dialogue.started(held_ms=held_ms)

    def speak(self, audio: bytes = SENTENCE) -> None:
        for at in range(0, len(audio) - 159, mulaw.FRAME_BYTES):
            frame = audio[at : at + mulaw.FRAME_BYTES]
            if self.dialogue.caller_audio(frame, ahead_ms=0):
                self.to_server(append_audio(frame))
            self.pump()
            self._until_look_ms -= mulaw.FRAME_MS
            if self._until_look_ms <= 0:
                self._until_look_ms += LOOK_MS
                self.dialogue.look()
                self.pump()

    def pause(self, ms: int) -> None:
        self.speak(silence(ms))

    def stand_still(self, ms: int) -> None:
        """The line brings nothing; silence stands in, as the session lets it."""
        for _ in range(ms // 20):
            self.dialogue.line_stands_still(20)
            self.to_server(append_audio(silence(20)))
            self.pump()

    def say(self, answer_ms: int = 7_000) -> None:
        """A whole turn of the caller, and time for the answer."""
        self.speak()
        self.pause(answer_ms)

    def pump(self) -> None:
        while True:
            frames = self.dialogue.outbox.take_frames()
            outbox, self.server.wire.outbox = self.server.wire.outbox, []
            if not frames and not outbox:
                break
            for frame in frames:
                self.to_server(frame)
            for event in outbox:
                if isinstance(event, dict):
                    self.give(event)
                elif isinstance(event, Raw):
                    self.give_text(event.text)
        self.pump_events()

    def pump_events(self) -> None:
        self.events += self.dialogue.outbox.take_events()

    def give(self, event: dict[str, Any]) -> None:
        """Something the server says; also what it would never say."""
        self.received.append(json.loads(json.dumps(event)))
        self.give_text(json.dumps(event))

    def give_text(self, text: str) -> None:
        try:
            known = read_event(text)
        except RealtimeProtocolError:
            self.unreadable += 1
            return
        if not isinstance(known, SessionStarted):
            self.dialogue.receive(known)

    def to_server(self, frame: bytes) -> None:
        self.frames.append(json.loads(frame))
        self.server.receive(frame.decode(), 0)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def give_task(self, kind: str, **fields: Any) -> None:
        """Something the server tells of the model behind the voice."""
        self.give({"type": "response.event", "event": {"type": kind, **fields}})

    def give_call(self, name: str, arguments: str = "{}") -> None:
        """That model has called a tool."""
        item = {"type": "function_call", "id": "1", "call_id": "1", "status": "completed"}
        item |= {"name": name, "arguments": arguments}
        self.give_task("response.output_item.done", item=item)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def said(self) -> list[str]:
        return [end.text for end in self.of(UtteranceEnd)]

    @property
    def heard(self) -> list[str]:
        return [turn.text for turn in self.of(CallerStopped)]

    @property
    def comments(self) -> list[str]:
        return [frame["content"] for frame in self.sent("session.commentary.append")]

    @property
    def knows(self) -> str:
        """The instructions of the latest session."""
        text: str = self.sent("session.start")[-1]["session"]["instructions"]
        return text

    @property
    def errors(self) -> list[str]:
        """What the server refused, by code."""
        return [event["error"]["code"] for event in self.received if event["type"] == "error"]

    def spoken_ms(self, utterance_id: str) -> int:
        return sum(
            each.duration_ms for each in self.of(Utterance) if each.utterance_id == utterance_id
        )
