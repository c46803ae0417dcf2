"""Every control of the settings under its label, and what scripts add to the agent's cards."""

import re

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from agent.greetings import greeting_preview
from agent.models import AgentProfile
from agent.speech import wav
from aloha_site import demo
from tests.factories import make_user
from tests.pages.every_page import log_in

pytestmark = pytest.mark.U2


def open_settings(page: Page, url: str, user, settings) -> Page:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    page.set_default_timeout(20_000)
    log_in(page, user, url)
    page.goto(f"{url}/aloha/settings")
    return page


@pytest.fixture
def newcomers_page(aloha_url, page, settings) -> Page:
    return open_settings(page, aloha_url, make_user("ada@example.com", name="Ada"), settings)


@pytest.fixture
def owners_page(aloha_url, page, settings) -> Page:
    voice_samples_folder = django_settings.VAR_DIR / "voice-samples"
    voice_samples_folder.mkdir(exist_ok=True)
    wav.write_mulaw(voice_samples_folder / "cedar.wav", bytes([0x80, 0x00]) * 8_000)
    owner = demo.seed(now=timezone.now()).user
    return open_settings(page, aloha_url, owner, settings)


def test_without_a_number_one_is_looked_for(newcomers_page):
    page = newcomers_page
    for label in ("Country", "Area code"):
        expect(page.get_by_label(label)).to_be_visible()
    expect(page.get_by_role("button", name="Random Number")).to_be_visible()
    page.get_by_label("Area code").fill("415")
    page.get_by_role("button", name="Search Numbers").click()
    expect(page.get_by_role("button", name="Use this number").first).to_be_visible()


def test_with_a_number_everything_about_it_is_set(owners_page):
    page = owners_page
    for role, name in (
        ("link", "Release Number"),
        ("link", "Change number"),
        ("switch", "Enable Aloha as my voicemail"),
        ("radio", "Voicemail only"),
        ("radio", "Receptionist"),
        ("radio", "Cedar"),
        ("textbox", "Your own mobile number"),
        ("textbox", "Greeting"),
        ("textbox", "Fact 1"),
    ):
        expect(page.get_by_role(role, name=name).first).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Aloha")


def test_facts_are_rows_that_are_added_removed_and_saved(owners_page):
    page = owners_page
    card = page.get_by_role("region", name="About you")
    card.get_by_label("Fact 1", exact=True).fill("Plumbing in Oakland\nA visit costs $120")
    expect(card.get_by_label("Fact 2", exact=True)).to_have_value("A visit costs $120")
    card.get_by_label("Fact 2", exact=True).press("Enter")
    page.keyboard.type("No gas work")
    expect(card.get_by_text("3 facts")).to_be_visible()
    card.get_by_role("button", name="Remove fact 1").click()
    expect(card.get_by_label("Fact 1", exact=True)).to_be_focused()
    card.get_by_role("button", name="Save facts").click()
    expect(card.get_by_text("Saved.")).to_be_visible()
    assert AgentProfile.objects.get().about == "A visit costs $120\nNo gas work"
    expect(card.get_by_label("Fact 2", exact=True)).to_have_value("No gas work")


@pytest.mark.check
def test_facts_that_were_not_saved_are_rows_again(owners_page):
    page = owners_page
    page.get_by_label("Fact 1", exact=True).fill("Plumbing in Oakland")
    page.get_by_role("button", name="Add a fact").click()
    page.keyboard.type("No gas work")
    page.get_by_role("link", name="Calls").first.click()
    page.get_by_role("link", name="Settings").first.click()
    expect(page.get_by_label("Fact 2", exact=True)).to_have_value("No gas work")
    card = page.get_by_role("region", name="About you")
    expect(card.get_by_text("Not saved yet")).to_be_visible()


def test_while_numbers_are_looked_for_their_shapes_are_shown(newcomers_page):
    page = newcomers_page
    page.route(re.compile("find=search"), lambda asked: asked.abort("aborted"))  # no answer comes
    page.get_by_label("Area code").fill("415")
    page.get_by_role("button", name="Search Numbers").click(no_wait_after=True)
    shapes = page.get_by_role("status").filter(has_text="Asking for free numbers...")
    expect(shapes).to_be_visible()
    expect(page.get_by_role("button", name="Asking for free numbers...")).to_be_visible()


def test_the_mode_is_asked_only_while_voicemail_is_on(owners_page):
    page = owners_page
    page.get_by_label("Enable Aloha as my voicemail").uncheck()
    expect(page.get_by_role("radio", name="Receptionist")).to_be_hidden()
    page.get_by_label("Enable Aloha as my voicemail").check()
    expect(page.get_by_role("radio", name="Receptionist")).to_be_visible()


@pytest.mark.parametrize(
    "greeting",
    [
        "You reached Whitfield Plumbing.",
        pytest.param("", marks=pytest.mark.check),
        pytest.param("Kai, Nora's AI, here.", marks=pytest.mark.check),
    ],
)
def test_the_greeting_is_previewed_as_the_server_would_write_it(owners_page, greeting):
    page = owners_page
    page.get_by_label("Name", exact=True).fill(" Kai ")
    page.get_by_label("Greeting").fill(greeting)
    expect(page.locator("[data-greeting]")).to_have_text(
        greeting_preview(
            agent_name="Kai", owner_name="Nora Whitfield", greeting=greeting, only_messages=True
        )
    )


def test_a_voice_with_a_sample_is_played_and_stopped(owners_page):
    page = owners_page
    play = page.get_by_role("button", name="Play Cedar")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("button", name="Play Marin")).to_have_count(0)
    expect(page.get_by_text("need an OpenAI key to be heard")).to_be_visible()
