"""What the carrier is answered when the real answer fails or does not come in time.

None of this reads the database. A stand-in gets the request and whether it could be kept for
later; what was kept counts as taken.
"""

from collections.abc import Callable

from django.http import HttpResponse

from telephony import twiml
from telephony.carrier_requests import SignedForm, is_about_the_file
from telephony.signatures import public_url

StandIn = Callable[[SignedForm, bool], HttpResponse]

RETRY_AFTER_S = 10


def take_a_message(form: SignedForm, is_kept: bool) -> HttpResponse:
    """Apologise and record the caller; somebody whom we called is not asked for a message."""
    if form.get("Direction").startswith("outbound"):
        return _twiml(twiml.sorry())
    recording_url = public_url("/api/twilio/voice/recording")
    return _twiml(twiml.classic_voicemail(recording_url=recording_url, apology=True))


def acknowledge(form: SignedForm, is_kept: bool) -> HttpResponse:
    """The answer to a callback: nobody listens to it.

    The carrier repeats a refused callback only where its address asks for that, and shows it in
    its debugger; so what could be kept is accepted, and only what would be lost is refused.
    """
    if is_kept:
        return HttpResponse(status=204)
    return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})


def thank_or_acknowledge(form: SignedForm, is_kept: bool) -> HttpResponse:
    """After a recording: thank the caller who waits; the callback about its file has a status."""
    if is_about_the_file(form):
        return acknowledge(form, is_kept)
    return _twiml(twiml.message_taken())


def _twiml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml")
