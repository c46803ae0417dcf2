"""What a static fallback took while all of Aloha was away comes from the provider's lists."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from telephony.backends.base import get_backend
from telephony.errors import ProviderUnclear
from telephony.fallback_messages import LOOK_BACK, collect_fallback_messages
from telephony.models import (
    Call,
    CallStatus,
    CarrierRecording,
    Mover,
    NumberEvent,
    NumberStatus,
    Recording,
)
from tests.contract.test_telephony_backends import WAV
from tests.factories import make_call, make_number
from tests.peers.twilio_history import past_call, past_recording
from tests.peers.twilio_rest import TwilioAccount, twilio_peer
from voicemail import processing
from voicemail.models import Message

NUMBER = "+14155550132"
AN_HOUR = timedelta(hours=1)

pytestmark = pytest.mark.A5


@pytest.fixture
def account(settings, db) -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


@pytest.fixture
def number(owner):
    number = make_number(owner, phone_number=NUMBER, twilio_phone_sid="PN" + "a" * 32)
    type(number).objects.update(created_at=timezone.now() - timedelta(days=30))
    return number


def call_ago(ago=AN_HOUR, **fields):
    return past_call(**{"to": NUMBER, "started_at": timezone.now() - ago} | fields)


def test_a_call_of_the_static_fallback_gets_its_row_and_its_message(account, number):
    call = call_ago()
    message = past_recording(call=call)
    account.past_calls, account.past_recordings = [call], [message]
    assert collect_fallback_messages() == 2
    row = Call.objects.get()
    assert (row.call_sid, row.owner, row.status) == (call["sid"], number.user, "completed")
    assert (row.duration_s, row.end_reason) == (20, "message_after_failure")
    assert timezone.now() - row.started_at > timedelta(minutes=59)
    assert CarrierRecording.objects.get().sid == message["sid"]


def test_its_message_reaches_the_inbox_with_the_audio(account, number):
    call = call_ago()
    message = past_recording(call=call)
    account.past_calls, account.past_recordings = [call], [message]
    account.recordings[message["sid"]] = WAV
    collect_fallback_messages()
    processing.work_once(all_time=True)
    assert Message.objects.get().call == Recording.objects.get().call


def test_collecting_twice_changes_nothing(account, number):
    call = call_ago()
    account.past_calls, account.past_recordings = [call], [past_recording(call=call)]
    collect_fallback_messages()
    assert collect_fallback_messages() == 0
    assert (Call.objects.count(), CarrierRecording.objects.count()) == (1, 1)


def test_a_call_that_we_know_keeps_its_row_and_gets_a_message_nobody_told_of(account, number):
    call = call_ago()
    make_call(number, call_sid=call["sid"], status=CallStatus.COMPLETED, simulated=False)
    account.past_calls, account.past_recordings = [call], [past_recording(call=call)]
    assert collect_fallback_messages() == 1
    assert not Call.objects.get().carrier_fell_back
    assert CarrierRecording.objects.count() == 1


@pytest.mark.parametrize(
    ("ago", "fields"),
    [
        pytest.param(AN_HOUR, {"direction": "outbound-api"}, id="we called"),
        pytest.param(AN_HOUR, {"to": "+12125550199"}, id="not our number"),
        pytest.param(AN_HOUR, {"status": "busy", "duration": "0"}, id="rejected"),
        pytest.param(AN_HOUR, {"status": "no-answer", "duration": "0"}, id="never answered"),
        pytest.param(timedelta(seconds=30), {}, id="ended just now"),
        pytest.param(LOOK_BACK + AN_HOUR, {}, id="too old"),
    ],
)
def test_any_other_call_is_left_alone(account, number, ago, fields):
    call = call_ago(ago, **fields)
    account.past_calls, account.past_recordings = [call], [past_recording(call=call)]
    assert collect_fallback_messages() == 0
    assert not Call.objects.exists()


@pytest.mark.D5
def test_a_call_from_before_the_owner_had_the_number_is_nobodys(account, number):
    type(number).objects.update(created_at=timezone.now())
    account.past_calls = [call_ago()]
    assert collect_fallback_messages() == 0


def leave(number, *, ago: timedelta) -> None:
    """Out of service, as a release or "Change number" leaves it."""
    type(number).objects.filter(pk=number.pk).update(status=NumberStatus.RELEASED)
    NumberEvent.objects.create(
        number=number,
        from_status=NumberStatus.ACTIVE,
        to_status=NumberStatus.RELEASING,
        who=Mover.OWNER,
        at=timezone.now() - ago,
    )


@pytest.mark.parametrize("is_anothers", [False, True])
def test_a_message_from_just_before_a_release_is_that_owners(
    account, number, stranger, is_anothers
):
    leave(number, ago=AN_HOUR / 2)
    if is_anothers:
        make_number(stranger, phone_number=NUMBER, twilio_phone_sid="PN" + "b" * 32)
    call = call_ago()
    account.past_calls, account.past_recordings = [call], [past_recording(call=call)]
    assert collect_fallback_messages() == 2
    assert Call.objects.get().owner == number.user


def test_a_call_from_after_a_release_is_nobodys(account, number):
    leave(number, ago=2 * AN_HOUR)
    account.past_calls = [call_ago()]
    assert collect_fallback_messages() == 0
    assert not Call.objects.exists()


@pytest.mark.parametrize("fields", [{"source": "OutboundAPI"}, {"status": "processing"}])
def test_only_whole_messages_after_the_tone_are_fetched(account, number, fields):
    call = call_ago()
    account.past_calls, account.past_recordings = [call], [past_recording(call=call, **fields)]
    collect_fallback_messages()
    assert not CarrierRecording.objects.exists()


def test_long_lists_are_read_to_their_end(account, number):
    account.largest_page = 3
    account.past_calls = [call_ago(AN_HOUR + timedelta(minutes=at)) for at in range(8)]
    assert collect_fallback_messages() == 8


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_a_provider_that_does_not_answer_changes_nothing(account, number, fault):
    account.past_calls = [call_ago()]
    account.faults["GET"] = fault
    with pytest.raises(ProviderUnclear):
        collect_fallback_messages()
    assert not Call.objects.exists()


def test_an_entry_that_cannot_be_read_is_no_answer(account):
    account.past_calls = [call_ago() | {"duration": "x"}]
    with pytest.raises(ProviderUnclear):
        get_backend().list_calls(since=timezone.now() - LOOK_BACK)


def test_a_caller_without_a_number_is_withheld(account, number):
    account.past_calls = [call_ago() | {"from": "+266696687"}]
    collect_fallback_messages()
    assert Call.objects.get().caller_withheld


@pytest.mark.parametrize("field", ["from", "to", "forwarded_from"])
def test_a_call_with_unreadable_signs_holds_up_no_other(account, number, field):
    strange = call_ago(**{field: f"{'anna' if field != 'to' else NUMBER}\0"})
    account.past_calls = [strange, call_ago()]
    assert collect_fallback_messages() == 2
