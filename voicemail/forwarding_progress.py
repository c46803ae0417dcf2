"""A test call told step by step, while it runs and when it is over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from telephony import phone_numbers
from telephony.call_events import EventKind
from telephony.models import CallEvent
from voicemail.callers import number_as_read_in
from voicemail.forwarding_models import CheckOutcome, ForwardingCheck
from voicemail.forwarding_state import moment, possessive
from voicemail.own_phone import PhoneCodes


class LineState(StrEnum):
    """How a step looks on the thread."""

    DONE = "done"
    NOW = "now"
    BAD = "bad"
    TO_COME = "to_come"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One step: what happened, and how many seconds into the test; None while it has not."""

    title: str
    text: str
    state: LineState
    at_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the wizard shows of a test. `repair` are codes to dial one after the other."""

    title: str
    text: str
    lines: tuple[ProofLine, ...]
    repair: tuple[str, ...]
    elapsed_s: int
    is_running: bool
    is_proven: bool
    is_overdue: bool


def progress_of(check: ForwardingCheck, codes: PhoneCodes, *, now: datetime) -> Progress:
    """The test as it stands; needs `probe` loaded."""
    title, text = _verdict(check, codes, now=now)
    return Progress(
        title=title,
        text=text,
        lines=_lines(check, codes),
        repair=_repair(check, codes),
        elapsed_s=int(((check.finished_at or now) - check.started_at).total_seconds()),
        is_running=check.is_running,
        is_proven=check.outcome == CheckOutcome.PROVEN,
        is_overdue=check.is_overdue(now),
    )


def _verdict(check: ForwardingCheck, codes: PhoneCodes, *, now: datetime) -> tuple[str, str]:
    match check.outcome:
        case CheckOutcome.PROVEN:
            return (
                f"Proven on {moment(check.finished_at)}",
                "From now on Aloha takes the calls you miss. Every call that comes this way renews "
                "the proof; if it ever stops, we write to you with the code.",
            )
        case CheckOutcome.PICKED_UP:
            return (
                "You picked up",
                "So your carrier had nothing to forward. Check again, and let it ring.",
            )
        case CheckOutcome.CARRIER_VOICEMAIL:
            return (
                f"{possessive(codes.carrier.name)} voicemail answered",
                "Your phone rang, but the call went to your carrier's own voicemail. That is "
                "common, and the codes below settle it.",
            )
        case CheckOutcome.DECLINED:
            return (
                "The call was declined",
                "Your phone said that it is busy, and your carrier did not send the call on. Check "
                "again and let it ring; if nobody touched the phone, dial the codes below.",
            )
        case CheckOutcome.NOTHING_CAME:
            return (
                "No call came back",
                "Your carrier did not send the call on. Dial the codes below; if your phone "
                "refuses them, ask your carrier for conditional call forwarding.",
            )
        case CheckOutcome.NOT_PLACED:
            reason = check.refusal or "The number could not be reached."
            return ("We could not call your phone", f"{reason} Nothing was tested.")
        case CheckOutcome.STOPPED:
            return ("The test call is stopped", "Nothing was tested. Check again when you like.")
    if check.is_overdue(now):
        return (
            "This takes longer than it should",
            "Your phone is not to blame: the test is still waiting to be looked at here.",
        )
    return (
        "Don't pick up. Let it ring.",
        "We are ringing your phone now. If your carrier sends the call on to Aloha, forwarding is "
        "proven.",
    )


def _repair(check: ForwardingCheck, codes: PhoneCodes) -> tuple[str, ...]:
    match check.outcome:
        case CheckOutcome.CARRIER_VOICEMAIL:
            return codes.cancel + codes.register
        case CheckOutcome.NOTHING_CAME | CheckOutcome.DECLINED:
            separate = codes.dialling.separate if codes.dialling else ()
            return separate or codes.register
    return ()


def _lines(check: ForwardingCheck, codes: PhoneCodes) -> tuple[ProofLine, ...]:
    times = _event_times(check)
    rang_at = times.get("ringing") or times.get(EventKind.PROBE_ANSWERED)
    lines = [_called(check), _rang(check, rang_at), _forwarded(check, codes, times)]
    if check.is_running or check.outcome == CheckOutcome.PROVEN:
        lines.append(_reached(check))
    return tuple(lines)


def _event_times(check: ForwardingCheck) -> dict[str, datetime]:
    """When each kind of event came first; the carrier's reports by their status."""
    times: dict[str, datetime] = {}
    for event in CallEvent.objects.filter(call=check.probe_id).order_by("received_at"):
        kind = event.key.partition(":")[0] if event.kind == "status" else event.kind
        times.setdefault(kind, event.received_at)
    return times


