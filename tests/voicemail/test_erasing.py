"""What was kept long enough, and what somebody wants forgotten: no trace afterwards."""

import shutil
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from agent.profiles import change_profile
from agent.session import AgentOutcome, Role
from telephony import do_not_call, kept_endings, outbound, request_spool, spool_files
from telephony.errors import IdempotencyKeyReused
from telephony.models import (
    Call,
    CallEvent,
    CarrierRecording,
    DoNotCall,
    IdempotencyKey,
    NumberEvent,
    NumberStatus,
    Recording,
    SyncRun,
    TranscriptLine,
)
from telephony.tombstones import tombstone
from tests.factories import PASSWORD, make_number
from tests.site import access_table
from tests.voicemail.messages import ended_call, leave_message
from voicemail import erasing
from voicemail.forwarding_models import ForwardingCheck, OwnPhone
from voicemail.models import Contact, Erasure, KeepingPreference, Message

pytestmark = pytest.mark.V6
FORWARDED = {
    "voicemail_enabled": True,
    "voicemail_mode": "voicemail_only",
    "forwarding_enabled": True,
}
CALLER, OTHER, WORDS = "+15105550147", "+14155550181", "canary boiler words"


@pytest.fixture
def number(owner):
    return make_number(owner, phone_number="+14155550132", external_phone_number="+14155550178")


def full_message(number, *, days_ago: float = 0, from_number: str = CALLER) -> Message:
    """A message with all that a call leaves: audio, words, events, the carrier's copy."""
    message = leave_message(
        number, minutes_ago=round(days_ago * 1440) + 5, reason=WORDS, summary=WORDS,
        caller_name="Canary Ito", search_text=WORDS,
    )  # fmt: skip
    call = message.call
    Call.objects.filter(id=call.id).update(from_number=from_number)
    TranscriptLine.objects.create(
        call=call, position=0, role=Role.CALLER, text=WORDS, start_ms=0, end_ms=9, source="none"
    )
    CallEvent.objects.create(call=call, kind="incoming", payload={"From": from_number})
    sid = f"SIMULATED_RECORDING_{uuid.uuid4().hex}"
    folder = django_settings.VAR_DIR / "calls" / str(call.call_sid)
    folder.mkdir(parents=True)
    (folder / f"{sid}.wav").write_bytes(b"canary audio")
    CarrierRecording.objects.create(call=call, sid=sid, fetched_at=timezone.now())
    return message


def file_of(message: Message) -> str:
    return str(Recording.objects.get(call=message.call).file.name)


def traces(*canaries: str) -> set[str]:
    """Where one of the texts still stands: in which table or file."""
    found = set()
    for model in apps.get_models():
        for row in model._base_manager.values():
            if any(canary in str(row) for canary in canaries):
                found.add(model._meta.label)
    for path in Path(django_settings.VAR_DIR).rglob("*"):
        is_database = "sqlite" in path.name
        if path.is_file() and not is_database:
            content = path.read_bytes()
            found |= {str(path) for canary in canaries if canary.encode() in content}
    return found


@pytest.fixture(autouse=True)
def clean_folder():
    """What other tests have left in the simulator's folder is none of this one's."""
    shutil.rmtree(django_settings.VAR_DIR / "calls", ignore_errors=True)


# --- Retention ---


def test_audio_goes_after_90_days_and_words_stay(number):
    old, recent = full_message(number, days_ago=91), full_message(number, days_ago=89)
    name, kept = file_of(old), file_of(recent)
    erasing.keep_house()
    assert not default_storage.exists(name)
    assert default_storage.exists(kept)
    assert not CarrierRecording.objects.filter(call=old.call).exists()
    assert TranscriptLine.objects.filter(call=old.call).exists()


def test_words_go_after_a_year_and_the_call_stays_in_the_log(number):
    old = full_message(number, days_ago=366)
    erasing.keep_house()
    assert traces(WORDS, "Canary Ito", "canary audio") == set()
    assert Call.objects.filter(id=old.call_id).exists()


@pytest.mark.parametrize(("days_ago", "is_gone"), [(366, True), (364, False)])
def test_words_of_a_call_that_left_no_message_go_after_a_year(number, days_ago, is_gone):
    Call.objects.filter(id=full_message(number, days_ago=days_ago).call_id).update(
        direction="outbound", to_number=OTHER
    )
    Message.objects.all().delete()
    erasing.keep_house()
    assert TranscriptLine.objects.exists() is not is_gone
    assert CallEvent.objects.get().payload == ({} if is_gone else {"From": CALLER})
    assert erasing.erase_what_is_old() == 0


