"""The story of a call that is over: what rang, who spoke when, what went wrong, how it ended.

The call's row says what happened; transcript and events say when. A step whose time nobody
reported stands at the time of the step before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from agent.session import AgentOutcome, Role, TranscriptSource
from aloha_site.call_words import Words, ended_because, message_of
from telephony.call_events import EventKind
from telephony.end_reasons import EndReason
from telephony.models import (
    Call,
    CallEvent,
    CallStatus,
    Direction,
    StreamState,
    TranscriptLine,
    VoicemailMode,
)
from telephony.recording import MESSAGE_LINE
from voicemail import inbox
from voicemail.callers import number_as_read_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node of the thread: `at_s` counts from the first ring.

    `tone` is plain, caller, warn, bad or now. `said` was heard, `unheard` was cut off before it
    was; a step with `start_ms` can be played from there.
    """

    title: str
    icon: str
    at_s: int | None = None
    text: str = ""
    tone: str = "plain"
    said: str = ""
    unheard: str = ""
    start_ms: int | None = None
    end_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What an owner should know before reading on."""

    title: str
    text: str


def trouble(call: Call) -> Trouble | None:
    """A fault of the call in words, None for a call without one."""
    match call.end_reason:
        case EndReason.MESSAGE_AFTER_FAILURE:
            return Trouble(
                title="Aloha could not answer, so voicemail did",
                text="The message is complete. Nothing for you to do.",
            )
        case EndReason.FAILED_WITHOUT_MESSAGE:
            return Trouble(
                title="Aloha could not answer, and the caller left no message",
                text="Whoever it was may try again; you may want to call back.",
            )
    return None


def facts(call: Call, *, agent_name: str) -> list[tuple[str, str]]:
    """Name and value of what is known of a call besides its story."""
    rows = [("Answered by", _answered_by(call, agent_name))]
    if call.direction == Direction.INBOUND:
        rows.append(("Number called", number_as_read_in(call.number.country, call.to_number)))
    if reason := ended_because(call):
        rows.append(("Ended because", reason))
    if call.direction == Direction.INBOUND and call.was_forwarded:
        rows.append(("Came in", "Forwarded from your phone"))
    if call.cost_usd is not None:
        rows.append(("Cost", f"${call.cost_usd:.2f}"))
    return rows


def story(call: Call, *, words: Words, agent_name: str) -> list[Step]:
    """The steps of a call in order, each at its time."""
    teller = _Teller(call, caller=_caller(words), agent_name=agent_name)
    return list(_in_time(teller.steps()))


def _in_time(steps: Iterator[Step]) -> Iterator[Step]:
    """No step comes before the one it follows: our clock and the carrier's are not the same."""
    latest = 0
    for step in steps:
        latest = max(latest, step.at_s or 0)
        yield replace(step, at_s=latest)


def _caller(words: Words) -> str:
    return words.who if words.number and words.call.direction == Direction.INBOUND else ""


def _answered_by(call: Call, agent_name: str) -> str:
    if call.direction == Direction.OUTBOUND:
        somebody = "Somebody" if call.picked_up_at else "Nobody"
        return {"human": "A person", "machine": "A machine"}.get(call.answered_by, somebody)
    if call.agent_outcome and call.agent_outcome != AgentOutcome.FAILED:
        is_receptionist = call.number.voicemail_mode == VoicemailMode.RECEPTIONIST
        return f"{agent_name}, {'receptionist' if is_receptionist else 'voicemail'}"
    if call.carrier_records:
        return "Voicemail without the agent"
    return "Nobody" if call.is_final else agent_name


