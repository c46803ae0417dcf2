"""What a session of the stand-in sends, and how it breaks. Pure."""

from typing import Any

from agent.fake_live.manner import LiveManner
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.frames import Abort, Close, Frame, Raw, Timeline
from agent.fake_realtime.ids import Ids

AUDIO = "session.output_audio.delta"
GARBAGE = (
    Raw('{"type": "session.output_audio.delta", "del'),
    Raw('{"type": "session.output_audio.delta", "delta": "not base64!"}'),
    Raw('{"type": "session.input_transcript.delta", "delta": "x", "start_ms": -1, "end_ms": 1e99}'),
    Raw('{"type": "session.closed", "reason": 7}'),
    Raw('{"type": "response.event", "event": {"type": "response.output_item.done", "item": 1}}'),
    Raw('{"type": "error", "error": "all is lost"}'),
    Raw("[]"),
    Raw("\x00"),
    Raw('{"type": "session.usage.updated", "usage": {"seconds": -5}}'),
)


class LiveWire:
    """The server's end of one socket, without the socket."""

    def __init__(self, *, manner: LiveManner, fault: Fault | None, ids: Ids) -> None:
        self.outbox: list[Frame] = []
        self.sent: list[dict[str, Any]] = []
        self.timeline = Timeline()  # of the wall; everything here goes by the caller's audio
        self.manner, self.ids = manner, ids
        self.is_over = False
        self._fault = fault

    def emit(self, event: dict[str, Any]) -> None:
        """Send an event now; audio alone has no id."""
        if self.is_over:
            return
        if event["type"] != AUDIO:
            event = {"event_id": self.ids.next("event"), **event}
        self.sent.append(event)
        self.outbox.append(event)
        if self.manner.sends_unknown_events and event["type"] != AUDIO:
            self.outbox.append({"type": "session.surprise", "event_id": self.ids.next("event")})

    def refuse(self, command: dict[str, Any] | None, code: str, text: str, param: str = "") -> None:
        """Answer a command with an error that names it."""
        error = {"type": "invalid_request_error", "code": code, "message": text}
        if param:
            error["param"] = param
        event_id = command.get("event_id") if command else None
        if event_id:
            error["client_event_id"] = event_id
        self.emit({"type": "error", "error": error})

    def has(self, kind: Kind) -> bool:
        """Whether this is how the session breaks."""
        return self._fault is not None and self._fault.kind is kind

    def reach(self, phase: Phase) -> bool:
        """A point at which things may break; True when nothing more comes from here on."""
        if self._fault is not None and self._fault.phase is phase and not self.is_over:
            self._break(self._fault)
        return self.is_over

    def break_off(self, *frames: Frame) -> None:
        """Nothing comes after these."""
        self.outbox.extend(frames)
        self.is_over = True

    def _break(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.NEVER_READY | Kind.SLOW:
                self.break_off()
            case Kind.ERROR_EVENT:
                self._give_up(fault.code)
            case Kind.QUOTA:
                self._give_up("insufficient_quota")
            case Kind.EXPIRED:
                self._give_up("session_expired")
            case Kind.CLOSED:
                self.break_off(Close(fault.close_code))
            case Kind.ABORTED:
                self.break_off(Abort())
            case Kind.GARBAGE:
                self.outbox.extend(GARBAGE)  # and on it goes
            case Kind.REFUSED | Kind.WRONG_FORMAT:
                pass  # at the handshake; in the answer to our configuration

    def _give_up(self, code: str) -> None:
        error = {"type": code, "code": code, "message": "The server gives up."}
        self.emit({"type": "error", "error": error})
        self.break_off(Close(1011, code))
