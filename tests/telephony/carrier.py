"""What the carrier posts, signed like the real thing."""

from typing import Any

from django.http import QueryDict
from django.test import Client
from django.utils.http import urlencode

from telephony.signatures import public_url, sign

FORM = "application/x-www-form-urlencoded"
SID = "SIMULATED_CALL_" + "a" * 32


def incoming_form(to: str, **fields: str) -> dict[str, str]:
    """A whole request for an incoming call, as documented."""
    form = {
        "CallSid": SID,
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "From": "+15105550147",
        "Caller": "+15105550147",
        "To": to,
        "Called": to,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "FromCity": "",
        "FromState": "",
        "FromZip": "",
        "FromCountry": "US",
    }
    return form | fields


def post(path: str, form: dict[str, Any], *, signature: str | None = None) -> Any:
    """Post a form to one of our webhooks, rightly signed unless `signature` says otherwise."""
    body = urlencode(form, doseq=True)
    if signature is None:
        signature = sign(public_url(path), QueryDict(body))
    return Client().post(
        path,
        body,
        content_type=FORM,
        headers={"X-Twilio-Signature": signature},
    )
