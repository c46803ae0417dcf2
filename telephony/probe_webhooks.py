"""The carrier's webhooks of probe calls: see `probes.py`. Their addresses name the probe."""

from uuid import UUID

from django.http import HttpResponse

from accounts.row_security import service_scope
from telephony import call_events, calls, carrier_requests, probes, twiml
from telephony.call_events import EventKind
from telephony.carrier_guard import twilio_callback, twilio_webhook
from telephony.carrier_requests import SignedForm
from telephony.errors import BadCarrierRequest


@twilio_webhook
def probe_answered(form: SignedForm) -> HttpResponse:
    """Somebody or something took a probe: a person presses a key or hangs up, a machine stays."""
    probe_id, sid = _probe(form), carrier_requests.read_call_sid(form)
    with service_scope():
        probes.adopt_sid(probe_id, sid)
        probes.note(probe_id, EventKind.PROBE_ANSWERED, key=sid, payload=form.as_payload())
    return _twiml(twiml.probe_answered(key_url=probes.key_url(probe_id)))


@twilio_webhook
def probe_key(form: SignedForm) -> HttpResponse:
    """The words were heard out, with a key at their end or without."""
    probe_id, sid = _probe(form), carrier_requests.read_call_sid(form)
    kind = EventKind.PROBE_KEY_PRESSED if form.get("Digits") else EventKind.PROBE_HEARD_OUT
    with service_scope():
        probes.note(probe_id, kind, key=sid, payload=form.as_payload())
    return _twiml(twiml.hang_up())


@twilio_callback
def probe_status(form: SignedForm) -> HttpResponse:
    """The carrier says where a probe is."""
    report = carrier_requests.read_status_report(form)
    with service_scope():
        probes.adopt_sid(_probe(form), report.call_sid)
        call_events.note_report(
            report.call_sid,
            kind=EventKind.STATUS,
            key=f"{report.status.value}:{'' if report.sequence is None else report.sequence}",
            payload=form.as_payload(),
            facts=report.as_facts(),
        )
        calls.record_progress(report)
    return HttpResponse(status=204)


def _probe(form: SignedForm) -> UUID:
    probe_id = carrier_requests.read_row(form)
    if probe_id is None:
        raise BadCarrierRequest("call")
    return probe_id


def _twiml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml")
