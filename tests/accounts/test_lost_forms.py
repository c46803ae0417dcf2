"""A form that meets an expired log-in: told so, and nothing typed is lost in the browser."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from agent.models import AgentProfile
from tests.factories import PASSWORD, make_user
from tests.pages.every_page import log_in


def test_the_log_in_page_says_that_the_form_was_not_taken(client, db):
    answer = client.post("/aloha/settings/agent", {"agent_name": "Kai"}, follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/login/"
    assert "nothing was saved yet" in answer.content.decode()


def test_whoever_merely_opens_a_page_is_told_nothing_of_the_kind(client, db):
    text = client.get("/aloha/settings", follow=True).content.decode()
    assert "nothing was saved yet" not in text


@pytest.fixture
def settings_in_browser(aloha_url, page: Page, settings) -> Page:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    log_in(page, make_user("nora@example.com", name="Nora Whitfield"), aloha_url)
    page.set_default_timeout(20_000)
    page.goto(f"{aloha_url}/aloha/settings")
    return page


@pytest.mark.check
def test_what_was_typed_outlives_an_expired_log_in(settings_in_browser):
    page = settings_in_browser
    page.get_by_label("Fact 1", exact=True).fill("No gas work in high-rise buildings")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save facts").click()
    expect(page.get_by_text("nothing was saved yet")).to_be_visible()
    page.get_by_label("E-mail").fill("nora@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Fact 1", exact=True)).to_have_value(
        "No gas work in high-rise buildings"
    )
    page.get_by_role("button", name="Save facts").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert AgentProfile.objects.get().about == "No gas work in high-rise buildings"


def test_saving_one_card_keeps_what_was_typed_into_another(settings_in_browser):
    page = settings_in_browser
    page.get_by_label("Fact 1", exact=True).fill("Emergency call-outs until 22:00")
    page.get_by_label("Name", exact=True).fill("Kai")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kai")
    expect(page.get_by_label("Fact 1", exact=True)).to_have_value("Emergency call-outs until 22:00")
    expect(page.locator("#about").get_by_text("Not saved yet")).to_be_visible()
    expect(page.locator("#agent").get_by_text("Not saved yet")).to_be_hidden()


@pytest.mark.check
def test_leaving_aloha_with_something_unsaved_asks_first(settings_in_browser):
    page = settings_in_browser
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_label("Fact 1", exact=True).press_sequentially("Plumbing")
    page.goto("about:blank")
    assert asked == ["beforeunload"]
