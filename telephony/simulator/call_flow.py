"""Carrying out TwiML documents, one after the other, on one call."""

import contextlib
from typing import assert_never
from urllib.parse import urljoin

from telephony.simulator import sounds, twiml
from telephony.simulator.errors import ServerUnreachable, TwimlError, WebhookError
from telephony.simulator.events import DocumentReceived, Warned
from telephony.simulator.gathering import gather
from telephony.simulator.line import Redirected
from telephony.simulator.live_call import Jump, LiveCall
from telephony.simulator.speaking import speak
from telephony.simulator.streaming import connect
from telephony.simulator.taking_messages import take_message
from telephony.simulator.verbs import (
    Connect,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Verb,
)

MAX_DOCUMENTS = 100
"""A call that asks for more documents is a loop of redirects."""


class CallFlow:
    """Follows documents until one ends the call. `fallback_url` is the number's voice fallback."""

    def __init__(self, call: LiveCall, *, fallback_url: str) -> None:
        self._call = call
        self._fallback_url = fallback_url

    async def follow(self, url: str, *, document: bytes = b"") -> None:
        """Start with the document at `url`, or with a `document` that is there already.

        Raises HungUp, and ServerUnreachable at the start.
        What the fallback could not mend either is said to the caller as an application error; that
        is the end, also for a call that is redirected meanwhile.
        """
        try:
            await self._follow(Jump(url=url, document=document))
        except (WebhookError, TwimlError) as error:
            if isinstance(error, ServerUnreachable) and self._call.line is None:
                raise
            self._call.outcome.failed_at_once = self._call.line is None
            self._warn(error)
            with contextlib.suppress(Redirected):
                await speak(self._call, Say(text=sounds.APPLICATION_ERROR), document_url=url)

    async def _follow(self, first: Jump) -> None:
        jump: Jump | None = first
        for _ in range(MAX_DOCUMENTS):
            if jump is None:
                return
            document_url = jump.url
            try:
                verbs, document_url = await self._fetch(jump)
                jump = await self._carry_out(verbs, document_url=document_url)
            except Redirected as order:
                jump = Jump(url=document_url, document=order.document)
        raise TwimlError(f"The call asked for more than {MAX_DOCUMENTS} documents.")

    async def _fetch(self, jump: Jump) -> tuple[tuple[Verb, ...], str]:
        """The verbs to carry out and where they stood: at the fallback when `jump` fails."""
        try:
            return await self._ask(jump), jump.url
        except (WebhookError, TwimlError) as error:
            if jump.url == self._fallback_url:
                raise
            self._warn(error)
            why = {"ErrorCode": error.code, "ErrorUrl": jump.url}
            fallback = Jump(url=self._fallback_url, fields=jump.fields | why)
        return await self._ask(fallback), fallback.url

    async def _ask(self, jump: Jump) -> tuple[Verb, ...]:
        call = self._call
        progress = "ringing" if call.line is None else "in-progress"
        fields = call.identity.fields(progress) | jump.fields
        try:
            document = jump.document or await call.webhooks.fetch_document(jump.url, fields)
        finally:
            if call.line is not None:
                call.line.pass_silence()
        verbs = twiml.parse(document)
        call.report(DocumentReceived(verbs=tuple(type(verb).__name__ for verb in verbs)))
        return verbs

    async def _carry_out(self, verbs: tuple[Verb, ...], *, document_url: str) -> Jump | None:
        """Do what a document asks for; returns what replaces it, None when the call is to end."""
        for verb in verbs:
            if isinstance(verb, Hangup):
                return None
            if isinstance(verb, Reject):
                self._call.outcome.reject_reason = verb.reason
                return None
            if isinstance(verb, Redirect):
                return Jump(url=urljoin(document_url, verb.url))
            jump = await self._perform(verb, document_url=document_url)
            if jump is not None:
                return jump
        return None

    async def _perform(
        self, verb: Say | Play | Pause | Gather | Connect | Record, *, document_url: str
    ) -> Jump | None:
        match verb:
            case Say() | Play() | Pause():
                await speak(self._call, verb, document_url=document_url)
                return None
            case Gather():
                return await gather(self._call, verb, document_url=document_url)
            case Connect():
                return await connect(self._call, verb, document_url=document_url)
            case Record():
                return await take_message(self._call, verb, document_url=document_url)
            case _:
                assert_never(verb)

    def _warn(self, error: WebhookError | TwimlError) -> None:
        self._call.report(Warned(code=error.code, text=str(error)))
