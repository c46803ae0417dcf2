"""`manage.py simulatecall`: call an Aloha number without a phone."""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from accounts.row_security import service_scope
from agent.errors import AudioFormatError
from agent.speech import wav
from aloha_site.demo import OWNER_EMAIL
from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from telephony.models import Call, UserPhoneNumber
from telephony.simulator import callers, narration
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.errors import ServerUnreachable, UnknownScript
from telephony.simulator.events import CallEvent
from telephony.simulator.order_rows import take_orders
from telephony.simulator.result import AnsweredBy, CallResult
from voicemail.models import Message

DEFAULT_SCRIPT = "customer"
DEFAULT_CALLER_NUMBER = "+15105550147"
ANSWERS = {
    AnsweredBy.AGENT: "The agent took the call.",
    AnsweredBy.CLASSIC: "The call was recorded after the tone.",
    AnsweredBy.REJECTED: "The call was rejected.",
    AnsweredBy.NOT_IN_SERVICE: "The number is not in service.",
    AnsweredBy.FAILED: "Nobody took the call.",
}
MESSAGE_WAIT_S = 10.0
MESSAGE_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Who calls whom."""

    url: str
    caller: WavCaller
    from_number: str
    to_number: str
    forwarded_from: str


class Command(BaseCommand):
    """Plays the carrier and a caller against a running server, over the network."""

    help = "Call an Aloha number on the running server; prints what happens line by line."

    def add_arguments(self, parser: CommandParser) -> None:
        """See `manage.py simulatecall --help`."""
        parser.add_argument("--url", default=settings.PUBLIC_BASE_URL, help="the server's address")
        parser.add_argument("--to", metavar="NUMBER", help="default: the demo owner's number")
        parser.add_argument("--from", metavar="NUMBER", help="the caller's number, or `anonymous`")
        parser.add_argument("--forwarded-from", metavar="NUMBER", help="the phone that forwarded")
        parser.add_argument(
            "--wav",
            metavar="FILE",
            nargs="+",
            action="extend",
            type=Path,
            help="what the caller says, one file per turn",
        )
        names = [name for name in callers.script_names() if name != DEFAULT_SCRIPT]
        parser.add_argument(
            "--script",
            metavar="NAME",
            help=f"{DEFAULT_SCRIPT} (default), {', '.join(names[:-1])} or {names[-1]}",
        )
        parser.add_argument(
            "--speak-at",
            metavar="MS",
            type=_milliseconds,
            help="start the first turn so long after the answer, whatever the agent does",
        )
        parser.add_argument(
            "--json", action="store_true", help="end with one JSON object on standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Place the call, wait for its message, say how it went."""
        self._as_json = options["json"]
        _require_database()
        plan = _plan(options)
        self._tell(f"Calling {plan.to_number} from {plan.from_number or 'nobody'} at {plan.url}")
        result, folder = self._place(plan)
        heard_wav = _keep_heard(result, folder)
        message_url = self._wait_for_message(result, plan.url)
        self._report(result, heard_wav=heard_wav, message_url=message_url)

    def _place(self, plan: _Plan) -> tuple[CallResult, Path]:
        call = SimulatedCall(
            base_url=plan.url,
            caller=plan.caller,
            to_number=plan.to_number,
            from_number=plan.from_number,
            forwarded_from=plan.forwarded_from,
            observe=self._narrate,
            orders=take_orders,
        )
        try:
            with _quiet_log():
                return asyncio.run(_run_until_interrupted(call)), call.folder
        except ServerUnreachable as error:
            raise CommandError(f"{error} Start the server with ./dev up.") from error

    def _narrate(self, at_ms: int, event: CallEvent) -> None:
        self._tell(f"{at_ms / 1000:8.3f} s  {narration.sentence(event)}")

    def _tell(self, line: str) -> None:
        """A line for people: with --json standard output is for the object alone."""
        if self._as_json:
            self.stderr.write(line, style_func=str)
        else:
            self.stdout.write(line)

    def _wait_for_message(self, result: CallResult, url: str) -> str | None:
        if result.answered_by not in {AnsweredBy.AGENT, AnsweredBy.CLASSIC}:
            return None
        if _call_of(result) is None:
            self._tell("The call is not in this database, so its message cannot be found here.")
            return None
        deadline = time.monotonic() + MESSAGE_WAIT_S
        while time.monotonic() < deadline:
            with service_scope():
                message = Message.objects.filter(call__call_sid=result.call_sid).first()
            if message is not None:
                return f"{url}/aloha/inbox/{message.id}"
            time.sleep(MESSAGE_POLL_S)
        return None

    def _report(
        self, result: CallResult, *, heard_wav: Path | None, message_url: str | None
    ) -> None:
        call = _call_of(result)
        self._tell(
            f"{ANSWERS[result.answered_by]} First audio after {result.first_audio_ms} ms,"
            f" {result.duration_ms / 1000:.1f} s long."
        )
        self._tell(f"The message: {message_url}" if message_url else "There is no message.")
        if self._as_json:
            summary = {
                "callSid": result.call_sid,
                "callType": call.call_type if call else None,
                "answeredBy": result.answered_by.value,
                "firstAudioMs": result.first_audio_ms,
                "durationMs": result.duration_ms,
                "saidMs": result.said_ms,
                "heardMs": result.heard_ms,
                "heardWav": str(heard_wav) if heard_wav else None,
                "messageUrl": message_url,
            }
            self.stdout.write(json.dumps(summary))
        if result.answered_by is AnsweredBy.FAILED:
            raise CommandError(_why_it_failed(result))


