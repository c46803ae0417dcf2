"""Reading messages in a real browser: the player by keyboard, lines that seek, undo, no barrier."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from aloha_site.demo import OWNER_EMAIL, OWNER_PASSWORD, seed
from voicemail.models import Message, Urgency

pytestmark = pytest.mark.V5
PAGES = ["/", "/aloha/inbox", "/aloha/inbox?q=zeppelin", "/accounts/data/", "/aloha/settings"]


@pytest.fixture
def message(aloha_url) -> Message:
    """The demo's latest message, unread and urgent."""
    seed(now=timezone.now())
    Message.objects.filter(caller_name="Mrs Ito").update(urgency=Urgency.HIGH)
    return Message.objects.get(caller_name="Mrs Ito")


@pytest.fixture
def reader(page: Page, aloha_url: str, message: Message) -> Page:
    page.set_default_timeout(10_000)
    page.goto(f"{aloha_url}/accounts/login/")
    page.get_by_label("E-mail").fill(OWNER_EMAIL)
    page.get_by_label("Password").fill(OWNER_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{aloha_url}/")
    return page


def open_message(page: Page, url: str, message: Message) -> None:
    page.goto(f"{url}/aloha/inbox/{message.id}")


def test_the_player_is_played_by_keyboard(reader, aloha_url, message):
    open_message(reader, aloha_url, message)
    position = reader.get_by_role("slider", name="Position")
    position.focus()
    position.press("ArrowRight")
    expect(position).to_have_attribute("aria-valuenow", "5")
    position.press("Home")
    position.press(" ")
    expect(reader.get_by_role("button", name="Pause")).to_be_visible()
    position.press(" ")
    expect(reader.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_the_speed_is_chosen(reader, aloha_url, message):
    open_message(reader, aloha_url, message)
    reader.get_by_role("button", name="Speed 1.5x").click()
    assert reader.evaluate("document.querySelector('audio').playbackRate") == 1.5


def test_a_line_of_the_transcript_plays_from_there(reader, aloha_url, message):
    open_message(reader, aloha_url, message)
    line = reader.locator("button.turn").nth(1)
    line.click()
    expect(line).to_have_attribute("aria-current", "true")
    start_s = int(line.get_attribute("data-start-ms")) / 1_000
    assert reader.evaluate("document.querySelector('audio').currentTime") >= start_s


def test_a_deleted_message_is_taken_back_from_the_toast(reader, aloha_url, message):
    open_message(reader, aloha_url, message)
    reader.get_by_label("More about this message").click()
    reader.get_by_role("button", name="Delete").click()
    toast = reader.locator(".toast")
    expect(toast).to_contain_text("Message from Mrs Ito deleted")
    toast.get_by_role("button", name="Undo").click()
    expect(reader.get_by_role("heading", name="Mrs Ito", level=1)).to_be_visible()


def test_a_name_is_corrected_where_it_stands(reader, aloha_url, message):
    open_message(reader, aloha_url, message)
    reader.get_by_text("Correct", exact=True).click()
    reader.get_by_label("Name of this caller").fill("Hana Ito")
    reader.get_by_role("button", name="Save name").click()
    expect(reader.get_by_role("heading", name="Hana Ito", level=1)).to_be_visible()


def test_a_search_finds_what_was_said(reader, aloha_url, message):
    reader.goto(f"{aloha_url}/aloha/inbox")
    word = re.findall(r"[a-z]{6,}", message.search_text)[0]
    reader.get_by_label("Search messages and transcripts").fill(word)
    reader.get_by_label("Search messages and transcripts").press("Enter")
    expect(reader.locator(".row").first).to_be_visible()
    assert f"q={word}" in reader.url