def _called(check: ForwardingCheck) -> ProofLine:
    own = check.probe.from_number == check.probe.number.phone_number
    whose = "your Aloha number" if own else "our test number"
    verb = "call" if check.is_running else "called"
    return ProofLine(
        title=f"We {verb} {number_as_read_in(check.probe.number.country, check.phone_number)}",
        text=f"From {phone_numbers.national(check.probe.from_number)}, {whose}",
        state=LineState.BAD if check.outcome == CheckOutcome.NOT_PLACED else LineState.DONE,
        at_s=0,
    )


def _rang(check: ForwardingCheck, rang_at: datetime | None) -> ProofLine:
    if rang_at is None and check.outcome != CheckOutcome.PROVEN:
        state = LineState.NOW if check.is_running else LineState.TO_COME
        return ProofLine(title="Your phone rings", text="", state=state, at_s=None)
    texts = {
        "": "Most phones ring about 20 seconds first",
        CheckOutcome.PICKED_UP.value: "Somebody picked up",
        CheckOutcome.DECLINED.value: "Then it was declined",
        CheckOutcome.STOPPED.value: "Until you stopped the test",
    }
    return ProofLine(
        title="Your phone rings" if check.is_running else "Your phone rang",
        text=texts.get(check.outcome, "Nobody picked up, as it should be"),
        state=LineState.DONE,
        at_s=_seconds(check, rang_at),
    )


def _forwarded(check: ForwardingCheck, codes: PhoneCodes, times: dict[str, datetime]) -> ProofLine:
    name = possessive(codes.carrier.name).removesuffix("'s")
    if check.outcome == CheckOutcome.PROVEN or EventKind.PROBE_CAME_BACK in times:
        back_at = times.get(EventKind.PROBE_CAME_BACK)
        rang_at = times.get("ringing")
        rang_s = int((back_at - rang_at).total_seconds()) if back_at and rang_at else None
        return ProofLine(
            title=f"{name} forwarded the call",
            text="" if rang_s is None else f"After {max(rang_s, 0)} seconds of ringing",
            state=LineState.DONE,
            at_s=_seconds(check, back_at),
        )
    if check.is_running:
        is_ringing = "ringing" in times
        return ProofLine(
            title=f"{name} forwards the call",
            text="Waiting; up to 45 seconds",
            state=LineState.NOW if is_ringing else LineState.TO_COME,
            at_s=None,
        )
    return _not_forwarded(check, name, times)


def _not_forwarded(check: ForwardingCheck, name: str, times: dict[str, datetime]) -> ProofLine:
    kept = check.outcome == CheckOutcome.CARRIER_VOICEMAIL
    failed = kept or check.outcome == CheckOutcome.NOTHING_CAME
    answered_at = times.get(EventKind.PROBE_ANSWERED)
    return ProofLine(
        title=f"{name} kept the call" if kept else f"{name} did not forward the call",
        text="Its voicemail picked up; we left no message" if kept else "",
        state=LineState.BAD if failed else LineState.TO_COME,
        at_s=_seconds(check, answered_at if kept else check.finished_at) if failed else None,
    )


def _reached(check: ForwardingCheck) -> ProofLine:
    if check.outcome == CheckOutcome.PROVEN:
        number = phone_numbers.national(check.probe.number.phone_number)
        return ProofLine(
            title="It reached Aloha",
            text=f"{number} did not answer, so the call cost nothing",
            state=LineState.DONE,
            at_s=_seconds(check, check.came_back_at),
        )
    return ProofLine(
        title="It reaches Aloha",
        text="Nobody answers, and you pay nothing for the call",
        state=LineState.TO_COME,
        at_s=None,
    )


def _seconds(check: ForwardingCheck, at: datetime | None) -> int | None:
    return None if at is None else max(int((at - check.started_at).total_seconds()), 0)
