"""Forwarding to test with: a line that forwards, a test under way, what the carrier says of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from telephony import probes
from telephony.models import Call, UserPhoneNumber, VoicemailMode
from tests.factories import make_number
from tests.telephony.carrier import incoming_form, post
from voicemail.forwarding import DEADLINE
from voicemail.models import ForwardingCheck

OWN_PHONE = "+14155550178"
NOW = datetime(2026, 11, 22, 22, 2, tzinfo=UTC)
RETURNED_SID = "SIMULATED_CALL_" + "b" * 32


def forwarding_number(user: User, **fields: Any) -> UserPhoneNumber:
    """A number with voicemail on, to which the owner's phone is said to forward."""
    defaults: dict[str, Any] = {
        "voicemail_enabled": True,
        "voicemail_mode": VoicemailMode.VOICEMAIL_ONLY,
        "external_phone_number": OWN_PHONE,
        "forwarding_enabled": True,
        "forwarding_confirmed": True,
    }
    return make_number(user, **(defaults | fields))


def make_check(
    number: UserPhoneNumber, *, started_at: datetime = NOW, **fields: Any
) -> ForwardingCheck:
    """A test that is on its way, or over with `outcome` and `finished_at`."""
    phone = number.external_phone_number or OWN_PHONE
    return ForwardingCheck.objects.create(
        number=number,
        phone_number=phone,
        probe=probes.new_probe(number=number, to=phone, now=started_at),
        started_at=started_at,
        deadline_at=started_at + DEADLINE,
        **fields,
    )


def came_back(check: ForwardingCheck, *, from_number: str = "", **fields: str) -> str:
    """The carrier sends the test call on to Aloha; our answer to it."""
    caller = from_number or check.probe.from_number
    form = incoming_form(check.number.phone_number, From=caller, CallSid=RETURNED_SID, **fields)
    return post("/api/twilio/voice/incoming", form).content.decode()


def status(check: ForwardingCheck, status: str, sequence: int = 3) -> int:
    """The carrier reports on the test call."""
    form = carrier_form(check) | {"CallStatus": status, "SequenceNumber": str(sequence)}
    answer = post(f"/api/twilio/voice/probe/{check.probe_id}/status", form)
    return int(answer.status_code)


def picked_up(check: ForwardingCheck, *, digits: str | None = None) -> str:
    """Somebody or something takes the call, and hears it out when `digits` are given."""
    path = f"/api/twilio/voice/probe/{check.probe_id}"
    document = post(path, carrier_form(check)).content.decode()
    if digits is None:
        return str(document)
    return str(post(f"{path}/key", carrier_form(check) | {"Digits": digits}).content.decode())


def carrier_form(check: ForwardingCheck) -> dict[str, str]:
    """The fields of a request about the test call; a probe without a SID gets one."""
    probe = Call.objects.get(pk=check.probe_id)
    form = incoming_form(check.phone_number, Direction="outbound-api")
    sid = probe.call_sid or f"SIMULATED_CALL_{check.pk.hex}"
    return form | {"From": probe.from_number, "CallSid": sid}


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
