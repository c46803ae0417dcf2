"""Carrying out TwiML documents, one after the other, on one call."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never
from urllib.parse import urljoin

import aiohttp

from agent.speech import wav
from telephony.simulator import sounds, twiml
from telephony.simulator.call_identity import CallIdentity
from telephony.simulator.callers import Caller
from telephony.simulator.errors import (
    ServerUnreachable,
    StreamRefused,
    TwimlError,
    WebhookError,
)
from telephony.simulator.events import (
    CallerRecorded,
    DocumentReceived,
    Report,
    TextSpoken,
    Warned,
)
from telephony.simulator.line import Line
from telephony.simulator.media_leg import MediaLeg, new_stream_sid, open_socket
from telephony.simulator.recorder import CallerAudio, new_recording_sid, record
from telephony.simulator.result import Outcome
from telephony.simulator.verbs import (
    Connect,
    Hangup,
    Pause,
    Record,
    Redirect,
    Reject,
    Say,
    Stream,
    Verb,
)
from telephony.simulator.webhook_client import CallbackQueue, WebhookClient

MAX_DOCUMENTS = 100
"""A call that asks for more documents is a loop of redirects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """The document to go on with, and the fields its request carries beside the call's own."""

    url: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class CallFlow:
    """One call under way: follows documents until one ends the call."""

    identity: CallIdentity
    caller: Caller
    folder: Path
    session: aiohttp.ClientSession
    webhooks: WebhookClient
    callbacks: CallbackQueue
    report: Report
    outcome: Outcome = field(default_factory=Outcome)
    line: Line | None = None
    leg: MediaLeg | None = None
    recordings: list[Path] = field(default_factory=list)

    async def follow(self, url: str) -> None:
        """Start with the document at `url`. Raises HungUp, and ServerUnreachable at the start.

        Any other fault of the server's is said to the caller as an application error.
        """
        try:
            await self._follow(url)
        except (WebhookError, TwimlError) as error:
            if isinstance(error, ServerUnreachable) and self.line is None:
                raise
            self.outcome.failed_at_once = self.line is None
            self.report(Warned(code=error.code, text=str(error)))
            await self._say(Say(text=sounds.APPLICATION_ERROR))

    async def _follow(self, url: str) -> None:
        jump: Jump | None = Jump(url=url)
        for _ in range(MAX_DOCUMENTS):
            if jump is None:
                return
            verbs = await self._fetch(jump)
            jump = await self._carry_out(verbs, document_url=jump.url)
        raise TwimlError(f"The call asked for more than {MAX_DOCUMENTS} documents.")

    async def _fetch(self, jump: Jump) -> tuple[Verb, ...]:
        progress = "ringing" if self.line is None else "in-progress"
        fields = self.identity.fields(progress) | jump.fields
        document = await self.webhooks.fetch_document(jump.url, fields)
        if self.line is not None:
            self.line.pass_silence()
        verbs = twiml.parse(document)
        self.report(DocumentReceived(verbs=tuple(type(verb).__name__ for verb in verbs)))
        return verbs

    async def _carry_out(self, verbs: tuple[Verb, ...], *, document_url: str) -> Jump | None:
        """Do what a document asks for; returns what replaces it, None when the call is to end."""
        for verb in verbs:
            if isinstance(verb, Hangup):
                return None
            if isinstance(verb, Reject):
                self.outcome.reject_reason = verb.reason
                return None
            if isinstance(verb, Redirect):
                return Jump(url=urljoin(document_url, verb.url))
            jump = await self._perform(verb, document_url=document_url)
            if jump is not None:
                return jump
        return None

    async def _perform(
        self, verb: Say | Pause | Connect | Record, *, document_url: str
    ) -> Jump | None:
        match verb:
            case Say():
                await self._say(verb)
            case Pause():
                await self._answered_line().play(sounds.silence(verb.length_s))
            case Connect():
                await self._connect(verb.stream, document_url=document_url)
                if verb.action is not None:
                    return Jump(url=urljoin(document_url, verb.action))
            case Record():
                return await self._record(verb, document_url=document_url)
            case _:
                assert_never(verb)
        return None

    def _answered_line(self) -> Line:
        """The line to the caller: the first verb that needs it answers the call."""
        if self.line is None:
            self.line = Line(self.caller, report=self.report)
            self.outcome.answered = True
        return self.line

    async def _say(self, verb: Say) -> None:
        self.report(TextSpoken(text=verb.text, as_tone=not sounds.is_recorded(verb.text)))
        audio = sounds.spoken(verb.text)
        played = 0
        while verb.loop == 0 or played < verb.loop:
            await self._answered_line().play(audio)
            played += 1

    async def _connect(self, stream: Stream, *, document_url: str) -> None:
        line = self._answered_line()
        stream_sid = new_stream_sid()

        def tell(event: str, **more: str) -> None:
            if stream.status_callback is not None:
                fields = self.identity.stream_fields(event, stream_sid=stream_sid, name=stream.name)
                url = urljoin(document_url, stream.status_callback)
                self.callbacks.send(url, fields | more)

        try:
            socket = await open_socket(self.session, stream.url)
        except StreamRefused as error:
            self.report(Warned(code=error.code, text=str(error)))
            tell("stream-error", StreamError=f"{error.code} {error}")
            line.pass_silence()
            return
        tell("stream-started")
        self.outcome.opened_stream = True
        self.leg = MediaLeg(
            socket,
            stream=stream,
            stream_sid=stream_sid,
            identity=self.identity,
            line=line,
            report=self.report,
        )
        try:
            await self.leg.run()
        finally:
            self.outcome.heard_agent |= self.leg.agent_was_heard
            self.leg = None
            tell("stream-stopped")

    async def _record(self, verb: Record, *, document_url: str) -> Jump | None:
        self.outcome.reached_recorder = True
        recorded = await record(self._answered_line(), verb)
        recording_sid = new_recording_sid()
        if recorded.has_speech:
            await self._keep(recorded, recording_sid=recording_sid)
        self._tell_recorded(verb, recorded, recording_sid=recording_sid, document_url=document_url)
        jump = Jump(
            url=urljoin(document_url, verb.action or document_url),
            fields={
                "RecordingUrl": self.identity.recording_url(recording_sid),
                "RecordingSid": recording_sid,
                "RecordingDuration": str(recorded.duration_s),
                "Digits": "hangup" if recorded.ended else "",
            },
        )
        if recorded.ended is None:
            return jump if recorded.has_speech else None
        if recorded.has_speech:
            # The call is over: the action is told, its TwiML reaches nobody.
            self.callbacks.send(jump.url, self.identity.fields("completed") | jump.fields)
        raise recorded.ended

    async def _keep(self, recorded: CallerAudio, *, recording_sid: str) -> None:
        path = self.folder / f"{recording_sid}.wav"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(wav.write_mulaw, path, recorded.audio)
        self.recordings.append(path)
        self.report(CallerRecorded(duration_ms=recorded.duration_ms, path=path))

    def _tell_recorded(
        self, verb: Record, recorded: CallerAudio, *, recording_sid: str, document_url: str
    ) -> None:
        status = "completed" if recorded.has_speech else "absent"
        if verb.status_callback is None or status not in verb.status_events:
            return
        outcome = {"RecordingStatus": status}
        if recorded.has_speech:
            outcome["RecordingDuration"] = str(recorded.duration_s)
        self.callbacks.send(
            urljoin(document_url, verb.status_callback),
            self.identity.recording_fields(recording_sid) | outcome,
        )
