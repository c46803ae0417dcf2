"""`manage.py showcall` tells what is known of a call, and no number or word."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agent.session import AgentReport
from telephony import call_events
from telephony.agent_reports import keep_report
from telephony.call_events import EventKind
from tests.factories import make_call, make_number

pytestmark = pytest.mark.django_db


def shown(call: str) -> str:
    out = StringIO()
    call_command("showcall", call, stdout=out)
    return out.getvalue()


@pytest.fixture
def call(owner):
    call = make_call(
        make_number(owner),
        status="completed",
        end_reason="agent_finished",
        forwarded_from="+14155550198",
        was_forwarded=True,
    )
    payload = {"CallSid": [call.call_sid], "CallStatus": ["completed"], "From": ["+15105550147"]}
    call_events.note(call.id, kind=EventKind.STATUS, key="3", payload=payload)
    return call


def test_a_call_is_shown_by_either_of_its_ids(call):
    assert shown(call.call_sid) == shown(str(call.pk))


def test_how_it_stands_and_what_was_reported_is_shown(call):
    text = shown(call.call_sid)
    assert "ended because:  Aloha took the call and said goodbye" in text
    assert "forwarded from: …0198" in text
    assert "CallStatus=completed" in text


def test_of_numbers_only_the_last_digits_are_shown(call):
    assert "155550" not in shown(call.call_sid)


def test_of_what_the_agent_told_only_the_names_are_shown(call):
    keep_report(call.id, AgentReport(usage={"responses": 2}, reason="The boiler.", urgency="high"))
    text = shown(call.call_sid)
    assert "also sent: reason, urgency" in text
    assert "also sent: usage" in text
    assert "boiler" not in text


def test_a_call_that_there_is_not_is_said(db):
    with pytest.raises(CommandError, match="There is no call CA1"):
        shown("CA1")
