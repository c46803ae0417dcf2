"""The browser phone: a voice goes in, Aloha answers aloud, the message is in the inbox."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from agent.speech import wav
from telephony.models import Call, UserPhoneNumber, VoicemailMode
from telephony.simulator.callers import load_script
from tests.factories import PASSWORD, make_number
from voicemail.models import Message

pytestmark = pytest.mark.U4
SILENCE_S = 14
"""The fake microphone plays its file at once: first comes the greeting."""


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.VOICEMAIL_ONLY)


@pytest.fixture
def microphone(tmp_path) -> tuple[str, ...]:
    """A microphone that plays somebody who waits for the greeting and then speaks."""
    said = b"".join(turn.audio for turn in load_script("friend").turns)
    path = tmp_path / "microphone.wav"
    wav.write_mulaw(path, b"\xff" * 8_000 * SILENCE_S + said + b"\xff" * 8_000 * 60)
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
    opened.set_default_timeout(20_000)
    yield opened
    browser.close()


@pytest.fixture
def phone(aloha_url, owner, number, page: Page) -> tuple[Page, list[str]]:
    """The owner's phone page, and what its console complains of."""
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{aloha_url}/accounts/login/?next=/aloha/phone")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/phone")
    return page, troubles


def heard_ms(page: Page) -> int:
    return int(page.locator("[data-phone]").get_attribute("data-heard-ms") or 0)


def test_the_microphone_leaves_a_message_and_the_reply_is_heard(microphone, phone, owner, worker):
    page, troubles = phone
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    link = page.get_by_role("link", name="Open the message")
    expect(link).to_be_visible(timeout=90_000)
    # The notice, the greeting and the goodbye, each some seconds of loudness in the output.
    assert heard_ms(page) > 5_000
    call = Call.objects.get(owner=owner)
    assert call.agent_outcome == "finished"
    assert [line.role for line in call.transcript.all()].count("caller") >= 1
    link.click()
    message = Message.objects.get(call=call)
    expect(page).to_have_url(re.compile(f"/aloha/inbox/{message.id}$"))
    assert troubles == []
