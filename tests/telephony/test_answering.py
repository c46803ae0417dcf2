"""How a call is answered: the rules as a table, and the facts they go by."""

import itertools
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from agent.brief import CallType
from telephony import calls, probes
from telephony.answering import (
    AgentAnswers,
    Answer,
    ClassicVoicemail,
    LineFacts,
    NotInService,
    ProbeReturned,
    Refused,
    decide,
)
from telephony.carrier_requests import IncomingCall
from telephony.line_facts import look_at_line
from telephony.models import (
    Call,
    CallStatus,
    NumberStatus,
    StreamState,
    Switch,
    UserPhoneNumber,
    VoicemailMode,
)
from tests.factories import make_call, make_number
from tests.telephony.carrier import incoming_form, post

CALLER = "+15105550147"
LIVE, VOICEMAIL = AgentAnswers(CallType.LIVE), AgentAnswers(CallType.VOICEMAIL)
AFTER_THE_TONE = ClassicVoicemail()
FREE = {
    "in_service": True,
    "is_loop": False,
    "agent_is_off": False,
    "agent_is_busy": False,
    "voicemail_only": False,
}


@pytest.mark.W4
@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        pytest.param({}, LIVE, id="agent answers live"),
        pytest.param({"voicemail_only": True}, VOICEMAIL, id="agent takes messages"),
        pytest.param({"agent_is_off": True}, AFTER_THE_TONE, id="switched off by staff"),
        pytest.param({"agent_is_busy": True}, AFTER_THE_TONE, id="over a cap"),
        pytest.param(
            {"agent_is_off": True, "voicemail_only": True}, AFTER_THE_TONE, id="off, voicemail"
        ),
        pytest.param(
            {"agent_is_busy": True, "voicemail_only": True}, AFTER_THE_TONE, id="busy, voicemail"
        ),
        pytest.param({"is_loop": True}, Refused(), id="our own number calls"),
        pytest.param({"is_loop": True, "agent_is_off": True}, Refused(), id="loop beats off"),
        pytest.param({"in_service": False}, NotInService(), id="unknown number"),
        pytest.param({"in_service": False, "is_loop": True}, NotInService(), id="unknown, loop"),
    ],
)
def test_the_first_rule_that_fits_decides(facts, answer):
    assert decide(LineFacts(**(FREE | facts))) == answer


@pytest.fixture
def number(owner):
    return make_number(owner)


def call_to(number, *, caller: str = CALLER, was_forwarded: bool | None = None) -> IncomingCall:
    return IncomingCall(
        call_sid="CA" + "0" * 32,
        caller=caller,
        caller_withheld=False,
        called=number.phone_number,
        forwarded_from="+14155550178" if was_forwarded else "",
        was_forwarded=was_forwarded,
    )


def facts_of(number, *, caller: str = CALLER) -> LineFacts:
    return look_at_line(call_to(number, caller=caller))[1]


def talk(number, **fields):
    """A call that an agent is holding."""
    defaults = {
        "status": CallStatus.IN_PROGRESS,
        "stream_state": StreamState.OPEN,
        "stream_token_expires_at": timezone.now() + timedelta(seconds=60),
        "agent_backend": "scripted",
    }
    return make_call(number, **(defaults | fields))


@dataclass(frozen=True, slots=True)
class Line:
    """How a line stands when a call comes in; `is_tested`: a test of its forwarding is open."""

    mode: VoicemailMode
    was_forwarded: bool | None
    has_agent: bool
    is_full: bool
    is_loop: bool
    is_tested: bool


LINES = [
    Line(*fields)
    for fields in itertools.product(VoicemailMode, (True, False, None), *[(True, False)] * 4)
]


def answer_by_the_rules(line: Line, test: Call) -> Answer:
    """Whether the call was forwarded is none of them."""
    if line.is_tested:
        return ProbeReturned(test.id)
    if line.is_loop:
        return Refused()
    if line.is_full or not line.has_agent:
        return AFTER_THE_TONE
    return VOICEMAIL if line.mode == VoicemailMode.VOICEMAIL_ONLY else LIVE


def answer_on(line: Line, test: Call) -> Answer:
    """Let a call come in on a line that stands so; nothing of it stays."""
    number = test.number
    with transaction.atomic():
        UserPhoneNumber.objects.filter(pk=number.pk).update(
            voicemail_enabled=line.mode != VoicemailMode.NONE, voicemail_mode=line.mode
        )
        Call.objects.filter(pk=test.pk).update(
            status=CallStatus.RINGING if line.is_tested else CallStatus.COMPLETED
        )
        if not line.has_agent:
            Switch.objects.create(kind="agent", number=number, reason="outage")
        if line.is_full:
            talk(number)
        caller = number.phone_number if line.is_loop else CALLER
        call = call_to(number, caller=caller, was_forwarded=line.was_forwarded)
        answer = calls.open_call(call).answer
        transaction.set_rollback(True)
    return answer


@pytest.mark.W4
def test_every_line_is_answered_by_the_rules(number, settings):
    settings.AGENT_CALLS_PER_NUMBER = 1
    test = probes.new_probe(number=number, to=CALLER, now=timezone.now())
    answers = {line: answer_on(line, test) for line in LINES}
    assert len(answers) == 3 * 3 * 2**4
    assert answers == {line: answer_by_the_rules(line, test) for line in LINES}