def _call_of(result: CallResult) -> Call | None:
    with service_scope():
        return Call.objects.filter(call_sid=result.call_sid).first()


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    """The narration tells the call; the log would tell it again in between."""
    log = logging.getLogger("telephony.simulator")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


async def _run_until_interrupted(call: SimulatedCall) -> CallResult:
    """The call; the first Ctrl-C hangs up, the second breaks off."""
    loop = asyncio.get_running_loop()

    def hang_up() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        call.hang_up()

    loop.add_signal_handler(signal.SIGINT, hang_up)
    try:
        return await call.run()
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _plan(options: dict[str, Any]) -> _Plan:
    url = options["url"].rstrip("/")
    _require_address(url)
    caller, from_number = _caller(options)
    given_from = options["from"]
    if given_from is not None:
        withheld = phone_numbers.is_withheld(given_from)
        from_number = given_from if withheld else _number("--from", given_from)
    forwarded_from = options["forwarded_from"]
    return _Plan(
        url=url,
        caller=caller,
        from_number=from_number,
        to_number=_number("--to", options["to"]) if options["to"] else _demo_number(),
        forwarded_from=_number("--forwarded-from", forwarded_from) if forwarded_from else "",
    )


def _caller(options: dict[str, Any]) -> tuple[WavCaller, str]:
    """The caller and the number a caller like that calls from."""
    files, script_name, speak_at_ms = options["wav"], options["script"], options["speak_at"]
    if files and script_name:
        raise CommandError("Give either --wav or --script, not both.")
    try:
        if files:
            turns = [wav.read_mulaw(Path(file)) for file in files]
            return WavCaller(turns, speak_at_ms=speak_at_ms), DEFAULT_CALLER_NUMBER
        script = callers.load_script(script_name or DEFAULT_SCRIPT)
    except (AudioFormatError, UnknownScript) as error:
        raise CommandError(str(error)) from error
    return script.caller(speak_at_ms=speak_at_ms), script.from_number


def _demo_number() -> str:
    with service_scope():
        number = UserPhoneNumber.objects.active().filter(user__email=OWNER_EMAIL).first()
    if number is None:
        raise CommandError(
            f"The demo owner {OWNER_EMAIL} has no number. Say whom to call with --to, "
            "or make the demo data with ./dev up."
        )
    return number.phone_number


def _require_database() -> None:
    try:
        Call.objects.exists()
    except DatabaseError as error:
        raise CommandError(
            "The database is not there or not migrated. Run ./dev up, or manage.py migrate."
        ) from error


def _require_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path or parts.query or parts.fragment:
        raise CommandError(f"--url must be like http://127.0.0.1:8000, not {url!r}.")


def _number(option: str, typed: str) -> str:
    """E.164 of a number as pages show it: without a country code it is one of the US."""
    try:
        return phone_numbers.normalise(typed, "US")
    except InvalidPhoneNumber as error:
        raise CommandError(f"{option} {typed}: {error}") from error


def _milliseconds(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 8):
        raise argparse.ArgumentTypeError(f"{typed!r} is no time in milliseconds")
    return int(typed)


def _keep_heard(result: CallResult, folder: Path) -> Path | None:
    """What the caller heard, as a file; nothing when the call was not answered."""
    if not result.heard:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "heard.wav"
    wav.write_mulaw(path, result.heard)
    return path


def _why_it_failed(result: CallResult) -> str:
    reason = " ".join(result.warnings) or f"The {result.ended_by} hung up before anybody spoke."
    if "incoming answered 403" in reason:
        reason += (
            " The server does not accept our signature: --url must be exactly its PUBLIC_BASE_URL,"
            " and both must run with the same SECRET_KEY."
        )
    return f"The call failed. {reason}"
