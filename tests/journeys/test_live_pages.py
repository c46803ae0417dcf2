"""The phone and the running call keep nobody out, on any screen, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from aloha_site import demo
from telephony.models import TranscriptLine
from tests.factories import make_call

pytestmark = pytest.mark.check


@pytest.fixture
def running_call(aloha_url, page: Page):
    """A call of the demo's owner, who is logged in."""
    number = demo.seed(now=timezone.now())
    page.set_default_timeout(20_000)
    page.goto(f"{aloha_url}/accounts/login/?next=/aloha/phone")
    page.get_by_label("Email").fill(demo.OWNER_EMAIL)
    page.get_by_label("Password").fill(demo.OWNER_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/phone")
    call = make_call(number, status="in-progress")
    for position, role in enumerate(("agent", "caller")):
        TranscriptLine.objects.create(
            call=call,
            position=position,
            role=role,
            text="The boiler leaks, and the water comes through the ceiling of the kitchen.",
            heard_chars=30 if role == "agent" else None,
            start_ms=position * 5_000,
            end_ms=position * 5_000 + 4_000,
            source="realtime",
        )
    return call


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(aloha_url, page, running_call, width, scheme):
    troubles = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for path in ("/aloha/phone", f"/aloha/calls/{running_call.id}"):
        page.goto(aloha_url + path)
        if path == "/aloha/phone":
            page.get_by_role("button", name="Call", exact=True).click()
            expect(page.get_by_role("alert").filter(has_text="microphone")).to_be_visible()
        found = Axe().run(page).response["violations"]
        troubles += [each["id"] for each in found if each["impact"] in {"serious", "critical"}]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert troubles == []