def test_owners_choose_how_long(number, owner):
    KeepingPreference.objects.create(owner=owner, audio_days=2, text_days=4)
    message = full_message(number, days_ago=3)
    name = file_of(message)
    erasing.keep_house()
    assert not default_storage.exists(name)
    assert WORDS in str(list(Message.objects.values()))


def test_what_is_old_for_one_owner_is_kept_for_another(number, owner, stranger):
    KeepingPreference.objects.create(owner=owner, audio_days=2, text_days=4)
    message = full_message(make_number(stranger), days_ago=30)
    erasing.keep_house()
    assert default_storage.exists(file_of(message))


def test_a_carrier_that_is_away_is_asked_again(number, settings):
    message = full_message(number, days_ago=91)
    Call.objects.update(simulated=False)
    settings.TELEPHONY = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {
            "account_sid": "AC" + "0" * 32,
            "auth_token": "x",
            "api_base_url": "http://127.0.0.1:1",
        },
    }
    CarrierRecording.objects.update(sid="RE" + "0" * 32)
    erasing.keep_house()
    assert default_storage.exists(file_of(message))
    Call.objects.update(simulated=True)
    CarrierRecording.objects.update(sid="SIMULATED_RECORDING_" + "0" * 32)
    name = file_of(message)
    erasing.keep_house()
    assert not default_storage.exists(name)


# --- A message ---


def test_a_deleted_message_is_erased_when_it_can_no_longer_be_taken_back(number):
    message = full_message(number)
    name = file_of(message)
    Message.objects.update(deleted_at=timezone.now() - timedelta(minutes=59))
    erasing.keep_house()
    assert default_storage.exists(name)
    Message.objects.update(deleted_at=timezone.now() - timedelta(minutes=61))
    erasing.keep_house()
    assert traces(WORDS, "Canary Ito", "canary audio", name) == set()


def test_an_erased_message_is_not_collected_again(number):
    from voicemail import processing

    full_message(number)
    Message.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    erasing.keep_house()
    processing.work_once(all_time=True)
    assert Message.objects.get().erased_at is not None
    assert not Message.objects.exclude(reason="").exists()


# --- A caller ---


def test_a_forgotten_caller_leaves_no_trace_and_others_stay(number, owner):
    mine, others = full_message(number), full_message(number, from_number=OTHER)
    Contact.objects.create(owner=owner, phone_number=CALLER, name="Canary Ito")
    name = file_of(mine)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    assert traces(CALLER) == set()
    assert not default_storage.exists(name)
    assert default_storage.exists(file_of(others))
    assert Message.objects.get(id=others.id).reason == WORDS


def test_a_forgotten_caller_is_out_of_the_inbox_at_once(number, owner):
    full_message(number)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert not Message.objects.for_user(owner).exists()


def test_whoever_asked_for_no_calls_is_not_called_after_she_was_forgotten(number, owner):
    parties = {"from_number": number.phone_number, "to_number": CALLER}
    call = ended_call(number, 5, direction="outbound", **parties)
    do_not_call.add_callee(call, source=DoNotCall.Source.KEY)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    assert do_not_call.is_listed(owner.pk, CALLER)
    assert not do_not_call.is_listed(owner.pk, OTHER)
    assert traces(CALLER) == set()


def test_the_request_that_led_to_a_call_is_forgotten_with_the_callee(number, owner):
    """Its hash is of the number alone, and whoever has the hash can try all numbers."""
    for callee in (CALLER, OTHER):
        call = ended_call(number, 5, direction="outbound", to_number=callee)
        IdempotencyKey.objects.create(owner=owner, key=callee, request_hash="0" * 64, call=call)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    kept, forgotten = IdempotencyKey.objects.order_by("-key")
    assert (kept.key, kept.request_hash) == (OTHER, "0" * 64)
    assert (forgotten.key[0], forgotten.request_hash) == ("#", "")


@pytest.mark.W7
@time_machine.travel(datetime(2026, 11, 25, 20, 0, tzinfo=UTC), tick=False)  # noon there
def test_a_request_sent_again_does_not_call_whoever_was_forgotten_meanwhile(number, owner):
    place = partial(outbound.place_call, user=owner, phone_number=CALLER, key=f"call {CALLER}")
    call = place()
    Call.objects.update(status="completed", ended_at=timezone.now() - timedelta(minutes=5))
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    assert traces(CALLER) == set()
    with pytest.raises(IdempotencyKeyReused):
        place()
    assert Call.objects.get() == call


