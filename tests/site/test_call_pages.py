"""The call log's pages as somebody without scripts meets them."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from telephony.models import (
    CallEvent,
    CallPurpose,
    CallStatus,
    CarrierRecording,
    Direction,
    TranscriptLine,
)
from telephony.recording import MESSAGE_LINE, store_recording
from tests.factories import make_call, make_number
from voicemail.forwarding_models import ForwardingCheck
from voicemail.models import Message, Stage

LOG = "/aloha/calls"
# Wednesday noon in California, where the owner lives.
NOW = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
TALKED = {
    "status": CallStatus.COMPLETED,
    "end_reason": "agent_finished",
    "agent_outcome": "finished",
    "agent_backend": "scripted",
    "stream_state": "closed",
    "duration_s": 72,
}
FAILED = TALKED | {
    "end_reason": "message_after_failure",
    "agent_outcome": "failed",
    "carrier_records": True,
}


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_owner(client, owner) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def number(owner):
    return make_number(owner)


def call_of(number, *, hours_ago: float = 1, **fields):
    started_at = NOW - timedelta(hours=hours_ago)
    times = {"started_at": started_at, "answered_at": started_at}
    if seconds := fields.get("duration_s"):
        times["ended_at"] = started_at + timedelta(seconds=seconds)
    return make_call(number, **(times | fields))


def says(call, role: str, text: str, start_s: float, end_s: float, **fields):
    line = {"position": call.transcript.count(), "source": "scripted"} | fields
    return TranscriptLine.objects.create(
        call=call, role=role, text=text, start_ms=start_s * 1_000, end_ms=end_s * 1_000, **line
    )


def words(response) -> str:
    """What the page's main part says, without its tags."""
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)[0]
    return text_of(main)


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def story(client, call) -> list[str]:
    """The steps of a call's page: time, title, words."""
    page = client.get(reverse("call", args=[call.id]))
    assert page.status_code == 200
    thread = re.search(r"<ol class=\"thread story\".*?</ol>", page.content.decode(), re.DOTALL)[0]
    steps = re.findall(r"<li.*?</li>", thread, re.DOTALL)
    return [text_of(step) for step in steps]


# --- The list ---


def test_the_log_stands_in_the_navigation(as_owner):
    assert f'href="{LOG}"' in as_owner.get("/").content.decode()


def test_calls_stand_under_their_days_in_the_owners_zone(as_owner, number):
    for hours_ago in (1, 13, 24 * 3 + 10, 24 * 400):
        call_of(number, hours_ago=hours_ago, **TALKED)
    text = words(as_owner.get(LOG))
    days = ["Today", "Yesterday", "Sunday 22 November", "Tuesday 21 October 2025"]
    assert re.findall("|".join(days), text) == days
    assert "11:00" in text, "7 p.m. in UTC"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param(TALKED, "(510) 555-0147 Oakland Answered by Aloha 11:00 1:12", id="agent"),
        pytest.param(
            TALKED | {"from_number": "+442079460123"}, "+44 20 7946 0123", id="foreign number"
        ),
        pytest.param(
            FAILED | {"caller_withheld": True, "from_number": "anonymous"},
            "Number withheld Voicemail without the agent",
            id="withheld",
        ),
        pytest.param(
            FAILED | {"from_number": "+266696687"}, "Number withheld", id="withheld by keypad"
        ),
        pytest.param(
            {"status": "in-progress"}, "(510) 555-0147 Oakland On the line now", id="running"
        ),
        pytest.param(TALKED | {"was_forwarded": True}, "Forwarded Answered", id="forwarded"),
        pytest.param(
            {
                "direction": Direction.OUTBOUND,
                "to_number": "+14155550111",
                "status": "no-answer",
                "end_reason": "caller_hung_up_early",
                "duration_s": 0,
            },
            "(415) 555-0111 Outgoing No answer 11:00 0:00",
            id="outgoing",
        ),
        pytest.param(
            {"direction": Direction.OUTBOUND, "purpose": CallPurpose.FORWARDING_CHECK},
            "Forwarding check",
            id="check",
        ),
    ],
)
def test_a_row_says_who_it_was_and_what_happened(as_owner, number, fields, said):
    call_of(number, **fields)
    assert said in words(as_owner.get(LOG))


def test_a_caller_whose_name_is_known_stands_with_name_and_number(as_owner, number):
    Message.objects.create(call=call_of(number, **TALKED), caller_name="Mrs Ito")
    assert "Mrs Ito (510) 555-0147" in words(as_owner.get(LOG))


def test_what_is_urgent_is_marked_in_the_log_and_on_the_call(as_owner, number):
    call = call_of(number, **TALKED, from_number="+15105550147")
    Message.objects.create(call=call, stage=Stage.NOTIFIED, reason="A leak.", urgency="high")
    for path in (LOG, f"{LOG}/{call.id}"):
        text = as_owner.get(path).content.decode()
        assert "Urgent" in text
        assert "Oakland" in text


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("proven", "Proven"), ("carrier_voicemail", "Your carrier's voicemail answered")],
)
def test_a_test_of_the_forwarding_says_what_it_showed(as_owner, number, outcome, said):
    call = call_of(
        number,
        direction=Direction.OUTBOUND,
        purpose=CallPurpose.FORWARDING_CHECK,
        status=CallStatus.CANCELED,
    )
    ForwardingCheck.objects.create(
        number=number,
        phone_number="+14155550178",
        probe=call,
        deadline_at=NOW,
        finished_at=NOW,
        outcome=outcome,
    )
    text = words(as_owner.get(LOG))
    assert said in text
    assert "Called off" not in text


