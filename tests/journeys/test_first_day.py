"""An owner's first day in a real browser: a number, a call, a message to listen to."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from telephony.models import UserPhoneNumber
from telephony.simulator.callers import load_script
from telephony.simulator.carrier import SimulatedCall
from tests.factories import PASSWORD


@pytest.fixture
def quiet_page(page: Page) -> Page:
    """A page whose console and network are watched: nothing may go wrong or leave the origin."""
    page.set_default_timeout(10_000)
    page.on("console", lambda message: _expect_no(message.type == "error", message.text))
    page.on("pageerror", lambda error: _expect_no(True, str(error)))
    page.on(
        "request",
        lambda request: _expect_no(
            not request.url.startswith(("http://127.0.0.1", "data:", "blob:")), request.url
        ),
    )
    return page


def _expect_no(trouble: bool, what: str) -> None:
    assert not trouble, what


def sign_up(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Your name").fill("Ada Plumber")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(f"{url}/")


def place_call(url: str, to_number: str) -> str:
    """Call from a thread of its own: the browser's loop runs in this one."""
    script = load_script("customer")
    call = SimulatedCall(
        base_url=url,
        caller=script.caller(),
        to_number=to_number,
        from_number=script.from_number,
    )
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(asyncio.run, call.run()).result()
    assert result.answered_by == "agent"
    return result.call_sid


@pytest.mark.U1
def test_a_new_owner_takes_a_number_is_called_and_hears_the_message(aloha_url, worker, quiet_page):
    page = quiet_page
    sign_up(page, aloha_url)

    page.goto(f"{aloha_url}/aloha/settings")
    page.get_by_label("Area code").fill("415")
    page.get_by_role("button", name="Search Numbers").click()
    page.get_by_role("button", name="Use this number").first.click()
    page.get_by_role("button", name="Take this number").click()
    expect(page.get_by_text("Simulated", exact=True)).to_be_visible()
    number = UserPhoneNumber.objects.get()
    assert number.phone_number.startswith("+141555501")

    page.get_by_label("Enable Aloha as my voicemail").check()
    page.get_by_role("button", name="Save voicemail").click()
    expect(page.get_by_label("Enable Aloha as my voicemail")).to_be_checked()

    place_call(aloha_url, number.phone_number)

    page.goto(f"{aloha_url}/aloha/inbox")
    row = page.get_by_role("link", name=re.compile(r"\(510\) 555-0147")).first
    # The page is open before the message is ready: it appears without a reload.
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    summary = page.get_by_role("region", name="Summary")
    expect(summary.get_by_text("Left a spoken message of")).to_be_visible()
    duration = page.evaluate(
        """async () => {
            const audio = document.querySelector("audio");
            audio.muted = true;
            await audio.play();
            await new Promise((resolve) => setTimeout(resolve, 1200));
            return [audio.duration, audio.currentTime, audio.error];
        }"""
    )
    assert duration[0] > 20
    assert duration[1] > 0.5
    assert duration[2] is None
