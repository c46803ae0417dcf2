"""The owner while somebody is on the line: reads along, ends the call, has a message taken."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from agent.speech import prompts
from telephony.call_events import EventKind
from telephony.models import (
    Call,
    CallEvent,
    SimulatedOrder,
    TranscriptLine,
    UserPhoneNumber,
    VoicemailMode,
)
from telephony.simulator.callers import Listener, WavCaller, load_script
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.order_rows import take_orders
from telephony.simulator.result import CallResult
from tests.factories import PASSWORD, make_call, make_number
from voicemail.models import Contact, Message

WAIT_MS = 20_000
LINES = 20


class Somebody:
    """Calls in a thread of her own, and waits patiently until the call is ended for her."""

    def __init__(self, url: str, number: UserPhoneNumber, caller: WavCaller) -> None:
        self.call = SimulatedCall(
            base_url=url,
            caller=caller,
            to_number=number.phone_number,
            from_number="+15105550147",
            orders=take_orders,
        )
        self.result: CallResult | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.result = asyncio.run(self.call.run())

    def __enter__(self) -> "Somebody":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.call.hang_up()
        self._thread.join()

    def over(self) -> CallResult:
        """How the call went, once it has ended by itself."""
        self._thread.join(timeout=40)
        assert self.result is not None, "the call did not end"
        return self.result


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.VOICEMAIL_ONLY)


@pytest.fixture
def somebody(aloha_url, number) -> Iterator[Somebody]:
    with Somebody(aloha_url, number, load_script("silent").caller()) as caller:
        yield caller


@pytest.fixture
def home(aloha_url, owner, page: Page) -> Page:
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{aloha_url}/accounts/login/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/")
    return page


def running(owner, **facts: str) -> Call:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        call = Call.objects.filter(owner=owner, **facts).first()
        if call is not None:
            return call
        time.sleep(0.05)
    raise AssertionError("no call came in")


def logged_in(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


def test_the_owner_reads_along_and_ends_the_call(home, owner, somebody):
    home.get_by_role("link", name="Somebody is on the line").click(timeout=WAIT_MS)
    being_said = home.locator("[data-saying]")
    expect(being_said).to_contain_text(prompts.text_of("greeting_voicemail"), timeout=WAIT_MS)
    greeting = home.get_by_role("listitem").filter(has_text=prompts.text_of("greeting_voicemail"))
    expect(greeting).to_be_visible(timeout=WAIT_MS)
    expect(being_said).to_be_hidden()
    home.get_by_role("button", name="End call").click()
    somebody.over()
    assert not CallEvent.objects.filter(kind=EventKind.BEING_SAID).exists()
    expect(home.get_by_role("heading", name="What happened")).to_be_visible(timeout=WAIT_MS)
    expect(home.get_by_role("link", name="Somebody is on the line")).to_be_hidden(timeout=WAIT_MS)


def test_without_scripts_a_reload_shows_what_was_said(owner, number):
    call = make_call(number, status="in-progress")
    say(call, position=0, text="Is anybody there?")
    browser = logged_in(owner)
    assert b"Somebody is on the line" in browser.get("/").content
    assert b"Is anybody there?" in browser.get(f"/aloha/calls/{call.id}").content


def say(call: Call, *, position: int, text: str) -> None:
    TranscriptLine.objects.create(
        call=call,
        position=position,
        role="caller",
        text=text,
        start_ms=position * 1_000,
        end_ms=position * 1_000 + 900,
        source="realtime",
    )


def test_a_line_is_on_the_screen_within_a_second(aloha_url, owner, number, home):
    call = make_call(number, status="in-progress")
    home.goto(f"{aloha_url}/aloha/calls/{call.id}")
    expect(home.get_by_text("On the line now")).to_be_visible()
    delays_ms = []
    for position in range(LINES):
        began = time.monotonic()
        say(call, position=position, text=f"This is sentence {position}.")
        said = home.get_by_role("list", name="What is said")
        shown = said.get_by_text(f"This is sentence {position}.", exact=True)
        shown.wait_for(state="visible")
        delays_ms.append((time.monotonic() - began) * 1_000)
        time.sleep(0.013 * (position % 7))  # out of step with the server's look-ups
    assert sorted(delays_ms)[int(LINES * 0.95) - 1] < 1_000


def test_what_the_call_is_about_so_far_stands_beside_it(aloha_url, owner, number, home):
    call = make_call(number, status="in-progress", from_number="+14155550181")
    Contact.objects.create(owner=owner, phone_number="+14155550181", name="Marcus Bell")
    home.goto(f"{aloha_url}/aloha/calls/{call.id}")
    so_far = home.get_by_role("region", name="So far")
    expect(so_far).to_contain_text("Nothing said yet")
    expect(home.get_by_role("heading", name="Marcus Bell")).to_be_visible()
    say(call, position=0, text="The boiler is leaking.")
    expect(so_far).to_contain_text("The boiler is leaking.")
    expect(so_far).to_contain_text("Urgent")
    expect(home.get_by_role("listitem").filter(has_text="Marcus")).to_contain_text("leaking")
    home.reload()
    expect(so_far).to_contain_text("The boiler is leaking.")


class SpeaksAfterTheTone(WavCaller):
    """Has nothing to say to an agent."""

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        return super().exchange(
            heard, listener=Listener.NOBODY if listener is Listener.AGENT else listener
        )

    @property
    def hangs_up(self) -> bool:
        return not self._turns and not self._is_in_turn


def test_a_message_is_taken_instead_of_talking_on(aloha_url, owner, number, worker):
    caller = SpeaksAfterTheTone([load_script("wrong_number").turns[0].audio])
    with Somebody(aloha_url, number, caller) as somebody:
        call = running(owner, stream_state="open")
        answer = logged_in(owner).post(f"/aloha/calls/{call.id}/message", follow=True)
        assert b"The caller is asked for a message now." in answer.content
        assert b"The caller is leaving a message." in answer.content
        result = somebody.over()
    assert result.recordings
    call.refresh_from_db()
    assert (call.agent_outcome, call.end_reason) == ("caller_left", "message_taken")
    assert message_of(call) is not None


def message_of(call: Call) -> Message | None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        message = Message.objects.filter(call=call).first()
        if message is not None:
            return message
        time.sleep(0.1)
    return None


def test_of_a_call_that_is_over_nothing_is_ordered(owner, number):
    call = make_call(number, status="completed")
    for action in ("end", "message"):
        answer = logged_in(owner).post(f"/aloha/calls/{call.id}/{action}", follow=True)
        assert b"This call is over already." in answer.content
    assert not SimulatedOrder.objects.exists()
