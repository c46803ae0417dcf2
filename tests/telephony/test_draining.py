"""What the carrier is answered by a process on its way out, and by the one that takes over."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from agent.brief import CallType
from agent.dialogue import Dialogue, Say
from telephony import calls, draining, stream_handover
from telephony.draining import Drain
from telephony.models import Call, CallStatus, StreamState
from telephony.stream_facts import StreamFacts
from telephony.stream_handover import MAX_STREAMS
from tests.factories import make_call, make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.telephony.carrier import incoming_form, post
from tests.telephony.test_stream_handshake import issue_call
from tests.telephony.test_webhooks import AFTER_STREAM, INCOMING, STATUS

pytestmark = [pytest.mark.A4, pytest.mark.django_db]


@pytest.fixture
def drain() -> Iterator[Drain]:
    """The drain of this process; afterwards it stays after all."""
    yield draining.here
    draining.here.has_begun = False


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def call(number) -> Call:
    """A call with a stream, as the process that holds it sees it."""
    post(INCOMING, incoming_form(number.phone_number))
    return calls.claim_stream(Call.objects.get().stream_token)


def after_stream(call: Call) -> str:
    form = incoming_form(call.to_number, CallSid=call.call_sid, CallStatus="in-progress")
    return post(AFTER_STREAM, form).content.decode()


def test_a_call_that_was_handed_over_gets_its_next_stream_without_another_notice(call):
    first = call.stream_token
    assert stream_handover.hand_over(call.id)
    call.refresh_from_db()
    document = after_stream(call)
    assert f"/stream/{call.stream_token}" in document
    assert first not in document
    assert "<Say" not in document


def test_a_repeated_question_gets_the_same_stream_again(call):
    stream_handover.hand_over(call.id)
    assert after_stream(call) == after_stream(call)


def test_the_next_stream_opens_once(call):
    stream_handover.hand_over(call.id)
    token = Call.objects.get().stream_token
    assert calls.claim_stream(token) is not None
    assert calls.claim_stream(token) is None


def test_the_token_of_the_stream_before_opens_nothing(call):
    stream_handover.hand_over(call.id)
    assert calls.claim_stream(call.stream_token) is None


def test_a_call_that_has_ended_is_not_handed_over(call):
    post(STATUS, incoming_form(call.to_number, CallSid=call.call_sid, CallStatus="completed"))
    assert not stream_handover.hand_over(call.id)
    assert Call.objects.get().stream_generation == 0


def test_a_caller_whom_nobody_takes_over_in_time_leaves_a_message(call):
    stream_handover.hand_over(call.id)
    Call.objects.update(stream_token_expires_at=timezone.now() - timedelta(seconds=1))
    assert "<Record" in after_stream(call)


def test_a_caller_is_not_passed_on_for_ever(call):
    for _ in range(MAX_STREAMS):
        stream_handover.hand_over(call.id)
        Call.objects.update(stream_state=StreamState.OPEN)
    Call.objects.update(stream_state=StreamState.ISSUED)
    assert "<Record" in after_stream(call)


def test_who_hangs_up_between_two_streams_has_talked_with_the_agent(call):
    stream_handover.hand_over(call.id)
    post(STATUS, incoming_form(call.to_number, CallSid=call.call_sid, CallStatus="completed"))
    assert Call.objects.get().end_reason == "caller_hung_up"


def test_a_process_that_goes_alone_lets_new_callers_leave_a_message(number, drain):
    drain.begin(is_alone=lambda: True)
    document = post(INCOMING, incoming_form(number.phone_number)).content.decode()
    assert "<Record" in document
    assert "<Connect" not in document


def test_a_process_that_goes_alone_records_those_it_could_not_finish_with(call, drain):
    stream_handover.hand_over(call.id)
    drain.begin(is_alone=lambda: True)
    assert "<Record" in after_stream(call)


def test_a_process_with_a_successor_answers_as_always(number, drain):
    drain.begin(is_alone=lambda: False)
    assert b"<Connect" in post(INCOMING, incoming_form(number.phone_number)).content


def test_a_process_on_its_way_out_is_not_ready(client, drain):
    drain.begin(is_alone=lambda: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"The server drains.\n")
    assert client.get("/healthz").status_code == 200


def test_only_streams_that_are_open_are_asked_to_end():
    drain = Drain()

    class Stream:
        call_id = uuid.uuid4()
        was_asked = False

        def hand_over(self) -> None:
            self.was_asked = True

    closed, open_ = Stream(), Stream()
    with drain.holding(closed):
        pass
    with drain.holding(open_):
        drain.begin(is_alone=lambda: True)
        drain.hand_over_all()
    assert (closed.was_asked, open_.was_asked) == (False, True)
    assert drain.carried == {open_.call_id}


@pytest.fixture
def offered(aloha_url, owner) -> Call:
    """A call whose stream is to be opened on a real server."""
    return issue_call(owner)


async def test_a_stream_that_comes_too_late_counts_among_those_that_were_here(offered, drain):
    drain.begin(is_alone=lambda: False)
    async with MediaLine(stream_url(offered)) as line:
        assert await line.closed(within_s=3) == 1000
    assert drain.carried == {offered.id}


def test_what_was_said_before_is_told_to_the_agent_that_goes_on(call):
    call.transcript.create(position=0, role="caller", text="It is Tom.", start_ms=0, end_ms=900)
    assert calls.brief_of(call).said_before == ()
    greeted = StreamFacts(has_introduced_itself=True)
    calls.keep_stream_facts(call.id, greeted.as_json(), generation=0)
    stream_handover.hand_over(call.id)
    brief = calls.brief_of(calls.claim_stream(Call.objects.get().stream_token))
    assert brief.goes_on
    assert brief.said_before == (("caller", "It is Tom."),)


def test_a_call_that_is_passed_on_before_anybody_spoke_is_greeted(call):
    stream_handover.hand_over(call.id)
    assert not calls.brief_of(calls.claim_stream(Call.objects.get().stream_token)).goes_on


@pytest.mark.parametrize(("was_told", "prompt"), [(False, "still_there"), (True, "anything_else")])
def test_the_embedded_agent_greets_nobody_twice(was_told, prompt):
    dialogue = Dialogue(CallType.LIVE, goes_on=True, was_told=was_told)
    assert dialogue.begin() == [Say(prompt=prompt)]


def test_a_call_without_a_stream_is_not_handed_over(number):
    call = make_call(number, status=CallStatus.IN_PROGRESS)
    assert not stream_handover.hand_over(call.id)
