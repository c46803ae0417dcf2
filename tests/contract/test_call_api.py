"""The call log's API: paths, fields, pages, filters, and what strangers get."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telephony.models import CallEvent, CallPurpose, CallStatus, Direction, TranscriptLine
from tests.contract.api_client import ApiClient, field_errors, problem_of
from tests.factories import make_call, make_number

CALLS = "/api/calls"
EVERY = {
    "agent", "left", "after", "taken", "failed", "none", "early", "out", "check", "now",
}  # fmt: skip
RECORD = {
    "id", "callSid", "direction", "callType", "purpose", "fromNumber", "callerWithheld", "toNumber",
    "wasForwarded", "forwardedFrom", "status", "endReason", "endReasonText", "startedAt",
    "answeredAt", "endedAt", "durationSeconds", "campaignId", "answeredBy", "failureCode",
    "simulated",
}  # fmt: skip


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


def calls_at(number, *minutes_ago: int, **fields):
    now = timezone.now()
    return [
        make_call(number, started_at=now - timedelta(minutes=ago), **fields) for ago in minutes_ago
    ]


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [result["id"] for result in response.json()["results"]]


def walk(script, url: str, way: str) -> list[str]:
    """Ids of all pages from this one on."""
    found = []
    while url:
        page = script.get(url)
        found += ids(page)
        url = page.json()[way]
    return found


def test_a_call_has_these_fields(script, number):
    call, *_ = calls_at(
        number,
        5,
        status=CallStatus.COMPLETED,
        end_reason="agent_finished",
        duration_s=41,
        was_forwarded=True,
        forwarded_from="+14155550178",
    )
    (record,) = script.get(CALLS).json()["results"]
    assert record.keys() == RECORD
    assert record["fromNumber"] == "+15105550147"
    assert record["endReason"] == "agent_finished"
    assert record["endReasonText"] == "Aloha took the call and said goodbye"
    assert record["startedAt"] == call.started_at.isoformat().replace("+00:00", "Z")
    assert record["durationSeconds"] == 41
    assert record["forwardedFrom"] == "+14155550178"


def test_a_call_that_goes_on_has_no_end_reason(script, number):
    calls_at(number, 1)
    (record,) = script.get(CALLS).json()["results"]
    assert (record["endReason"], record["endReasonText"], record["endedAt"]) == (None, None, None)


def test_the_secret_of_the_stream_is_in_no_answer(script, number):
    (call,) = calls_at(number, 1, stream_token="very-secret-token")
    for path in (CALLS, f"{CALLS}/{call.id}"):
        assert b"very-secret-token" not in script.get(path).content


def test_pages_lead_through_all_calls_and_back_without_gaps_or_repeats(script, number):
    at = timezone.now() - timedelta(minutes=9)
    made = calls_at(number, 1, 2, 3) + [make_call(number, started_at=at) for _ in range(5)]
    forward = walk(script, f"{CALLS}?limit=3", "next")
    assert sorted(forward) == sorted(str(call.id) for call in made)
    last = script.get(script.get(f"{CALLS}?limit=3").json()["next"]).json()["next"]
    back = walk(script, script.get(last).json()["previous"], "previous")
    assert back == forward[3:6] + forward[0:3]


def test_a_call_that_comes_in_meanwhile_moves_no_page(script, number):
    calls_at(number, *range(1, 5))
    first = script.get(f"{CALLS}?limit=2")
    calls_at(number, 0)
    second = script.get(first.json()["next"])
    assert not set(ids(first)) & set(ids(second))
    assert len(ids(second)) == 2


@pytest.mark.parametrize(("way", "back"), [("next", "previous"), ("previous", "next")])
def test_a_page_that_has_become_empty_leads_back_without_a_gap(script, number, way, back):
    newer, older = calls_at(number, 1, 2)
    first = script.get(f"{CALLS}?limit=1").json()["next"]
    at = script.get(f"{CALLS}?limit=1").json() if way == "next" else script.get(first).json()
    gone, left = (older, newer) if way == "next" else (newer, older)
    gone.delete()
    emptied = script.get(at[way]).json()
    assert (emptied["results"], emptied[way]) == ([], None)
    assert ids(script.get(emptied[back])) == [str(left.id)]


@pytest.mark.S4
@pytest.mark.parametrize(
    "place", ["newer-253402300799999999", "older-253402300799999999", "older-0"]
)
def test_the_ends_of_time_are_places_in_a_list(script, number, place):
    calls_at(number, 1)
    assert script.get(f"{CALLS}?cursor={place}-{'0' * 32}").status_code == 200


def test_the_first_page_has_no_newer_one_and_the_last_no_older(script, number):
    calls_at(number, 1, 2)
    page = script.get(CALLS).json()
    assert (page["next"], page["previous"]) == (None, None)


def test_next_keeps_filter_search_and_limit(script, number):
    ended = {"status": "completed", "direction": Direction.OUTBOUND}
    calls_at(number, 1, 2, to_number="+14155550111", **ended)
    answer = script.get(f"{CALLS}?filter=outgoing&number=415 555&limit=1").json()
    assert answer["next"].startswith(f"{CALLS}?filter=outgoing&number=415+555&limit=1&cursor=")


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("all", EVERY),
        ("answered", {"agent", "left"}),
        ("voicemail", {"after", "taken"}),
        ("missed", {"failed", "none", "early"}),
        ("outgoing", {"out"}),
    ],
)  # fmt: skip
def test_filters_tell_calls_apart_by_what_became_of_them(script, number, shown, found):
    over = {"status": CallStatus.COMPLETED}
    made = {
        "agent": over | {"end_reason": "agent_finished"},
        "left": over | {"end_reason": "caller_hung_up"},
        "after": over | {"end_reason": "message_after_failure"},
        "taken": over | {"end_reason": "message_taken"},
        "failed": over | {"end_reason": "failed_without_message"},
        "none": over | {"end_reason": "no_message"},
        "early": {"status": CallStatus.NO_ANSWER, "end_reason": "caller_hung_up_early"},
        "out": over | {"direction": Direction.OUTBOUND, "end_reason": "agent_finished"},
        "check": over | {"direction": Direction.OUTBOUND, "purpose": CallPurpose.FORWARDING_CHECK},
        "now": {},
    }
    names = {str(make_call(number, **fields).id): name for name, fields in made.items()}
    assert {names[each] for each in ids(script.get(f"{CALLS}?filter={shown}"))} == found


@pytest.mark.parametrize(
    "typed",
    ["+15105550147", "(510) 555-0147", "510.555.0147", "1 510 555 0147", "555-0147", "0147", "٥١٠"],
)
def test_a_number_is_found_in_any_spelling_and_by_a_part(script, number, typed):
    (wanted,) = calls_at(number, 1)
    calls_at(number, 2, from_number="+16285559999")
    assert ids(script.get(CALLS, {"number": typed})) == [str(wanted.id)]


def test_a_search_looks_at_the_other_side_of_each_call(script, number):
    (called,) = calls_at(number, 1, direction=Direction.OUTBOUND, to_number="+14155550111")
    calls_at(number, 2, from_number="+16285559999")
    assert ids(script.get(CALLS, {"number": "415 555 0111"})) == [str(called.id)]
    assert ids(script.get(CALLS, {"number": number.phone_number})) == []


@pytest.mark.parametrize("typed", ["withheld", "Anonymous", "private"])
def test_calls_without_a_number_are_found_by_a_word(script, number, typed):
    (wanted,) = calls_at(number, 1, from_number="anonymous", caller_withheld=True)
    calls_at(number, 2)
    assert ids(script.get(CALLS, {"number": typed})) == [str(wanted.id)]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        pytest.param({"limit": "101"}, {"limit": "max_value"}, id="limit too high"),
        pytest.param({"limit": "0"}, {"limit": "min_value"}, id="limit of nothing"),
        pytest.param({"limit": "many"}, {"limit": "invalid"}, id="limit no number"),
        pytest.param({"filter": "blue"}, {"filter": "invalid_choice"}, id="unknown filter"),
        pytest.param({"cursor": "next"}, {"cursor": "invalid_cursor"}, id="cursor made up"),
        pytest.param(
            {"cursor": f"older-{'9' * 18}-{'0' * 32}"},
            {"cursor": "invalid_cursor"},
            id="cursor beyond all time",
        ),
        pytest.param({"number": "x"}, {"number": "invalid_search"}, id="no digits"),
        pytest.param({"number": "1" * 65}, {"number": "max_length"}, id="long search"),
        pytest.param(
            {"number": "415\0"}, {"number": "null_characters_not_allowed"}, id="NUL in search"
        ),
        pytest.param({"page": "2"}, {"page": "unknown_field"}, id="unknown parameter"),
        pytest.param({"limit": ["1", "2"]}, {"limit": "invalid"}, id="limit twice"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(script, number, query, errors):
    assert field_errors(script.get(CALLS, query)) == errors


def test_one_call_comes_with_what_was_reported_and_said(script, number):
    (call,) = calls_at(number, 1, agent_backend="scripted", agent_outcome="finished")
    CallEvent.objects.create(
        call=call,
        kind="status",
        payload={"AccountSid": ["AC123"]},
        facts={"status": "completed", "sequence": 3},
    )
    TranscriptLine.objects.create(
        call=call, position=0, role="agent", text="Hello, this is Aloha.", heard_chars=6,
        start_ms=0, end_ms=900, source="scripted",
    )  # fmt: skip
    answer = script.get(f"{CALLS}/{call.id}").json()
    assert answer.keys() == RECORD | {
        "agentBackend", "agentOutcome", "costUsd", "events", "transcript"
    }  # fmt: skip
    (event,) = answer["events"]
    assert event.keys() == {"kind", "receivedAt", "facts"}
    assert event["facts"] == {"status": "completed", "sequence": 3}
    assert answer["transcript"] == [
        {
            "role": "agent",
            "text": "Hello, this is Aloha.",
            "heardCharacters": 6,
            "startMs": 0,
            "endMs": 900,
            "source": "scripted",
        }
    ]


def test_a_strangers_calls_are_in_no_list_and_not_to_be_opened(number, stranger):
    (call,) = calls_at(number, 1)
    other = ApiClient(stranger)
    assert ids(other.get(CALLS)) == []
    problem_of(other.get(f"{CALLS}/{call.id}"), 404, "not_found")


def test_nobody_reads_calls_without_a_log_in(number):
    (call,) = calls_at(number, 1)
    problem_of(ApiClient().get(CALLS), 401, "not_authenticated")
    problem_of(ApiClient().get(f"{CALLS}/{call.id}"), 401, "not_authenticated")


@pytest.mark.parametrize("path", ["/api/calls/", "/api/calls/none"])
def test_addresses_are_exact(script, db, path):
    assert script.get(path).status_code == 404


@pytest.mark.P5
def test_a_list_takes_as_many_queries_for_one_call_as_for_a_hundred(script, number):
    calls_at(number, 0)
    with CaptureQueriesContext(connection) as one:
        script.get(f"{CALLS}?limit=100")
    calls_at(number, *range(1, 100))
    with CaptureQueriesContext(connection) as hundred:
        assert len(ids(script.get(f"{CALLS}?limit=100"))) == 100
    assert len(hundred) == len(one)
