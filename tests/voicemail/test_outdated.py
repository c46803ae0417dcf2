"""What cannot be erased now keeps nothing else from being erased."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from telephony.audio_spool import spool_path
from telephony.models import Call, Recording, TranscriptLine
from tests.factories import make_number
from tests.voicemail.messages import ended_call
from tests.voicemail.test_erasing import CALLER, WORDS, full_message
from voicemail import erasing, inbox, outdated
from voicemail.models import Erasure, Message, Stage
from voicemail.reopening import reopen

pytestmark = pytest.mark.V6
YEAR_MINUTES = 366 * 1_440


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "recordings"
    settings.SPOOL_DIR = tmp_path / "spool"


@pytest.fixture
def number(owner):
    return make_number(owner)


def hold_fast(call: Call, settings) -> None:
    """What was kept of the call cannot be taken off the disk."""
    (settings.SPOOL_DIR / "endings" / f"{call.id}-0.json").mkdir(parents=True)


def old_words(number) -> Call:
    call = ended_call(number, YEAR_MINUTES, direction="outbound", to_number=CALLER)
    TranscriptLine.objects.create(
        call=call, position=0, role="caller", text=WORDS, start_ms=0, end_ms=9, source="none"
    )
    return call


def test_words_that_cannot_be_erased_keep_no_others(number, settings):
    stuck, others = old_words(number), [old_words(number) for _ in range(3)]
    hold_fast(stuck, settings)
    assert outdated.erase_what_is_old() == len(others)
    assert TranscriptLine.objects.get().call == stuck


@pytest.mark.django_db(transaction=True)
def test_a_chore_that_fails_keeps_no_other_from_being_done(number, owner, settings):
    full_message(number)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "no such table"}}
    with pytest.raises(ExceptionGroup):
        erasing.keep_house()
    assert Erasure.objects.get().done_at is not None


def test_a_hundred_that_cannot_be_erased_leave_the_others_their_turn(number, settings):
    deleted = {"deleted_at": timezone.now() - timedelta(hours=2), "stage": Stage.NOTIFIED}
    calls = [ended_call(number, 200) for _ in range(outdated.AT_ONCE + 1)]
    for call in calls:
        Message.objects.create(call=call, **deleted)
    for call in calls[:-1]:
        hold_fast(call, settings)
    assert sum(outdated.erase_deleted_messages() for _ in range(6)) == 1
    assert Message.objects.get(erased_at__isnull=False).call == calls[-1]


def bring_back_what_was_listed(execute, sql, params, many, context):
    """The owners' late recordings come between the list of what is to be erased and the erasing."""
    result = execute(sql, params, many, context)
    if "ORDER BY RAND" in sql.upper():
        for call_id in Message.objects.values_list("call_id", flat=True):
            reopen(call_id)
    return result


@pytest.mark.V4
def test_a_message_that_is_brought_back_meanwhile_is_not_erased(number):
    full_message(number)
    Message.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    with connection.execute_wrapper(bring_back_what_was_listed):
        assert outdated.erase_deleted_messages() == 0
    message = Message.objects.get()
    assert (message.deleted_at, message.erased_at) == (None, None)
    assert Recording.objects.get().file.size
    assert message.call.audio_erased_at is None
    assert TranscriptLine.objects.exists()


def test_a_message_that_is_half_erased_is_not_brought_back(number, settings):
    message = full_message(number)
    hold_fast(message.call, settings)
    Message.objects.update(deleted_at=timezone.now() - timedelta(minutes=61))
    assert outdated.erase_deleted_messages() == 0
    assert not Recording.objects.exists()
    assert reopen(message.call_id) == 0
    inbox.restore(message=message)
    assert not Message.objects.for_user(message.owner).exists()
    assert Message.objects.get().deleted_at is not None


def test_audio_that_was_never_stored_is_erased_when_it_is_old(number):
    call = ended_call(number, YEAR_MINUTES)
    spool = spool_path(call.id)
    spool.parent.mkdir(parents=True)
    (spool.parent / "nobodys.mulaw").touch()
    spool.write_bytes(b"canary")
    outdated.erase_what_is_old()
    assert not spool.exists()