def test_the_log_leads_to_calling_somebody_once_there_is_a_number(as_owner, owner):
    button = '<a class="button" href="/aloha/call">'
    assert button not in as_owner.get(LOG).content.decode()
    make_number(owner)
    assert button in as_owner.get(LOG).content.decode()


def test_filters_and_search_keep_each_other(as_owner, number):
    call_of(number, **TALKED)
    page = as_owner.get(LOG, {"filter": "answered", "number": "510 555"}).content.decode()
    assert "filter=missed&amp;number=510+555" in page
    assert '<input type="hidden" name="filter" value="answered">' in page
    assert 'value="510 555"' in page


def test_an_unknown_filter_shows_all_calls(as_owner, number):
    call_of(number, **TALKED)
    assert "(510) 555-0147" in words(as_owner.get(LOG, {"filter": "blue"}))


def test_older_and_newer_calls_are_a_link_away(as_owner, number):
    for hours_ago in range(1, 28):
        call_of(number, hours_ago=hours_ago, **TALKED)
    first = as_owner.get(LOG).content.decode()
    assert "Newer calls" not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = as_owner.get(older).content.decode()
    assert len(re.findall('class="call-row"', second)) == 2
    assert "Newer calls" in second
    assert "Older calls" not in second


def test_a_page_that_has_become_empty_gives_way_to_the_newest(as_owner, number):
    calls = [call_of(number, hours_ago=hours_ago, **TALKED) for hours_ago in range(1, 27)]
    first = as_owner.get(LOG).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    calls[-1].delete()
    second = as_owner.get(older).content.decode()
    assert len(re.findall('class="call-row"', second)) == 25
    assert "data-live" in second


@pytest.mark.parametrize(
    ("query", "said", "status"),
    [
        ({}, "When somebody calls", 200),
        ({"number": "999 999"}, "No such calls", 200),
        ({"filter": "outgoing"}, "None of your calls went like that", 200),
        ({"number": "x"}, "Type at least three digits", 200),
        ({"number": "1" * 999}, "Type at least three digits", 200),
        ({"cursor": "older-1"}, "This part of the list is not there", 404),
    ],
)
def test_a_list_without_calls_says_why_and_what_to_do(as_owner, number, query, said, status):
    page = as_owner.get(LOG, query)
    assert page.status_code == status
    assert said in words(page)


def test_without_a_number_the_log_leads_to_one(as_owner):
    assert 'href="/aloha/settings#number"' in as_owner.get(LOG).content.decode()


def test_what_was_searched_is_shown_as_text(as_owner, number):
    page = as_owner.get(LOG, {"number": "<b>1234"}).content.decode()
    assert "<b>1234" not in page


# --- One call ---


@pytest.mark.parametrize(
    ("minutes_ago", "stage", "goes_on"),
    [
        pytest.param(1, None, True, id="no message yet"),
        pytest.param(10, None, False, id="no message any more"),
        pytest.param(1, Stage.COLLECTED, True, id="being prepared"),
        pytest.param(1, Stage.NOTIFIED, False, id="prepared"),
    ],
)
def test_the_page_of_a_call_just_ended_renews_itself_until_its_message_is_there(
    as_owner, number, minutes_ago, stage, goes_on
):
    call = call_of(number, hours_ago=minutes_ago / 60 + 72 / 3_600, **TALKED)
    store_recording(call=call, caller=b"\x00" * 800, agent=b"\xff" * 800)
    if stage is not None:
        Message.objects.create(call=call, stage=stage)
    page = as_owner.get(f"{LOG}/{call.id}").content.decode()
    assert ("data-live=" in page) == goes_on
    assert ("still being prepared" in page) == (stage == Stage.COLLECTED)


def test_a_simulated_call_is_called_a_test(as_owner, number):
    call = call_of(number, simulated=True, **TALKED)
    assert "Test call" in as_owner.get(f"{LOG}/{call.id}").content.decode()


def test_a_conversation_is_told_in_order(as_owner, number):
    call = call_of(number, was_forwarded=True, forwarded_from="+14155550178", **TALKED)
    CallEvent.objects.create(
        call=call, kind="stream-started", received_at=call.started_at + timedelta(seconds=4)
    )
    says(call, "agent", "Hello, this is Aloha.", 1, 3)
    says(call, "caller", "My boiler is leaking.", 4, 16)
    assert story(as_owner, call) == [
        "0:00 Aloha's number was called Forwarded from (415) 555-0178.",
        "0:00 Notice played Callers hear that an AI assistant answers.",
        "0:05 Aloha spoke Hello, this is Aloha.",
        "0:08 The caller spoke for 12 s My boiler is leaking.",
        "1:12 Call ended Aloha took the call and said goodbye.",
    ]


