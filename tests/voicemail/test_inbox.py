"""The inbox's pages, without scripts."""

import html
import re
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.urls import reverse

from agent.session import Role, TranscriptSource
from telephony.models import TranscriptLine
from tests.factories import make_number
from tests.voicemail.messages import ended_call, leave_message
from voicemail import inbox
from voicemail.models import Message, Stage, Urgency


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def as_owner(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def as_stranger(client, stranger):
    client.force_login(stranger)
    return client


def page_of(client, message: Message) -> str:
    return client.get(reverse("message", args=[message.id])).content.decode()


def test_the_inbox_lists_the_owners_messages_latest_first(as_owner, number):
    leave_message(number, minutes_ago=60, summary="The valves are in.")
    leave_message(number, minutes_ago=5, summary="The boiler leaks.")
    page = as_owner.get("/aloha/inbox").content.decode()
    assert page.index("The boiler leaks.") < page.index("The valves are in.")


def test_the_inbox_shows_nothing_of_other_owners(as_stranger, number):
    leave_message(number, summary="The boiler leaks.")
    page = as_stranger.get("/aloha/inbox").content.decode()
    assert "The boiler leaks." not in page
    assert "No messages yet" in page


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("name", ["message", "message_unread", "message_audio"])
def test_somebody_elses_message_does_not_exist(as_stranger, number, name, method):
    message = leave_message(number)
    answer = getattr(as_stranger, method)(reverse(name, args=[message.id]))
    assert answer.status_code in {404, 405}
    message.refresh_from_db()
    assert message.is_unread


def test_an_unknown_message_does_not_exist(as_owner):
    assert as_owner.get(reverse("message", args=[uuid.uuid4()])).status_code == 404


def test_the_inbox_asks_visitors_to_log_in(client, db):
    answer = client.get("/aloha/inbox")
    assert answer.url == "/accounts/login/?next=/aloha/inbox"


def test_opening_a_message_marks_it_read(as_owner, number):
    message = leave_message(number)
    page_of(as_owner, message)
    message.refresh_from_db()
    assert not message.is_unread


def test_a_look_at_the_headers_does_not_mark_a_message_read(as_owner, number):
    message = leave_message(number)
    as_owner.head(reverse("message", args=[message.id]))
    message.refresh_from_db()
    assert message.is_unread


def test_reading_again_keeps_the_first_time(number):
    message = leave_message(number)
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    inbox.mark_read(message=message, now=first)
    inbox.mark_read(message=Message.objects.get(id=message.id), now=second)
    message.refresh_from_db()
    assert message.read_at == first


def test_a_message_can_be_marked_unread_again(as_owner, owner, number):
    message = leave_message(number)
    page_of(as_owner, message)
    answer = as_owner.post(reverse("message_unread", args=[message.id]))
    assert answer.url == "/aloha/inbox"
    assert Message.objects.for_user(owner).unread().get() == message


def test_the_badge_counts_unread_messages(as_owner, number):
    leave_message(number)
    leave_message(number, read_at=datetime(2026, 1, 1, tzinfo=UTC))
    page = as_owner.get("/aloha/inbox").content.decode()
    assert '<span class="count">1<' in page


def test_times_are_the_owners(as_owner, number):
    call = ended_call(number, 0, started_at=datetime(2026, 1, 10, 20, 30, tzinfo=UTC))
    message = Message.objects.create(call=call, stage=Stage.SUMMARISED)
    assert "10 Jan 2026, 12:30" in page_of(as_owner, message)  # Los Angeles


def test_a_caller_at_home_is_shown_in_national_form(as_owner, number):
    message = leave_message(number)
    assert "<h1>(510) 555-0147</h1>" in page_of(as_owner, message)


def test_a_caller_abroad_is_shown_in_international_form(as_owner, number):
    call = ended_call(number, 1, from_number="+442079460123")
    message = Message.objects.create(call=call, stage=Stage.SUMMARISED)
    assert "<h1>+44 20 7946 0123</h1>" in page_of(as_owner, message)


def test_a_withheld_number_is_called_so_and_cannot_be_called_back(as_owner, number):
    call = ended_call(number, 1, from_number="anonymous", caller_withheld=True)
    message = Message.objects.create(call=call, stage=Stage.SUMMARISED)
    page = page_of(as_owner, message)
    assert "<h1>Number withheld</h1>" in page
    assert "tel:" not in page


def test_what_nobody_wrote_down_is_said_to_be_spoken(as_owner, number):
    message = leave_message(number)
    TranscriptLine.objects.create(
        call=message.call, position=0, role=Role.CALLER, text="", start_ms=0, end_ms=900,
        source=TranscriptSource.NONE,
    )  # fmt: skip
    page = page_of(as_owner, message)
    assert "Spoken, not written down" in page
    assert "no speech recognition" in page


def test_a_callers_words_cannot_become_markup(as_owner, number):
    message = leave_message(number, caller_name="<b>Eve</b>", summary="<script>alert(1)</script>")
    page = page_of(as_owner, message)
    assert "<b>Eve</b>" not in page
    assert "<script>alert(1)</script>" not in page


def test_a_message_with_audio_has_a_player(as_owner, number):
    message = leave_message(number)
    assert f'src="/aloha/inbox/{message.id}/audio"' in page_of(as_owner, message)


def test_a_message_that_is_being_prepared_says_so(as_owner, number):
    message = Message.objects.create(call=ended_call(number, 0), stage=Stage.COLLECTED)
    page = page_of(as_owner, message)
    assert "still being prepared" in page
    assert "<audio" not in page


def fill_one_page_and_a_bit(number) -> None:
    calls = [ended_call(number, minutes) for minutes in range(inbox.MESSAGES_PER_PAGE + 1)]
    Message.objects.bulk_create(
        Message.of(call, stage=Stage.SUMMARISED, summary=f"Number {position}.")
        for position, call in enumerate(calls)
    )


def follow(client, page: str, rel: str) -> str:
    link = re.search(rf'<a href="([^"]+)" rel="{rel}"', page)
    assert link, page
    return client.get(html.unescape(link[1])).content.decode()


def test_pages_lead_to_the_older_messages_and_back(as_owner, number):
    fill_one_page_and_a_bit(number)
    oldest = f"Number {inbox.MESSAGES_PER_PAGE}."
    first = as_owner.get("/aloha/inbox").content.decode()
    assert oldest not in first
    second = follow(as_owner, first, "next")
    assert oldest in second
    assert "Number 0." not in second
    assert "Number 0." in follow(as_owner, second, "prev")


def test_a_page_that_has_become_empty_gives_way_to_the_newest(as_owner, number):
    fill_one_page_and_a_bit(number)
    older = re.search(r"cursor=older-[0-9a-f-]+", as_owner.get("/aloha/inbox").content.decode())
    Message.objects.filter(summary=f"Number {inbox.MESSAGES_PER_PAGE}.").delete()
    assert "Number 0." in as_owner.get(f"/aloha/inbox?{older[0]}").content.decode()


@pytest.mark.parametrize("cursor", ["2", "older-1-", "older-999999999999999999-" + "0" * 32])
def test_a_cursor_that_is_none_is_not_found(as_owner, number, cursor):
    leave_message(number)
    assert as_owner.get(f"/aloha/inbox?cursor={cursor}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_inbox(
    as_owner, number, django_assert_max_num_queries
):
    for minutes in range(10):
        leave_message(number, minutes_ago=minutes)
    # The scope is a savepoint here; on PostgreSQL it is also set and taken back.
    scopes = 2 + (2 if connection.vendor == "postgresql" else 0)
    with django_assert_max_num_queries(8 + scopes):
        as_owner.get("/aloha/inbox")


def test_a_caller_who_called_twice_waits_once_and_withheld_ones_each(owner, number):
    for _ in range(2):
        Message.objects.create(call=ended_call(number, 1))
        Message.objects.create(call=ended_call(number, 1, from_number="", caller_withheld=True))
    assert inbox.who_waits(owner).people == 3


def test_the_first_who_wait_are_people_not_messages(owner, number):
    def left(minutes_ago: int, caller: str, **fields) -> Message:
        call = {"from_number": caller, "caller_withheld": not caller}
        return leave_message(number, minutes_ago=minutes_ago, call_fields=call, **fields)

    chatty = [left(minutes, "+16285550111") for minutes in range(1, inbox.LOOKED_AT + 5)]
    withheld = [left(100, ""), left(101, "")]
    left(102, "+16285550112")
    urgent = left(200, "+16285550113", urgency=Urgency.HIGH)
    left(50, "+16285550113")
    first = inbox.first_who_wait(owner, 4)
    assert [message.id for message in first] == [
        message.id for message in (urgent, chatty[0], *withheld)
    ]
    assert len(inbox.first_who_wait(owner, 9)) == inbox.who_waits(owner).people == 5
