"""A1, A2: support finds a call, listens with a reason, and stops an agent, in a real browser."""

import http.client
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.utils.http import urlencode
from playwright.sync_api import Page, expect

from telephony.signatures import public_url, sign
from telephony.support import is_forced_classic
from tests.factories import PASSWORD, make_call, make_number
from tests.site.support import REASON, make_staff
from tests.telephony.carrier import FORM, incoming_form
from tests.voicemail.messages import leave_message
from voicemail.models import Message


@pytest.fixture
def message(owner, aloha_url) -> Message:
    number = make_number(owner, phone_number="+14155550132")
    make_call(number, status="in_progress", stream_state="open")
    make_call(number, status="completed", end_reason="message_after_failure")
    return leave_message(number)


@pytest.fixture
def desk(page: Page, message, aloha_url) -> Page:
    """Somebody of the support on the admin's front page."""
    staff = make_staff("Support")
    page.set_default_timeout(10_000)
    page.goto(f"{aloha_url}/accounts/login/?next=/admin/")
    page.get_by_label("E-mail").fill(staff.email)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/admin/")
    return page


def give_reason(page: Page, act: str) -> None:
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name=act).click()


@pytest.mark.A1
def test_support_finds_a_call_and_hears_it_with_a_reason(desk, message):
    desk.get_by_label("Find").fill("(510) 555-0147")
    desk.get_by_role("button", name="Find").click()
    desk.locator(f"a[href*='{message.call_id}']").click()
    desk.get_by_role("link", name="Listen to recording").click()
    give_reason(desk, "Listen to recording")
    assert desk.locator("audio").evaluate("async it => (await it.play(), it.duration)") > 0
    expect(desk.get_by_text("owner@example.com can read it")).to_be_visible()


@pytest.mark.A2
def test_support_takes_the_agent_off_a_number_from_the_live_calls(desk, message):
    desk.get_by_role("link", name="Live calls").first.click()
    desk.get_by_role("link", name="Force classic").click()
    give_reason(desk, "Force classic voicemail")
    expect(desk.get_by_text("Classic voicemail takes the calls.")).to_be_visible()
    assert is_forced_classic(message.call.number)


def somebody_calls(aloha_url: str, message: Message) -> None:
    path = "/api/twilio/voice/incoming"
    body = urlencode(incoming_form(message.call.to_number, From="+12125550163"))
    headers = {
        "Content-Type": FORM,
        "X-Twilio-Signature": sign(public_url(path), QueryDict(body)),
    }
    with closing(http.client.HTTPConnection(urlsplit(aloha_url).netloc, timeout=10)) as carrier:
        carrier.request("POST", path, body, headers)
        assert carrier.getresponse().status == 200


@pytest.mark.A1
def test_a_new_call_is_on_the_list_at_once_without_the_pages_own_clock(desk, aloha_url, message):
    desk.clock.install()
    desk.clock.pause_at(desk.evaluate("Date.now()") / 1000 + 1)
    with desk.expect_response("**/admin/live/news/"):
        desk.goto(f"{aloha_url}/admin/live/")
    time.sleep(1)  # until the server listens for news
    somebody_calls(aloha_url, message)
    row = desk.get_by_role("cell", name="+12125550163")
    for _ in range(25):  # 2.5 s of the page's time: by itself it would look after 3 s
        desk.clock.run_for(100)
        time.sleep(0.1)
        if row.count():
            break
    assert row.count()
    desk.goto("about:blank")  # the stream of news would outlive the test