def test_requests_are_told_apart_for_two_days(owner, number):
    for hours in (47, 49):
        at = timezone.now() - timedelta(hours=hours)
        IdempotencyKey.objects.create(owner=owner, key=f"{hours}", number=number, created_at=at)
    erasing.keep_house()
    assert IdempotencyKey.objects.get().key == "47"


def test_an_entry_of_the_owners_own_is_forgotten_with_the_caller(number, owner):
    do_not_call.add_number(user=owner, phone_number=CALLER)
    do_not_call.add_number(user=owner, phone_number=OTHER)
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    assert [entry.phone_number for entry in DoNotCall.objects.all()] == [OTHER]


def test_whoever_asks_again_and_is_forgotten_again_is_one_entry(number, owner):
    for _ in range(2):
        DoNotCall.objects.create(owner=owner, phone_number=CALLER, source="voice")
        do_not_call.forget(owner=owner, phone_number=CALLER)
    assert DoNotCall.objects.get().is_forgotten


def test_the_same_wish_twice_is_one(number, owner):
    first = erasing.forget_caller(owner=owner, phone_number=CALLER)
    assert erasing.forget_caller(owner=owner, phone_number=CALLER) == first


def test_a_caller_is_forgotten_by_one_owner_only(number, owner, stranger):
    theirs = full_message(make_number(stranger))
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()
    assert Message.objects.get(id=theirs.id).reason == WORDS


# --- An account ---


@pytest.fixture
def lived_in(number, owner):
    """An owner who has used everything that leaves a row."""
    full_message(number)
    change_profile(user=owner, about="canary facts")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    Contact.objects.create(owner=owner, phone_number=CALLER, name="Canary Ito")
    DoNotCall.objects.create(owner=owner, phone_number=OTHER)
    NumberEvent.objects.create(
        number=number, to_status="active", who="owner", provider_answer={"sid": "PN1"}
    )
    SyncRun.objects.create(steps=[f"{number.phone_number} was bought"])
    OwnPhone.objects.create(user=owner, carrier="us_verizon")
    ForwardingCheck.objects.create(
        number=number,
        phone_number="+14155550178",
        probe=ended_call(number, 1, purpose="forwarding_check"),
        deadline_at=timezone.now(),
    )
    Client().force_login(owner)
    return number


CANARIES = (
    *("owner@example.com", "Nora Whitfield", CALLER, OTHER, "+14155550132", "+14155550178"),
    *(WORDS, "Canary Ito", "canary facts", "canary audio"),
)


@pytest.mark.django_db(transaction=True)
def test_a_closed_account_leaves_no_trace_but_tombstones(lived_in, owner, caplog):
    """Numbers stay as a keyed hash, the account as a row without a person."""
    name = file_of(Message.objects.get())
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert Erasure.objects.get().done_at is not None
    assert traces(*CANARIES, name) == set()
    assert not default_storage.exists(name)
    assert not [canary for canary in CANARIES if canary in caplog.text]
    lived_in.refresh_from_db()
    assert (lived_in.status, lived_in.phone_number) == ("released", tombstone("+14155550132"))


@pytest.mark.django_db(transaction=True)
def test_whose_phone_forwards_is_told_before_her_address_is_forgotten(lived_in, owner, mailoutbox):
    type(lived_in).objects.update(**FORWARDED)
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert [mail.to for mail in mailoutbox] == [["owner@example.com"]]
    assert Erasure.objects.get().done_at is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("attempts", "is_erased"), [(0, False), (erasing.MAIL_ATTEMPTS, True)])
