"""What a session of the stand-in sends, now and later, and how it breaks. Pure."""

from typing import Any

from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.frames import Abort, Close, Frame, Raw, Timeline
from agent.fake_realtime.ids import Ids
from agent.fake_realtime.manner import Manner

AUDIO = "response.output_audio.delta"
GARBAGE = Raw('{"type": "response.output_audio.delta", "del')
GARBAGE_FRAMES = 20
EXPIRED = "Your session hit the maximum duration of 60 minutes."


class Wire:
    """The server's end of one socket, without the socket."""

    def __init__(self, *, manner: Manner, fault: Fault | None, ids: Ids) -> None:
        self.outbox: list[Frame] = []
        self.sent: list[dict[str, Any]] = []
        self.timeline = Timeline()
        self.ids = ids
        self.manner = manner
        self.is_over = False
        self.has_no_quota = False
        self._fault = fault

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event now."""
        if self.is_over:
            return
        event = {"event_id": self.ids.next("event"), **event}
        self.sent.append(event)
        is_doubled = self.manner.sends_twice and event["type"] != AUDIO
        self.outbox.extend([event] * (2 if is_doubled else 1))
        if self.manner.sends_unknown_events:
            self.outbox.append({"type": "response.surprise", "event_id": self.ids.next("event")})

    def emit_later(self, ms: float, event: dict[str, Any]) -> None:
        """Send an event so much later."""
        if ms or self.timeline.lag_ms:
            self.timeline.after(ms, lambda: self.emit(event))
        else:
            self.emit(event)

    def refuse(
        self,
        command: dict[str, Any] | None,
        code: str | None,
        text: str,
        *,
        param: str | None = None,
    ) -> None:
        """Answer a command with an error that names it."""
        error = {"type": "invalid_request_error", "code": code, "message": text, "param": param}
        event_id = command.get("event_id") if command else None
        self.emit({"type": "error", "error": error | {"event_id": event_id}})

    def has(self, kind: Kind) -> bool:
        """Whether this is how the session breaks."""
        return self._fault is not None and self._fault.kind is kind

    def reach(self, phase: Phase) -> bool:
        """A point at which things may break; True when nothing more comes from here on."""
        if self._fault is not None and self._fault.phase is phase and not self.is_over:
            self._break(self._fault)
        return self.is_over

    def _break(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.SLOW:
                self.timeline.lag_ms = fault.delay_ms
            case Kind.QUOTA:
                self.has_no_quota = True
            case Kind.NEVER_READY:
                self._break_off()
            case Kind.ERROR_EVENT:
                self._give_up(fault.code, Close(1011, "The server had an error."))
            case Kind.EXPIRED:
                self._give_up("session_expired", Close(1001, EXPIRED))
            case Kind.CLOSED:
                self._break_off(Close(fault.close_code))
            case Kind.ABORTED:
                self._break_off(Abort())
            case Kind.GARBAGE:
                self._break_off(*[GARBAGE] * GARBAGE_FRAMES)
            case Kind.REFUSED | Kind.WRONG_FORMAT:
                pass  # at the handshake; in the answer to our configuration

    def _give_up(self, code: str, close: Close) -> None:
        error = {"type": code, "code": code, "message": close.reason, "param": None}
        self.emit({"type": "error", "error": error | {"event_id": None}})
        self._break_off(close)

    def _break_off(self, *frames: Frame) -> None:
        self.outbox.extend(frames)
        self.timeline.clear()
        self.is_over = True
