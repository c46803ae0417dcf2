"""The inbox for scripts."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from django.utils import timezone

from agent.session import Role
from telephony.models import TranscriptLine
from tests.contract.api_client import ApiClient
from tests.factories import make_number
from tests.voicemail.messages import leave_message
from voicemail.models import Contact, Message

pytestmark = pytest.mark.V5
LIST = "/api/messages"
FIELDS = {
    *("id", "callId", "receivedAt", "callerName", "callerNumber", "callType", "reason", "summary"),
    *("summarySource", "urgency", "callbackNumber", "durationSeconds", "audioUrl"),
    *("isRead", "isArchived", "isPrepared", "wordsErasedAt"),
}
# Behind the cursors that this list had at first.
PLACES = (
    *("abc", "2026-13-45", "\0"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:00"),
)


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def api(owner):
    return ApiClient(owner)


def change(api, message: Message, body: dict):
    return api.patch(f"{LIST}/{message.id}", body, content_type="application/json")


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_the_list_has_every_field(api, number):
    message = leave_message(number, reason="The boiler leaks.", callback_number="+14155550181")
    (record,) = api.get(LIST).json()["results"]
    assert record.keys() == FIELDS
    assert record["id"] == str(message.id)
    assert record["callbackNumber"] == "+14155550181"
    assert record["audioUrl"] == f"/aloha/inbox/{message.id}/audio"
    assert record["receivedAt"].endswith("Z")


def test_pages_go_on_where_they_ended_whatever_comes_in_meanwhile(api, number):
    for minutes in range(1, 6):
        leave_message(number, minutes_ago=minutes, reason=f"Number {minutes}.")
    first = api.get(LIST, {"limit": 2}).json()
    leave_message(number, minutes_ago=0, reason="New.")
    second = api.get(first["next"]).json()
    reasons = [record["reason"] for record in first["results"] + second["results"]]
    assert reasons == [f"Number {minutes}." for minutes in range(1, 5)]
    assert first["previous"] is None
    assert first["next"].startswith(f"{LIST}?limit=2&cursor=")
    assert [record["reason"] for record in api.get(second["previous"]).json()["results"]] == [
        "Number 1.",
        "Number 2.",
    ]


def test_the_list_is_filtered_and_searched(api, number):
    leave_message(number, reason="Read.", read_at=timezone.now(), search_text="boiler")
    leave_message(number, reason="New.", search_text="boiler")
    found = api.get(LIST, {"show": "unread", "q": "boil"}).json()["results"]
    assert [record["reason"] for record in found] == ["New."]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({"show": "some"}, "invalid_choice"),
        ({"limit": "0"}, "min_value"),
        ({"limit": "101"}, "max_value"),
        ({"page": "2"}, "unknown_field"),
        ({"q": "b" * 101}, "max_length"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api, query, refusal):
    assert code_of(api.get(LIST, query)) == (400, refusal)


@pytest.mark.S4
@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        *(b64encode(f"p={quote(place)}".encode()).decode() for place in PLACES),
        "older-999999999999999999-" + "0" * 32,
    ],
)
def test_a_cursor_that_is_none_is_refused(api, number, cursor):
    leave_message(number)
    assert code_of(api.get(LIST, {"cursor": cursor})) == (400, "invalid_cursor")


def test_one_message_comes_with_its_transcript_and_stays_unread(api, number):
    message = leave_message(number)
    TranscriptLine.objects.create(
        call=message.call,
        position=0,
        role=Role.CALLER,
        text="My boiler leaks.",
        start_ms=0,
        end_ms=900,
        source="recognised",
    )
    record = api.get(f"{LIST}/{message.id}").json()
    assert record["transcript"] == [
        {
            "role": "caller",
            "text": "My boiler leaks.",
            "heardCharacters": None,
            "startMs": 0,
            "endMs": 900,
            "source": "recognised",
        }
    ]
    assert record["isRead"] is False


@pytest.mark.parametrize("field", ["isRead", "isArchived"])
def test_a_message_is_marked_and_unmarked(api, number, field):
    message = leave_message(number)
    assert change(api, message, {field: True}).json()[field] is True
    assert change(api, message, {field: False}).json()[field] is False


def test_a_callers_name_is_remembered(api, owner, number):
    message = leave_message(number)
    assert change(api, message, {"callerName": "Mrs Ito"}).json()["callerName"] == "Mrs Ito"
    assert Contact.objects.get(owner=owner).name == "Mrs Ito"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"isRead": "yes"}, "invalid"),
        ({"summary": "x"}, "unknown_field"),
        ({"callerName": "x" * 81}, "max_length"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(api, number, body, refusal):
    assert code_of(change(api, leave_message(number), body)) == (400, refusal)


def test_a_transcript_is_the_same_in_a_message_and_in_its_call(api, number):
    message = leave_message(number)
    TranscriptLine.objects.create(
        call=message.call,
        position=0,
        role=Role.AGENT,
        text="One moment.",
        heard_chars=3,
        start_ms=0,
        end_ms=900,
        source="scripted",
    )
    of_message = api.get(f"{LIST}/{message.id}").json()["transcript"]
    assert of_message == api.get(f"/api/calls/{message.call_id}").json()["transcript"]
    assert of_message[0]["heardCharacters"] == 3


def test_a_deleted_message_is_gone_and_may_be_deleted_again(api, number):
    message = leave_message(number)
    assert api.delete(f"{LIST}/{message.id}").status_code == 204
    deleted_at = Message.objects.get(id=message.id).deleted_at
    assert api.delete(f"{LIST}/{message.id}").status_code == 204
    assert Message.objects.get(id=message.id).deleted_at == deleted_at
    assert api.get(f"{LIST}/{message.id}").status_code == 404
    assert api.get(LIST).json()["results"] == []


def test_message_settings_are_read_and_changed(api):
    body = {"wanted": "urgent", "quietFrom": "22:00", "quietUntil": "07:00", "audioDays": 30}
    answer = api.patch("/api/message-settings", body, content_type="application/json")
    expected = {
        "wanted": "urgent",
        "quietFrom": "22:00",
        "quietUntil": "07:00",
        "urgentPasses": True,
        "audioDays": 30,
        "textDays": 365,
    }
    assert answer.json() == api.get("/api/message-settings").json() == expected


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"quietFrom": "22:00"}, "incomplete"),
        ({"quietFrom": "22:00+02:00", "quietUntil": "07:00"}, "invalid"),
        ({"quietFrom": "22:00", "quietUntil": "7:00"}, "invalid"),
        ({"wanted": "some"}, "invalid_choice"),
        ({"audioDays": 0}, "min_value"),
        ({"text_days": 3}, "unknown_field"),
    ],
)
def test_message_settings_that_make_no_sense_are_refused(api, body, refusal):
    answer = api.patch("/api/message-settings", body, content_type="application/json")
    assert code_of(answer) == (400, refusal)
