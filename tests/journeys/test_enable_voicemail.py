"""Aloha becomes the owner's voicemail: on a phone and a desk, with scripts and without."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from telephony.models import UserPhoneNumber
from tests.factories import PASSWORD, make_number

pytestmark = pytest.mark.U1
SIZES = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}
SWITCH = "Enable Aloha as my voicemail"


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return make_number(owner)


@pytest.fixture(
    params=[
        pytest.param(("phone", True), id="phone, with scripts"),
        pytest.param(("phone", False), id="phone, without scripts", marks=pytest.mark.check),
        pytest.param(("desk", True), id="desk, with scripts", marks=pytest.mark.check),
        pytest.param(("desk", False), id="desk, without scripts"),
    ]
)
def settings_page(request, browser: Browser, aloha_url, owner, number) -> Iterator[Page]:
    """The owner's settings, reached from her home by the step that comes next."""
    size, has_scripts = request.param
    context = browser.new_context(viewport=SIZES[size], java_script_enabled=has_scripts)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{aloha_url}/accounts/login/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Set it up").click()
    expect(page).to_have_url(f"{aloha_url}/aloha/settings#voicemail")
    yield page
    context.close()


def test_voicemail_is_switched_on_as_a_receptionist_and_off_again(settings_page, number):
    page = settings_page
    card = page.get_by_role("region", name="Aloha as my voicemail")
    expect(card.get_by_label("I'll use call forwarding")).to_be_hidden()
    card.get_by_label(SWITCH).check()
    card.get_by_label("Receptionist").check()
    card.get_by_label("Your own mobile number").fill("(415) 555-0178")
    card.get_by_role("button", name="Save voicemail").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
    expect(card.get_by_role("link", name="set up forwarding")).to_be_visible()
    expect(card.get_by_label(SWITCH)).to_be_checked()
    expect(card.get_by_label("Receptionist")).to_be_checked()
    expect(card.get_by_label("I'll use call forwarding")).to_be_visible()
    number.refresh_from_db()
    assert number.voicemail_mode == "receptionist"
    assert number.external_phone_number == "+14155550178"

    card.get_by_label(SWITCH).uncheck()
    card.get_by_role("button", name="Save voicemail").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
    expect(card.get_by_label(SWITCH)).not_to_be_checked()
    number.refresh_from_db()
    assert not number.voicemail_enabled


def test_a_number_that_is_none_is_explained_and_what_was_typed_stays(settings_page, number):
    page = settings_page
    page.get_by_label(SWITCH).check()
    page.get_by_label("Your own mobile number").fill("555 0178")
    page.get_by_role("button", name="Save voicemail").click()
    expect(page.get_by_role("alert")).to_contain_text("Your own mobile number")
    expect(page.get_by_label("Your own mobile number")).to_have_value("555 0178")
    expect(page.get_by_label(SWITCH)).to_be_checked()
    number.refresh_from_db()
    assert not number.voicemail_enabled
