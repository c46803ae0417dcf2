"""The browser phone: a voice goes in, Aloha answers aloud, the message is in the inbox."""

import re
import time
import wave
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from agent.speech import mulaw, prompts
from telephony.models import Call, UserPhoneNumber, VoicemailMode
from telephony.simulator.callers import load_script
from tests.factories import PASSWORD, make_number
from voicemail.models import Message

pytestmark = pytest.mark.U4
SILENCE_S = 7
"""After so long, counted from the microphone's opening, somebody speaks over the greeting."""

WAIT_MS = 20_000
REPLY_MS = 1_000
"""Of a reply of 2.9 s; what is left of an interrupted sentence in the browser is half a second."""


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.VOICEMAIL_ONLY)


@pytest.fixture
def microphone(tmp_path) -> tuple[str, ...]:
    """A microphone that plays somebody who does not wait for the end of the greeting."""
    said = load_script("wrong_number").turns[0].audio
    path = tmp_path / "microphone.wav"
    with wave.open(str(path), "wb") as file:  # Chromium reads no mu-law here
        file.setparams((1, 2, mulaw.SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes(b"\0" * 2 * mulaw.SAMPLE_RATE_HZ * SILENCE_S)
        file.writeframes(mulaw.decode(said).tobytes())
        file.writeframes(b"\0" * 2 * mulaw.SAMPLE_RATE_HZ * 60)
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}%noloop",
    )


@pytest.fixture
def page(
    request, browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Page]:
    """A browser of this test's own: with the microphone it asks for, else with none."""
    flags = request.getfixturevalue("microphone") if "microphone" in request.fixturenames else ()
    args = [*browser_type_launch_args["args"], *flags]
    browser = browser_type.launch(**browser_type_launch_args | {"args": args})
    opened = browser.new_page()
    opened.set_default_timeout(WAIT_MS)
    yield opened
    browser.close()


@pytest.fixture
def phone(aloha_url, owner, number, page: Page) -> tuple[Page, list[str]]:
    """The owner's phone page, and what its console complains of."""
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{aloha_url}/accounts/login/?next=/aloha/phone")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/phone")
    return page, troubles


def heard_ms(page: Page) -> int:
    """How long the agent was loud in what this browser has played so far."""
    return int(page.locator("[data-phone]").get_attribute("data-heard-ms") or 0)


def wait_until_heard(page: Page, at_least_ms: int) -> None:
    until = time.monotonic() + WAIT_MS / 1_000
    while heard_ms(page) < at_least_ms:
        assert time.monotonic() < until, f"{heard_ms(page)} of {at_least_ms} ms were heard"
        page.wait_for_timeout(100)


def test_whoever_interrupts_is_answered_aloud_and_leaves_a_message(
    microphone, phone, owner, worker
):
    page, troubles = phone
    meters = page.locator("[data-meter]")
    expect(meters.first).to_be_hidden()
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(meters.first).to_be_visible()
    expect(page.locator("[data-interrupted]")).to_have_text("once", timeout=WAIT_MS)
    before_ms = heard_ms(page)
    reply = page.get_by_text(prompts.text_of("anything_else"))
    expect(reply).to_be_visible(timeout=WAIT_MS)
    wait_until_heard(page, before_ms + REPLY_MS)
    page.get_by_role("button", name="Hang up").click()
    page.get_by_role("link", name="Open the message").click()

    message = Message.objects.get(call__owner=owner)
    expect(page).to_have_url(re.compile(f"/aloha/inbox/{message.id}$"))
    said = [line.role for line in message.call.transcript.order_by("position")]
    assert said == ["agent", "caller", "agent"]
    assert troubles == []


def test_the_notice_is_heard_when_somebody_else_calls(phone, worker):
    page, _ = phone
    page.get_by_label("Who calls").select_option(label="Somebody who says nothing")
    page.get_by_role("button", name="Call", exact=True).click()
    # The notice has 4 s of speech, pauses between the words included.
    wait_until_heard(page, 2_500)
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("The call is over")).to_be_visible()


@pytest.mark.check
def test_without_a_microphone_somebody_else_calls(phone, owner):
    page, troubles = phone
    page.get_by_role("button", name="Call", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="microphone")
    expect(alert).to_contain_text("let somebody else call")
    page.get_by_label("Who calls").select_option(label="A friend about dinner")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(alert).to_be_hidden()
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_text("The call is over")).to_be_visible()
    assert Call.objects.get(owner=owner).from_number == load_script("friend").from_number
    assert troubles == []