@pytest.mark.W4
@pytest.mark.parametrize("mode", list(VoicemailMode))
def test_an_untouched_line_is_free_in_every_mode(owner, mode):
    number = make_number(owner, voicemail_enabled=mode != VoicemailMode.NONE, voicemail_mode=mode)
    only = mode == VoicemailMode.VOICEMAIL_ONLY
    assert facts_of(number) == LineFacts(**(FREE | {"voicemail_only": only}))


@pytest.mark.D4
def test_the_number_of_a_closed_account_is_not_in_service_though_it_is_not_given_back_yet(number):
    User.objects.filter(pk=number.user_id).update(is_active=False)
    assert not facts_of(number).in_service
    answer = post("/api/twilio/voice/incoming", incoming_form(number.phone_number))
    assert "not in service" in answer.content.decode()
    assert not Call.objects.exists()


@pytest.mark.W9
def test_a_call_from_any_number_of_ours_is_a_loop(number, stranger):
    other = make_number(stranger)
    assert facts_of(number, caller=other.phone_number).is_loop
    assert facts_of(number, caller=number.phone_number).is_loop


def test_a_number_that_was_given_back_may_call(number, stranger):
    old = make_number(stranger, status=NumberStatus.RELEASED)
    assert not facts_of(number, caller=old.phone_number).is_loop


@pytest.mark.parametrize("of_one", [True, False], ids=["for the number", "for all"])
def test_staff_switch_the_agent_off(number, of_one):
    Switch.objects.create(kind="agent", number=number if of_one else None, reason="outage")
    assert facts_of(number).agent_is_off


def test_a_switch_of_another_number_or_of_the_past_changes_nothing(number, stranger):
    Switch.objects.create(kind="agent", number=make_number(stranger), reason="abuse")
    Switch.objects.create(
        kind="agent", number=number, reason="outage", until=timezone.now() - timedelta(seconds=1)
    )
    Switch.objects.create(kind="outbound", number=None, reason="abuse")
    assert not facts_of(number).agent_is_off


def test_a_number_has_as_many_calls_at_once_as_the_settings_say(number, stranger, settings):
    settings.AGENT_CALLS_PER_NUMBER = 2
    talk(number)
    talk(make_number(stranger))
    assert not facts_of(number).agent_is_busy
    talk(number, stream_state=StreamState.ISSUED, status=CallStatus.RINGING)
    assert facts_of(number).agent_is_busy


def test_the_installation_has_as_many_calls_at_once_as_the_settings_say(number, stranger, settings):
    settings.AGENT_CALLS_AT_ONCE = 2
    other = make_number(stranger)
    talk(other)
    assert not facts_of(number).agent_is_busy
    talk(other)
    assert facts_of(number).agent_is_busy


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": CallStatus.COMPLETED}, id="over"),
        pytest.param({"stream_state": StreamState.CLOSED}, id="with the carrier now"),
        pytest.param({"started_at": timezone.now() - timedelta(hours=1)}, id="lost long ago"),
        pytest.param(
            {
                "stream_state": StreamState.ISSUED,
                "stream_token_expires_at": timezone.now() - timedelta(seconds=1),
            },
            id="its stream can come no more",
        ),
    ],
)
def test_a_call_that_no_agent_holds_keeps_no_place(number, settings, fields):
    settings.AGENT_CALLS_PER_NUMBER = 1
    talk(number, **fields)
    assert not facts_of(number).agent_is_busy


def test_an_owners_minutes_of_a_day_are_counted_over_all_her_calls(number, settings):
    settings.AGENT_MINUTES_PER_DAY = 10
    talk(number, status=CallStatus.COMPLETED, duration_s=599)
    old = timezone.now() - timedelta(hours=25)
    talk(number, status=CallStatus.COMPLETED, duration_s=3_000, started_at=old)
    talk(number, status=CallStatus.COMPLETED, duration_s=3_000, agent_backend="")
    assert not facts_of(number).agent_is_busy
    talk(number, status=CallStatus.COMPLETED, duration_s=1)
    assert facts_of(number).agent_is_busy


def test_a_caller_beyond_the_cap_leaves_a_message_after_the_tone(number, settings):
    settings.AGENT_CALLS_PER_NUMBER = 1
    talk(number)
    answer = post("/api/twilio/voice/incoming", incoming_form(number.phone_number))
    assert b"<Record" in answer.content
    assert b"<Connect" not in answer.content


@pytest.mark.P4
def test_an_incoming_call_takes_four_queries(number, django_assert_num_queries):
    # On PostgreSQL the scope is set and, since a test stands around it, taken back; SQLite needs
    # no word to let calls have their turn.
    scopes, turns = (2, 1) if connection.vendor == "postgresql" else (0, 0)
    # The insert stands in a savepoint; so does, in a test, the whole.
    with django_assert_num_queries(3 + turns + 2 + 2 + scopes):
        post("/api/twilio/voice/incoming", incoming_form(number.phone_number))
