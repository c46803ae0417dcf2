"""Looking through the inbox, and putting messages away, as somebody without scripts meets it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agent.profiles import change_profile
from telephony.models import TranscriptLine
from tests.factories import make_number
from tests.voicemail.messages import ended_call, leave_message
from voicemail import inbox
from voicemail.models import Contact, Message, Stage, Urgency

pytestmark = pytest.mark.V5


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def as_owner(client, owner):
    client.force_login(owner)
    return client


def page(client, path="/aloha/inbox") -> str:
    return client.get(path, follow=True).content.decode()


def act(client, deed: str, message: Message, **form):
    return client.post(reverse(f"message_{deed}", args=[message.id]), form)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("boiler", True),
        ("BOILER kitchen", True),
        ("boil", True),
        ("oiler leak", True),
        ("boiler window", False),
        ("0147", True),
        ("100%", False),
        ("_", False),
        ("café", True),
        ("CAFÉ", True),
    ],
)
def test_a_search_finds_messages_that_hold_every_word(as_owner, number, typed, found):
    text = "mrs ito\n+15105550147\nthe boiler leaks under the kitchen, near the café"
    leave_message(number, reason="The boiler leaks.", search_text=text)
    shown = as_owner.get("/aloha/inbox", {"q": typed}).content.decode()
    assert ("The boiler leaks." in shown) == found
    assert ("Nothing found" in shown) != found


def test_a_search_finds_nothing_of_other_owners(client, stranger, number):
    leave_message(number, reason="The boiler leaks.", search_text="boiler")
    client.force_login(stranger)
    assert "The boiler leaks." not in page(client, "/aloha/inbox?q=boiler")


@pytest.mark.parametrize(
    ("show", "reasons"),
    [
        ("all", {"New.", "Read.", "Talked."}),
        ("unread", {"New.", "Talked."}),
        ("voicemail", {"New.", "Read."}),
        ("calls", {"Talked."}),
        ("archived", {"Done."}),
        ("nonsense", {"New.", "Read.", "Talked."}),
    ],
)
def test_each_filter_shows_its_part(as_owner, number, show, reasons):
    leave_message(number, reason="New.")
    leave_message(number, reason="Read.", read_at=timezone.now())
    leave_message(number, reason="Done.", archived_at=timezone.now())
    call = ended_call(number, 1, call_type="live")
    Message.objects.create(call=call, stage=Stage.NOTIFIED, reason="Talked.")
    shown = page(as_owner, f"/aloha/inbox?show={show}")
    assert {r for r in ("New.", "Read.", "Talked.", "Done.") if r in shown} == reasons


def test_pages_keep_what_was_looked_for(as_owner, number):
    for minutes in range(inbox.MESSAGES_PER_PAGE + 1):
        Message.objects.create(call=ended_call(number, minutes), search_text="boiler")
    assert "?show=unread&amp;q=boiler&amp;cursor=older-" in page(
        as_owner, "/aloha/inbox?show=unread&q=boiler"
    )


def test_an_urgent_message_is_marked_and_says_where_it_comes_from(as_owner, number):
    leave_message(number, urgency=Urgency.HIGH)
    shown = page(as_owner)
    assert "Urgent</span>" in shown
    assert "Oakland" in shown


def test_an_archived_message_is_out_of_the_inbox_and_comes_back(as_owner, number):
    message = leave_message(number, reason="The boiler leaks.")
    answer = act(as_owner, "archive", message)
    shown = page(as_owner, answer.url)
    assert "archived</p>" in shown
    assert "The boiler leaks." not in shown
    act(as_owner, "undo", message)
    assert "The boiler leaks." in page(as_owner)


def test_a_deleted_message_is_gone_and_can_be_taken_back(as_owner, number):
    message = leave_message(number, reason="The boiler leaks.")
    answer = act(as_owner, "delete", message)
    assert "deleted</p>" in page(as_owner, answer.url)
    assert as_owner.get(reverse("message", args=[message.id])).status_code == 404
    assert as_owner.get(reverse("message_audio", args=[message.id])).status_code == 404
    act(as_owner, "undo", message)
    assert "The boiler leaks." in page(as_owner)


def test_a_deleted_message_cannot_be_taken_back_after_an_hour(as_owner, number):
    message = leave_message(number, reason="The boiler leaks.")
    answer = act(as_owner, "delete", message)
    Message.objects.update(deleted_at=timezone.now() - inbox.UNDO_PERIOD)
    assert "deleted</p>" not in page(as_owner, answer.url)
    act(as_owner, "undo", message)
    assert Message.objects.get().deleted_at is not None


def test_archived_and_deleted_messages_do_not_wait(owner, number):
    leave_message(number, archived_at=timezone.now())
    leave_message(number, deleted_at=timezone.now())
    assert inbox.who_waits(owner).people == 0


def test_a_corrected_name_is_remembered_for_the_number(as_owner, owner, number):
    first, second = leave_message(number), leave_message(number)
    act(as_owner, "name", first, name="  Mrs\nIto ")
    second.refresh_from_db()
    assert second.caller_name == "Mrs Ito"
    assert Contact.objects.get(owner=owner).phone_number == first.call.from_number
    assert "Mrs Ito" in page(as_owner, "/aloha/inbox?q=ito")


def test_a_name_is_corrected_and_forgotten(as_owner, owner, number):
    message = leave_message(number)
    act(as_owner, "name", message, name="Mrs Ito")
    act(as_owner, "name", message, name="Mr Ota")
    assert "Nothing found" in page(as_owner, "/aloha/inbox?q=ito")
    act(as_owner, "name", message, name="")
    message.refresh_from_db()
    assert (message.caller_name, message.search_text) == ("", "")
    assert not Contact.objects.filter(owner=owner).exists()


def test_one_withheld_callers_name_is_not_anothers(as_owner, number):
    calls = [ended_call(number, 1, from_number="", caller_withheld=True) for _ in range(2)]
    first, second = (Message.objects.create(call=call) for call in calls)
    act(as_owner, "name", first, name="Tom")
    second.refresh_from_db()
    assert second.caller_name == ""


def test_the_call_back_link_dials_the_number_named_on_the_call(as_owner, number):
    message = leave_message(number, callback_number="+14155550181")
    shown = page(as_owner, reverse("message", args=[message.id]))
    assert 'href="tel:+14155550181"' in shown
    assert "Named on the call" in shown


def test_the_home_page_says_how_many_wait_urgently_and_shows_them_first(as_owner, number):
    leave_message(number, minutes_ago=9, reason="Later.", urgency=Urgency.HIGH)
    call = ended_call(number, 1, from_number="+14155550181")
    Message.objects.create(call=call, stage=Stage.NOTIFIED, reason="Sooner.")
    shown = page(as_owner, "/")
    assert "Two people wait for you, one of them urgently" in shown
    assert shown.index("Later.") < shown.index("Sooner.")


def test_a_deleted_message_can_be_taken_back_for_an_hour(owner, number):
    recent = leave_message(number, deleted_at=timezone.now() - timedelta(minutes=59))
    assert inbox.find_deleted(user=owner, message_id=recent.id) == recent


def test_who_has_renamed_her_agent_reads_the_name_it_had_on_the_call(as_owner, owner, number):
    message = leave_message(number, call_fields={"agent_name": "Kai"})
    TranscriptLine.objects.create(
        call=message.call, position=0, role="agent", text="Hi.", start_ms=0, end_ms=900
    )
    change_profile(user=owner, agent_name="Kiki")
    for path in (f"/aloha/inbox/{message.id}", f"/aloha/calls/{message.call_id}"):
        assert "Kai" in page(as_owner, path)
        assert "Kiki" not in page(as_owner, path)