def test_a_mail_server_that_is_away_is_waited_for_and_not_for_ever(
    lived_in, owner, settings, attempts, is_erased
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    type(lived_in).objects.update(**FORWARDED)
    erasing.close_account(owner=owner)
    Erasure.objects.update(attempts=attempts)
    erasing.keep_house()
    assert (Erasure.objects.get().done_at is not None) is is_erased


@pytest.mark.django_db(transaction=True)
def test_only_tombstones_stay_of_all_that_an_owner_has(lived_in, owner):
    erasing.close_account(owner=owner)
    erasing.keep_house()
    left = {
        label
        for label, lookup in access_table.OWNED.items()
        if apps.get_model(label)._base_manager.filter(**{lookup: owner.pk}).exists()
    }
    assert left == {
        "accounts.User",
        "telephony.UserPhoneNumber",
        "telephony.NumberEvent",
        "voicemail.Erasure",
    }


@pytest.mark.D4
def test_an_owner_with_a_live_number_cannot_be_deleted(number, owner):
    with pytest.raises(ProtectedError):
        owner.delete()


@pytest.mark.D4
@pytest.mark.django_db(transaction=True)
def test_nothing_is_erased_before_the_release_is_confirmed(lived_in, owner, settings):
    settings.TELEPHONY = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {
            "account_sid": "AC" + "0" * 32,
            "auth_token": "x",
            "api_base_url": "http://127.0.0.1:1",
        },
    }
    type(lived_in).objects.update(twilio_phone_sid="PN" + "0" * 32)
    erasing.close_account(owner=owner)
    erasing.keep_house()
    erasure = Erasure.objects.get()
    assert (erasure.done_at, erasure.attempts) == (None, 1)
    assert erasure.last_error == "NotYetErased: not_yet_erased"
    assert Message.objects.get().reason == WORDS
    lived_in.refresh_from_db()
    assert lived_in.status == NumberStatus.RELEASING


@pytest.mark.django_db(transaction=True)
def test_a_running_call_is_waited_for(lived_in, owner):
    Call.objects.update(ended_at=None)
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert Erasure.objects.get().attempts == 1
    assert User.objects.get(pk=owner.pk).email == "owner@example.com"


@pytest.mark.django_db(transaction=True)
def test_what_the_carrier_may_still_announce_of_the_last_call_is_waited_for(lived_in, owner):
    message = Message.objects.get()
    Call.objects.filter(id=message.call_id).update(ended_at=timezone.now())
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert Erasure.objects.get().done_at is None
    Call.objects.update(ended_at=timezone.now() - timedelta(minutes=1))
    Erasure.objects.update(next_step_at=timezone.now())
    erasing.keep_house()
    assert Erasure.objects.get().done_at is not None


def keep_on_disk(call: Call) -> None:
    """What the database did not take: the call's last words, and a request of the carrier's."""
    line = TranscriptLine(
        call=call, position=5, role=Role.CALLER, text=WORDS, start_ms=0, end_ms=9, source="none"
    )
    ending = {"generation": 1, "outcome": AgentOutcome.FINISHED, "facts": {}, "lines": [line]}
    kept_endings.keep(kept_endings.KeptEnding(call_id=call.id, **ending))
    request_spool.keep(
        request_spool.KeptRequest(
            path="/api/twilio/voice/recording", body=f"From={CALLER}",
            call_sid=str(call.call_sid), came_at=timezone.now(),
        )
    )  # fmt: skip


def set_all_aside() -> None:
    for file in [*kept_endings.waiting(), *request_spool.waiting()]:
        spool_files.set_aside(file)


def kept_files() -> list[Path]:
    return [path for path in django_settings.SPOOL_DIR.rglob("*") if path.is_file()]


def erase_all(owner: User) -> None:
    erasing.close_account(owner=owner)
    erasing.keep_house()


def forget(owner: User) -> None:
    erasing.forget_caller(owner=owner, phone_number=CALLER)
    erasing.keep_house()


def delete_message(owner: User) -> None:
    Message.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    erasing.keep_house()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("erase", [erase_all, forget, delete_message])
def test_nothing_set_aside_on_the_disk_outlives_its_erasure(lived_in, owner, erase):
    keep_on_disk(Message.objects.get().call)
    set_all_aside()
    assert len(kept_files()) == 2
    erase(owner)
    assert kept_files() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("erase", [erase_all, forget])
def test_what_waits_on_the_disk_is_written_down_and_then_erased(lived_in, owner, erase):
    keep_on_disk(Message.objects.get().call)
    erase(owner)
    assert Erasure.objects.get().done_at is None
    with time_machine.travel(timezone.now() + erasing.PREPARED_WITHIN, tick=False):
        erasing.keep_house()
    assert Erasure.objects.get().done_at is not None
    assert kept_files() == []


def test_a_closed_account_cannot_log_in(owner):
    erasing.close_account(owner=owner)
    assert not Client().login(email=owner.email, password=PASSWORD)


def test_a_tombstone_is_the_same_for_the_same_number_and_needs_the_key(settings):
    first = tombstone(CALLER)
    assert first == tombstone(CALLER) != tombstone(OTHER)
    assert tombstone(first) == first
    settings.SECRET_KEY = "another" * 10
    assert tombstone(CALLER) != first
