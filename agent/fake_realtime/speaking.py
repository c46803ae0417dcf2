"""The answers of the stand-in: one at a time, for the client or for the caller's turn. Pure."""

import random
from collections.abc import Callable, Iterator
from typing import Any

from agent.fake_realtime.answers import Answer, Step
from agent.fake_realtime.faults import Phase
from agent.fake_realtime.items import Conversation
from agent.fake_realtime.script import Cue, Fail, Script
from agent.fake_realtime.wire import AUDIO, Wire

LEAVING = frozenset({"farewell", "wrap_up"})
NO_QUOTA = Fail(code="insufficient_quota", kind="insufficient_quota")


class Speaking:
    """Says what the script has for each cue."""

    def __init__(self, script: Script, *, conversation: Conversation, wire: Wire) -> None:
        self.has_spoken = False
        self.active: Answer | None = None
        self.last_audio_ms = 0.0
        self.on_ended: Callable[[], None] = lambda: None
        self._script = script
        self._conversation = conversation
        self._wire = wire
        self._dice = random.Random(wire.manner.seed)  # noqa: S311  # chance, always the same
        self._steps: Iterator[Step] = iter(())
        self._turns_answered = 0

    def begin(
        self, session: dict[str, Any], *, turns: int, asked: dict[str, Any] | None = None
    ) -> None:
        """Answer what the client asked for, or the caller's turn."""
        metadata = (asked or {}).get("metadata")
        purpose = (metadata or {}).get("purpose", "")
        told = (asked or {}).get("instructions") or session["instructions"]
        parts = self._script.answer(Cue(purpose=purpose, turns=turns, instructions=told))
        answer = Answer(
            [NO_QUOTA] if self._wire.has_no_quota else parts,
            conversation=self._conversation,
            ids=self._wire.ids,
            metadata=metadata,
            output_format=session["audio"]["output"]["format"]["type"],
            dice=self._dice,
            in_one_burst=self._wire.manner.in_one_burst,
        )
        self.active, self._steps = answer, answer.steps()
        self._turns_answered += asked is None
        limit = {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}
        self._wire.emit({"type": "rate_limits.updated", "rate_limits": [limit]})
        self._wire.emit(answer.created())
        if asked is None and self._turns_answered == 1:
            self._wire.reach(Phase.THINKING)
        if answer.ends_call or purpose in LEAVING:
            self._wire.reach(Phase.GOODBYE)
        self._wire.timeline.after(self._wire.manner.latency_ms, lambda: self._go_on(answer))

    def cut(self, reason: str, *, slips: int = 0) -> None:
        """Stop the answer; some of its audio is on its way already."""
        answer = self.active
        if answer is None:
            return
        if answer.has_audio:
            self._let_slip(slips)
        answer.finish("cancelled", {"type": "cancelled", "reason": reason})
        self._end(answer)

    def _let_slip(self, pieces: int) -> None:
        for _, event in self._steps:
            if event["type"] == AUDIO:
                pieces -= 1
            if pieces < 0:
                return
            self._wire.emit(event)

    def _go_on(self, answer: Answer) -> None:
        """Say the next piece; ends the answer after the last one."""
        if answer is not self.active:
            return
        if self._wire.has_no_quota and not answer.has_audio:
            self._run_out_of_quota(answer)
            return
        for wait_ms, event in self._steps:
            self._wire.emit(event)
            if event["type"] == AUDIO:
                self._spoke(answer)
            if answer is not self.active:
                return
            if wait_ms:
                self._wire.timeline.after(wait_ms, lambda: self._go_on(answer))
                return
        self._end(answer)

    def _spoke(self, answer: Answer) -> None:
        is_first, self.has_spoken = not self.has_spoken, True
        if is_first:
            self._wire.reach(Phase.GREETING)
        elif self._turns_answered:
            self._wire.reach(Phase.REPLYING)
        if self._wire.has_no_quota:
            self._run_out_of_quota(answer)

    def _run_out_of_quota(self, answer: Answer) -> None:
        error = {"type": NO_QUOTA.kind, "code": NO_QUOTA.code, "message": "No quota is left."}
        answer.finish("failed", {"type": "failed", "error": error})
        self._end(answer)

    def _end(self, answer: Answer) -> None:
        self.active = None
        self.last_audio_ms = answer.audio_ms
        for event in answer.endings():
            self._wire.emit(event)
        self.on_ended()
