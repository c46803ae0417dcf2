"""Who is to be forgotten while she speaks is forgotten with what she says until she hangs up."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from agent.session import AgentOutcome, Role
from telephony import do_not_call, kept_endings
from telephony.models import Call, CallStatus, DoNotCall, StreamState, TranscriptLine
from telephony.recording import store_recording
from tests.factories import make_call, make_number
from tests.voicemail.test_erasing import CALLER, WORDS, clean_folder, full_message, traces
from tests.voicemail.test_processing import announce_recording
from voicemail import erasing, processing
from voicemail.models import Erasure, Message, Stage

pytestmark = pytest.mark.V6
__all__ = ["clean_folder"]  # used by every test here


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def running(number) -> Call:
    return make_call(
        number,
        status=CallStatus.IN_PROGRESS,
        stream_state=StreamState.OPEN,
        agent_outcome="finished",
        from_number=CALLER,
    )


def hang_up(call: Call) -> None:
    """The call ends; what was said until then is in the database, as the server leaves it."""
    TranscriptLine.objects.create(
        call=call, position=9, role=Role.CALLER, text=WORDS, start_ms=0, end_ms=4_000,
        source="realtime",
    )  # fmt: skip
    store_recording(call=call, caller=b"\x10" * 8_000, agent=b"\xff" * 8_000)
    Call.objects.filter(id=call.id).update(
        status=CallStatus.COMPLETED, ended_at=timezone.now(), stream_state=StreamState.CLOSED
    )


def keep_house() -> Erasure:
    """The worker's chores, now and not at the hour of its next try."""
    Erasure.objects.update(next_step_at=timezone.now())
    erasing.keep_house()
    return Erasure.objects.get()


def test_what_a_caller_says_after_the_wish_is_forgotten_and_never_mailed(
    running, owner, mailoutbox
):
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasure = keep_house()
    assert (erasure.done_at, erasure.last_error) == (None, "NotYetErased: not_yet_erased")
    hang_up(running)
    assert keep_house().done_at is None  # the message is not prepared yet
    processing.work_once(all_time=True)
    assert Message.objects.get().stage == Stage.NOTIFIED
    assert not Message.objects.for_user(owner).exists()
    assert keep_house().done_at is not None
    assert traces(CALLER, WORDS) == set()
    assert mailoutbox == []


def test_earlier_calls_are_forgotten_while_the_last_one_runs(running, number, owner):
    earlier = full_message(number)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert keep_house().done_at is None
    assert Message.objects.get(id=earlier.id).erased_at is not None
    assert traces(WORDS, "canary audio") == set()


def test_an_ending_that_the_database_has_not_taken_is_waited_for(number, owner):
    call = full_message(number).call
    line = TranscriptLine(
        call=call, position=5, role=Role.CALLER, text=WORDS, start_ms=0, end_ms=9, source="none"
    )
    kept_endings.keep(
        kept_endings.KeptEnding(
            call_id=call.id, generation=1, outcome=AgentOutcome.FINISHED, facts={}, lines=[line]
        )
    )
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert keep_house().done_at is None
    kept_endings.write_down_endings()
    assert keep_house().done_at is not None
    assert traces(CALLER, WORDS) == set()


def test_a_message_that_always_fails_is_erased_all_the_same(number, owner):
    message = full_message(number)
    Message.objects.update(stage=Stage.COLLECTED)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert keep_house().done_at is None
    Call.objects.filter(id=message.call_id).update(
        ended_at=timezone.now() - erasing.PREPARED_WITHIN * 1.01
    )
    assert keep_house().done_at is not None
    assert traces(CALLER, WORDS) == set()


def test_another_caller_on_the_line_is_not_waited_for(number, owner):
    make_call(number, status=CallStatus.IN_PROGRESS, from_number="+14155550181")
    full_message(number)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert keep_house().done_at is not None


def test_a_late_recording_does_not_bring_back_who_is_being_forgotten(number, owner):
    message = full_message(number)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    announce_recording(Call.objects.get(), b"\x10" * 16_000)
    assert processing.reopen_messages() == 0
    assert Message.objects.get(id=message.id).deleted_at is not None


def test_messages_of_others_are_collected_into_the_inbox(number, owner):
    erasing.forget_caller(owner=owner, phone_number="+14155550181")
    call = make_call(
        number, call_sid=f"SIMULATED_CALL_{uuid.uuid4().hex}", status=CallStatus.COMPLETED,
        ended_at=timezone.now(), stream_state=StreamState.CLOSED,
    )  # fmt: skip
    processing.collect_messages()
    assert Message.objects.for_user(owner).get().call == call


def test_whom_we_called_is_not_forgotten_before_her_last_words_are_heeded(number, owner):
    call = make_call(
        number, direction="outbound", from_number=number.phone_number, to_number=CALLER,
        status=CallStatus.COMPLETED, stream_state=StreamState.OPEN, ended_at=timezone.now(),
    )  # fmt: skip
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert keep_house().done_at is None
    TranscriptLine.objects.create(
        call=call, position=0, role=Role.CALLER, text="Please never call me again.", start_ms=0,
        end_ms=9, source="realtime",
    )  # fmt: skip
    do_not_call.heed_words(call.id)
    Call.objects.update(ended_at=timezone.now() - timedelta(minutes=1))
    assert keep_house().done_at is not None
    assert do_not_call.is_listed(owner.pk, CALLER)
    assert traces(CALLER, "never call me") == set()


def test_a_wish_that_names_nobody_any_more_is_no_entry(number):
    call = make_call(number, direction="outbound", to_number="")
    do_not_call.add_callee(call, source=DoNotCall.Source.VOICE)
    assert not DoNotCall.objects.exists()
