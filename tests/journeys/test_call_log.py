"""The call log in a real browser: accessible, quiet, and as wide as the screen."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from aloha_site import demo
from telephony.models import Call

pytestmark = pytest.mark.check


@pytest.fixture
def call(aloha_url, page: Page) -> Call:
    """A call of the demo's owner, who is logged in."""
    number = demo.seed(now=timezone.now())
    page.set_default_timeout(20_000)
    page.goto(f"{aloha_url}/accounts/login/?next=/aloha/calls")
    page.get_by_label("E-mail").fill(demo.OWNER_EMAIL)
    page.get_by_label("Password").fill(demo.OWNER_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/calls")
    return Call.objects.filter(number=number).latest("started_at")


def test_a_call_is_found_opened_and_heard_from_where_the_caller_speaks(aloha_url, page, call):
    page.get_by_role("searchbox").fill(call.from_number[-7:])
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=call.message.caller_name).click()
    line = page.locator(".story-caller").first
    line.get_by_role("button").click()
    expect(line).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Open message").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/inbox/{call.message.id}")