def test_words_that_were_never_heard_are_crossed_out(as_owner, number):
    call = call_of(number, **TALKED)
    says(call, "agent", "Hi, this is Aloha. Nora can't", 0, 4, heard_chars=18)
    says(call, "caller", "Oh, hello.", 4, 5)
    steps = story(as_owner, call)
    assert "0:04 The caller began to speak The crossed-out words were never heard." in steps
    page = as_owner.get(reverse("call", args=[call.id])).content.decode()
    assert "Hi, this is Aloha. <del>" in page
    assert re.search(r"<del>.*Nora can&#x27;t</del>", page)


def test_speech_that_nobody_wrote_down_is_told_as_such(as_owner, number):
    call = call_of(number, **TALKED)
    says(call, "caller", "", 2, 9, source="none")
    assert "0:02 The caller spoke for 7 s Spoken, not written down" in story(as_owner, call)


def test_a_fault_of_ours_is_told_with_what_became_of_the_message(as_owner, number):
    call = call_of(number, caller_withheld=True, stream_token="t", **FAILED)
    for kind, seconds in (("agent-closed", 8), ("after-stream", 9)):
        at = call.started_at + timedelta(seconds=seconds)
        CallEvent.objects.create(call=call, kind=kind, received_at=at)
    says(call, "caller", "It's Tom.", 1, 22, position=MESSAGE_LINE, source="recognised")
    steps = story(as_owner, call)
    assert steps[2].startswith("0:08 Aloha did not connect")
    assert steps[3].startswith("0:09 Voicemail took over")
    assert steps[4] == "0:09 The caller spoke for 21 s It's Tom."
    page = words(as_owner.get(reverse("call", args=[call.id])))
    assert "Aloha could not answer, so voicemail did" in page


def test_a_recording_that_is_on_its_way_or_lost_is_told(as_owner, number):
    call = call_of(number, **FAILED)
    CarrierRecording.objects.create(call=call, sid="RE1")
    CarrierRecording.objects.create(call=call, sid="RE2", lost_because="404")
    told = " ".join(story(as_owner, call))
    assert "The recording is on its way" in told
    assert "The recording is lost" in told


def test_a_call_closed_by_the_sweeper_says_that_its_end_is_a_guess(as_owner, number):
    call = call_of(number, **TALKED)
    CallEvent.objects.create(call=call, kind="closed-unreported")
    assert "Nobody reported the end" in story(as_owner, call)[-1]


def test_a_running_call_whose_words_nobody_writes_down_says_so(as_owner, number):
    call = call_of(number, status="in-progress")
    assert "Why Nothing said yet" in words(as_owner.get(reverse("call", args=[call.id])))
    says(call, "caller", "", 2, 9, source="none")
    assert "Why Not written down" in words(as_owner.get(reverse("call", args=[call.id])))


def test_a_running_call_is_followed_by_its_page(as_owner, number):
    call = call_of(number, status=CallStatus.IN_PROGRESS, stream_state="open")
    page = as_owner.get(reverse("call", args=[call.id])).content.decode()
    assert "On the line now" in page
    assert f'data-live-call="/aloha/calls/{call.id}/lines"' in page


def test_a_call_leads_to_its_message_and_back_to_its_caller(as_owner, number):
    message = Message.objects.create(
        call=call_of(number, **TALKED), caller_name="Mrs Ito", summary="Boiler.", stage="summarised"
    )
    page = as_owner.get(reverse("call", args=[message.call_id])).content.decode()
    assert f'href="/aloha/inbox/{message.id}"' in page
    assert '<a href="tel:+15105550147">(510) 555-0147</a>' in page
    assert "Call back" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"caller_withheld": True, "from_number": "anonymous"},
        {"from_number": "+266696687"},
        {"from_number": "sip:ann@example.com"},
        {"purpose": CallPurpose.FORWARDING_CHECK},
    ],
)
def test_whoever_left_no_number_is_not_called_back(as_owner, number, fields):
    call = call_of(number, **(TALKED | fields))
    assert b"tel:" not in as_owner.get(reverse("call", args=[call.id])).content


def test_a_recording_is_played_from_the_calls_own_address(as_owner, number):
    call = call_of(number, **TALKED)
    store_recording(call=call, caller=b"\x00" * 800, agent=b"\xff" * 800)
    page = as_owner.get(reverse("call", args=[call.id])).content.decode()
    assert f'src="{LOG}/{call.id}/audio"' in page
    part = as_owner.get(f"{LOG}/{call.id}/audio", headers={"Range": "bytes=0-3"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"RIFF")


def test_a_call_without_a_recording_says_whether_one_comes(as_owner, number):
    call = call_of(number, **TALKED)
    url = reverse("call", args=[call.id])
    assert "There is none of this call." in words(as_owner.get(url))
    Message.objects.create(call=call, stage=Stage.COLLECTED)
    assert "Being saved." in words(as_owner.get(url))
    assert as_owner.get(f"{url}/audio").status_code == 404