class _Teller:
    """Tells one call."""

    def __init__(self, call: Call, *, caller: str, agent_name: str) -> None:
        self._call = call
        self._caller = caller
        self._agent = agent_name
        self._events: dict[str, CallEvent] = {}
        for event in call.events.order_by("-received_at", "-id"):
            self._events[event.kind] = event  # the earliest of each kind stays
        lines = list(call.transcript.all())
        self._lines = [line for line in lines if line.position < MESSAGE_LINE]
        self._left = [line for line in lines if line.position >= MESSAGE_LINE]
        self._stream_s = self._at(EventKind.STREAM_STARTED) or 0

    def steps(self) -> Iterator[Step]:
        """Everything in order; times may be missing."""
        yield self._beginning()
        yield from self._conversation()
        yield from self._failure()
        yield from self._voicemail()
        yield self._end()
        yield from self._message()

    def _beginning(self) -> Step:
        call = self._call
        if call.direction == Direction.OUTBOUND:
            return Step(title="Aloha called", icon="phone-out", at_s=0)
        says = []
        if call.forwarded_from:
            number = number_as_read_in(call.number.country, call.forwarded_from)
            says.append(f"Forwarded from {number}.")
        elif call.was_forwarded:
            says.append("Forwarded from your phone.")
        if call.caller_withheld:
            says.append("The caller shows no number.")
        title = f"{self._agent}'s number was called"
        return Step(title=title, icon="phone-in", at_s=0, text=" ".join(says))

    def _conversation(self) -> Iterator[Step]:
        has_begun = self._call.stream_state in {StreamState.OPEN, StreamState.CLOSED}
        if has_begun and self._call.picked_up_at:
            text = "Callers hear that an AI assistant answers."
            yield Step(title="Notice played", icon="info", text=text)
        for line, after in zip_longest(self._lines, self._lines[1:]):
            yield self._spoken(line)
            if line.heard_chars is not None:
                yield self._interruption(line, after)

    def _spoken(self, line: TranscriptLine) -> Step:
        at_s = self._stream_s + round(line.start_ms / 1000)
        said, unheard = line.heard_text, line.unheard_text
        if line.role == Role.AGENT:
            title, icon, tone = f"{self._agent} spoke", "speaker", "plain"
        else:
            seconds = max(1, round((line.end_ms - line.start_ms) / 1000))
            title, icon, tone = f"{self._speaker} spoke for {seconds} s", "mic", "caller"
        return Step(
            title=title,
            icon=icon,
            tone=tone,
            at_s=at_s,
            said=f"{said} ".lstrip() if unheard else said,
            unheard=unheard.lstrip(),
            text="Spoken, not written down" if line.source == TranscriptSource.NONE else "",
            start_ms=line.start_ms,
            end_ms=line.end_ms,
        )

    def _interruption(self, line: TranscriptLine, after: TranscriptLine | None) -> Step:
        if after is not None and after.role == Role.CALLER:
            title, icon = f"{self._speaker} began to speak", "hand"
        else:
            title, icon = f"{self._agent} was cut short", "phone-off"
        return Step(
            title=title,
            icon=icon,
            tone="caller" if icon == "hand" else "plain",
            at_s=self._stream_s + round(line.end_ms / 1000),
            text="The crossed-out words were never heard.",
        )

    def _failure(self) -> Iterator[Step]:
        call = self._call
        if call.carrier_fell_back:
            text = "Aloha did not answer in time, so the phone provider asked for a message."
            title = f"A message was taken without {self._agent}"
            yield Step(title=title, icon="alert", tone="warn", text=text)
        elif call.agent_outcome == AgentOutcome.FAILED:
            text = "Nothing came from the voice service in time. Support can see this too."
            failed = "could not go on" if self._lines else "did not connect"
            title = f"{self._agent} {failed}"
            at_s = self._at(EventKind.AGENT_CLOSED)
            yield Step(title=title, icon="alert", tone="warn", at_s=at_s, text=text)
        elif call.carrier_records and call.stream_state == StreamState.ISSUED:
            text = "The line to the voice service did not open."
            title = f"{self._agent} did not connect"
            yield Step(title=title, icon="alert", tone="warn", text=text)

    def _voicemail(self) -> Iterator[Step]:
        if not self._call.carrier_records:
            return
        was_sent = EventKind.SENT_TO_VOICEMAIL in self._events
        asked = "You had the caller asked" if was_sent else "The caller was asked"
        yield Step(
            title="Voicemail took over" if self._call.stream_token else "Voicemail answered",
            icon="voicemail",
            at_s=self._at(EventKind.SENT_TO_VOICEMAIL if was_sent else EventKind.AFTER_STREAM),
            text=f"{asked} to leave a message after the tone.",
        )
        for line in self._left:
            yield self._spoken(line)
        for announced in self._call.carrier_recordings.all():
            if announced.lost_because:
                text = "The phone provider did not give it out. Support can see why."
                yield Step(title="The recording is lost", icon="alert", tone="bad", text=text)
            elif announced.fetched_at is None:
                yield Step(title="The recording is on its way", icon="clock", tone="now")

    def _end(self) -> Step:
        call = self._call
        text = f"{reason}." if (reason := ended_because(call)) else ""
        if EventKind.CLOSED_UNREPORTED in self._events:
            text += " Nobody reported the end; this is when the call was last heard of."
        if call.status in {CallStatus.BUSY, CallStatus.FAILED, CallStatus.NO_ANSWER}:
            title = "Call not connected"
        else:
            title = "Call ended"
        return Step(title=title, icon="phone-off", at_s=self._seconds(call.ended_at), text=text)

    def _message(self) -> Iterator[Step]:
        message = message_of(self._call)
        if message is not None:
            text = inbox.gist(message)
            yield Step(
                title="In your inbox",
                icon="inbox",
                at_s=self._seconds(message.created_at),
                text=text,
            )

    @property
    def _speaker(self) -> str:
        return self._caller or "The caller"

    def _at(self, kind: EventKind) -> int | None:
        event = self._events.get(kind)
        return self._seconds(event.received_at) if event else None

    def _seconds(self, moment: datetime | None) -> int | None:
        if moment is None:
            return None
        return max(0, round((moment - self._call.started_at).total_seconds()))
