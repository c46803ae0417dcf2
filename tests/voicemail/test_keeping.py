"""Recordings and words have each their own time; what lost both is out of the inbox."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from telephony.models import Call, Recording, TranscriptLine
from tests.contract.api_client import ApiClient
from tests.factories import make_number
from tests.voicemail.test_erasing import CALLER, WORDS, clean_folder, file_of, full_message, traces
from tests.voicemail.test_processing import announce_recording
from voicemail import erasing, processing
from voicemail.inbox import who_waits
from voicemail.models import Contact, KeepingPreference, Message

pytestmark = pytest.mark.V6
__all__ = ["clean_folder"]  # used by every test here
OWNERS_ZONE = ZoneInfo("America/Los_Angeles")
SETTINGS = "/api/message-settings"


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def as_owner(client, owner) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def words_for_two_days(owner) -> None:
    KeepingPreference.objects.create(owner=owner, audio_days=10, text_days=2)


def keep_house() -> Message:
    """The worker's chores; the one message as it is afterwards."""
    erasing.keep_house()
    return Message.objects.select_related("call").get()


# --- What is erased is not in the inbox ---


@pytest.fixture
def erased(number) -> Message:
    """After a year, by what the installation says: it was urgent, and nobody had read it."""
    full_message(number, days_ago=366)
    Message.objects.update(urgency="high")
    return keep_house()


@pytest.mark.parametrize("path", ["/", "/aloha/inbox", "/aloha/inbox?show=unread"])
def test_an_erased_message_is_on_no_page(as_owner, erased, path):
    page = as_owner.get(path).content.decode()
    assert reverse("message", args=[erased.id]) not in page
    assert "Hung up without leaving a message" not in page


def test_an_erased_message_does_not_wait(as_owner, owner, erased):
    assert (who_waits(owner).people, who_waits(owner).urgent) == (0, 0)
    assert '<span class="hint">0 unread</span>' in as_owner.get("/aloha/inbox").content.decode()


def test_an_erased_message_is_gone_for_scripts_too(owner, erased):
    api = ApiClient(owner)
    assert api.get("/api/messages").json()["results"] == []
    assert api.get("/api/messages", {"q": "boiler"}).json()["results"] == []
    assert api.get(f"/api/messages/{erased.id}").status_code == 404


def test_the_call_of_an_erased_message_stays_in_the_log_and_links_to_nothing(as_owner, erased):
    call = reverse("call", args=[erased.call_id])
    assert call in as_owner.get("/aloha/calls").content.decode()
    page = as_owner.get(call).content.decode()
    assert "In your inbox" not in page
    assert reverse("message", args=[erased.id]) not in page


# --- Words that go before the recording ---


def test_words_that_go_first_leave_the_recording(number, words_for_two_days):
    name = file_of(full_message(number, days_ago=3))
    keep_house()
    assert traces(WORDS, "Canary Ito") == set()
    assert default_storage.exists(name)
    assert Recording.objects.exists()
    assert erasing.erase_what_is_old() == 0


def test_a_message_without_its_words_says_so_on_the_page(as_owner, number, words_for_two_days):
    message = full_message(number, days_ago=3)
    keep_house()
    until = timezone.localtime(message.started_at + timedelta(days=10), OWNERS_ZONE)
    said = (
        "The words were erased after 3 days; "
        f"the recording is kept until {date_format(until, 'j F Y')}."
    )
    assert said in as_owner.get("/aloha/inbox").content.decode()
    page = as_owner.get(reverse("message", args=[message.id])).content.decode()
    assert said in page
    assert reverse("message_audio", args=[message.id]) in page


def test_a_message_without_its_words_says_so_to_scripts(owner, number, words_for_two_days):
    full_message(number, days_ago=3)
    keep_house()
    (record,) = ApiClient(owner).get("/api/messages").json()["results"]
    assert record["wordsErasedAt"] is not None
    assert record["audioUrl"]
    assert record["summary"] == ""


def test_a_name_that_the_owner_wrote_stays_and_is_found(owner, number, words_for_two_days):
    full_message(number, days_ago=3)
    Contact.objects.create(owner=owner, phone_number=CALLER, name="Mrs Ito")
    message = keep_house()
    assert message.caller_name == "Mrs Ito"
    assert "mrs ito" in message.search_text


def test_the_message_goes_with_its_recording_when_the_words_are_gone(
    owner, number, words_for_two_days
):
    name = file_of(full_message(number, days_ago=3))
    keep_house()
    long_ago = timezone.now() - timedelta(days=11)
    Call.objects.update(started_at=long_ago, ended_at=long_ago)
    Message.objects.update(started_at=long_ago)
    assert keep_house().erased_at is not None
    assert not default_storage.exists(name)
    assert not Message.objects.for_user(owner).exists()


def test_the_message_goes_also_when_words_are_kept_longer_meanwhile(
    owner, number, words_for_two_days
):
    full_message(number, days_ago=3)
    keep_house()
    KeepingPreference.objects.update(audio_days=1, text_days=300)
    assert keep_house().erased_at is not None


def test_the_rows_of_the_inbox_ask_once_how_long_recordings_are_kept(
    as_owner, number, words_for_two_days
):
    counts = []
    for _ in range(3):
        full_message(number, days_ago=3)
        erasing.keep_house()
        with CaptureQueriesContext(connection) as queries:
            as_owner.get("/aloha/inbox")
        counts.append(len(queries))
    assert counts[1:] == counts[:2]


def test_a_recording_that_comes_after_its_words_were_erased_is_prepared_and_they_go_again(
    number, words_for_two_days
):
    full_message(number, days_ago=3)
    call = keep_house().call
    announce_recording(call, b"\x10" * 16_000)
    assert processing.reopen_messages() == 1
    processing.advance_messages()
    message = Message.objects.get()
    assert (message.words_erased_at, message.summary) == (
        None,
        "Left a spoken message of 2 seconds.",
    )
    message = keep_house()
    assert (message.words_erased_at is None, message.summary) == (False, "")
    assert not TranscriptLine.objects.exists()


# --- Choices ---


@pytest.mark.parametrize(
    ("body", "chosen"),
    [
        ({"wanted": "none"}, []),
        ({}, []),
        ({"audioDays": 30}, [(30, None)]),
        ({"textDays": 40, "wanted": "urgent"}, [(None, 40)]),
        ({"audioDays": 30, "textDays": 40}, [(30, 40)]),
    ],
)
def test_only_the_days_that_were_sent_become_the_owners_choice(owner, body, chosen):
    answer = ApiClient(owner).patch(SETTINGS, body, content_type="application/json")
    assert answer.status_code == 200
    assert list(KeepingPreference.objects.values_list("audio_days", "text_days")) == chosen


def test_a_later_change_of_one_time_keeps_the_other(owner):
    api = ApiClient(owner)
    for body in ({"audioDays": 30}, {"textDays": 40}):
        api.patch(SETTINGS, body, content_type="application/json")
    settings = api.get(SETTINGS).json()
    assert (settings["audioDays"], settings["textDays"]) == (30, 40)
