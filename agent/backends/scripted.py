"""The embedded agent: checked-in sentences and fixed rules, without credentials or network."""

import logging
from asyncio import Queue
from collections.abc import AsyncIterator, Callable, Sequence
from typing import assert_never

from django.core.checks import CheckMessage, Error

from agent.backends.base import AgentBackend
from agent.brief import CallBrief, CallType
from agent.dialogue import (
    HANGOVER_MS,
    LOST_MARK_MS,
    TURN_LIMIT_MS,
    Action,
    Dialogue,
    Finish,
    Say,
    Step,
)
from agent.session import (
    AgentDone,
    AgentEvent,
    AgentReport,
    AgentSession,
    CallerStarted,
    CallerStopped,
    Capabilities,
    Heard,
    Role,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from agent.speech import prompts
from agent.speech.endpointer import Ended, Endpointer, Started
from agent.speech.mulaw import FRAME_BYTES
from agent.voices import REALTIME_VOICES, Voice

logger = logging.getLogger(__name__)


class ScriptedBackend(AgentBackend):
    """Greets, takes the message, confirms and says goodbye, in its one voice."""

    name = "scripted"
    can_speak_freely = False

    async def open_session(self, brief: CallBrief) -> AgentSession:
        was_told = brief.goes_on and any(who == Role.CALLER for who, _ in brief.said_before)
        return ScriptedSession(
            call_type=brief.call_type,
            outbound=brief.outbound,
            goes_on=brief.goes_on,
            was_told=was_told,
        )

    def voices(self) -> tuple[Voice, ...]:
        return REALTIME_VOICES

    def check(self) -> list[CheckMessage]:
        missing = [name for name in prompts.PROMPTS if not prompts.path_of(name).is_file()]
        return [
            Error(
                f"The prompt {name} has no sound file.",
                hint="Reinstall Aloha, or run python -m agent.speech.render_prompts.",
                id="agent.E001",
            )
            for name in missing
        ]


class ScriptedSession:
    """One call with the scripted agent; driven by the caller's audio, never by a clock."""

    capabilities = Capabilities(watches_silence=True)

    def __init__(
        self,
        *,
        call_type: CallType,
        outbound: bool = False,
        goes_on: bool = False,
        was_told: bool = False,
    ) -> None:
        self._dialogue = Dialogue(call_type, outbound=outbound, goes_on=goes_on, was_told=was_told)
        self._endpointer = Endpointer(hangover_ms=HANGOVER_MS)
        self._events: Queue[AgentEvent | None] = Queue()
        self._unheard: dict[str, int] = {}  # utterance id: when it must have been heard
        self._said = 0
        self._rest = b""
        self._is_closed = False
        self._do(self._dialogue.begin())

    def send_audio(self, audio: bytes) -> None:
        """Take caller audio of any length."""
        audio = self._rest + audio
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        for start in range(0, whole, FRAME_BYTES):
            self._hear(audio[start : start + FRAME_BYTES])

    def utterance_played(self, utterance_id: str) -> None:
        self._forget(utterance_id)

    def interrupted(self, heard: Sequence[Heard]) -> None:
        self._forget(*(part.utterance_id for part in heard))

    def caller_silent(self, times: int) -> None:
        """The dialogue counts the silence itself."""

    def key_pressed(self, digit: str) -> None:
        """No sentence of the dialogue asks for keys."""

    def wrap_up(self) -> None:
        if self._is_closed:
            return
        self._cut_turn()
        self._do(self._dialogue.wrap_up())

    def report(self) -> AgentReport:
        return AgentReport()

    def listen(self, take: Callable[[AgentEvent], bool]) -> None:
        """All it says comes by `events`: it says little, and much of it at once."""

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._events.get()) is not None:
            yield event
        self._events.put_nowait(None)  # whoever asks again is told the same

    async def close(self) -> None:
        if self._is_closed:
            return
        self._cut_turn()
        self._is_closed = True
        self._events.put_nowait(None)

    def _hear(self, frame: bytes) -> None:
        if self._is_closed or self._dialogue.step is Step.CLOSING:
            return  # nothing said now may cut the goodbye short
        self._endpointer.guarded = bool(self._unheard)
        match self._endpointer.feed(frame):
            case Started(at_ms=at_ms):
                self._turn_started(at_ms)
            case Ended() as turn:
                self._turn_ended(turn)
            case None:
                self._time_passed()

    def _turn_started(self, at_ms: int) -> None:
        self._unheard.clear()  # the bridge silences what she speaks over
        self._dialogue.caller_started()
        self._events.put_nowait(CallerStarted(at_ms=at_ms))

    def _turn_ended(self, turn: Ended) -> None:
        self._events.put_nowait(CallerStopped(start_ms=turn.start_ms, end_ms=turn.end_ms))
        self._do(self._dialogue.caller_stopped(self._endpointer.clock_ms))

    def _time_passed(self) -> None:
        now_ms = self._endpointer.clock_ms
        if (self._endpointer.turn_ms or 0) >= TURN_LIMIT_MS:
            turn = self._endpointer.cut()
            if turn is not None:
                self._turn_ended(turn)
        self._forget(*(name for name, due_ms in self._unheard.items() if now_ms >= due_ms))
        self._do(self._dialogue.tick(now_ms))

    def _forget(self, *utterance_ids: str) -> None:
        """These utterances play no more; after the last one the caller's silence counts."""
        known = [name for name in utterance_ids if self._unheard.pop(name, None) is not None]
        if known and not self._unheard:
            self._dialogue.everything_heard(self._endpointer.clock_ms)

    def _cut_turn(self) -> None:
        """Report a turn that the end of the call leaves unfinished."""
        turn = self._endpointer.cut()
        if turn is not None:
            self._events.put_nowait(CallerStopped(start_ms=turn.start_ms, end_ms=turn.end_ms))

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Say(prompt=prompt):
                    self._say(prompt)
                case Finish(outcome=outcome):
                    self._events.put_nowait(AgentDone(outcome=outcome))
                case _:
                    assert_never(action)

    def _say(self, prompt: str) -> None:
        self._said += 1
        utterance_id = f"scripted-{self._said}"
        pieces = prompts.pieces(prompt)
        for audio, duration_ms in pieces:
            self._events.put_nowait(
                Utterance(utterance_id=utterance_id, audio=audio, duration_ms=duration_ms)
            )
        self._events.put_nowait(
            UtteranceEnd(
                utterance_id=utterance_id,
                text=prompts.text_of(prompt),
                source=TranscriptSource.SCRIPTED,
            )
        )
        starts_ms = max(self._unheard.values(), default=self._endpointer.clock_ms + LOST_MARK_MS)
        self._unheard[utterance_id] = starts_ms + sum(duration_ms for _, duration_ms in pieces)
