"""U1, U3: an owner sets up forwarding, proves it, and finds the dialog well-behaved."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from telephony.models import UserPhoneNumber
from telephony.simulator.probe_host import play_waiting_probes
from tests.factories import PASSWORD
from tests.voicemail.checks import forwarding_number
from voicemail.forwarding import settle_checks

SETTINGS = "/aloha/settings"


@pytest.fixture
def number(owner, aloha_url, settings) -> UserPhoneNumber:
    settings.SIMULATED_RING_SECONDS = 1.0
    return forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)


@pytest.fixture
def forwarding_worker(transactional_db: None) -> Iterator[None]:
    """The worker's part in tests of forwarding, until the test is over."""
    stop = threading.Event()
    phones: list[threading.Thread] = []

    def work() -> None:
        try:
            while not stop.wait(0.1):
                phones.extend(play_waiting_probes())
                settle_checks(now=timezone.now())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
    for phone in phones:
        phone.join(timeout=10)


def logged_in(page: Page, url: str) -> Page:
    page.set_default_timeout(10_000)
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill("owner@example.com")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{url}/")
    return page


def opened(page: Page, url: str):
    logged_in(page, url).goto(f"{url}{SETTINGS}")
    page.get_by_role("link", name="How do I set this up?").click()
    dialog = page.get_by_role("dialog", name="Set up call forwarding")
    expect(dialog).to_be_visible()
    return dialog


@pytest.mark.U1
@pytest.mark.V3
def test_an_owner_sets_up_forwarding_and_proves_it(page, aloha_url, number, forwarding_worker):
    dialog = opened(page, aloha_url)
    dialog.get_by_label("Your carrier").select_option("Verizon")
    expect(dialog.get_by_text(f"*71{number.phone_number[2:]}")).to_be_visible()
    dialog.get_by_role("button", name="I've set up forwarding").click()
    dialog.get_by_role("button", name="Check now").click()
    expect(dialog.get_by_role("heading", name="Don't pick up. Let it ring.")).to_be_visible()
    # Nobody reloads anything: the steps light up by themselves.
    expect(dialog.get_by_role("list").get_by_text("It reached Aloha")).to_be_visible(timeout=15_000)
    expect(dialog.get_by_role("heading", name="Proven on")).to_be_visible()
    dialog.get_by_role("link", name="Close").last.click()
    expect(page.locator("#forwarding-status")).to_contain_text("Proven on")
    expect(page.get_by_label("I'll use call forwarding")).to_be_checked()


@pytest.mark.U1
def test_without_scripts_the_same_steps_are_a_page(
    browser: Browser, aloha_url, number, forwarding_worker
):
    context = browser.new_context(java_script_enabled=False)
    page = logged_in(context.new_page(), aloha_url)
    page.goto(f"{aloha_url}{SETTINGS}")
    page.get_by_role("link", name="How do I set this up?").click()
    page.get_by_label("Your carrier").select_option("T-Mobile")
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator(".code-text")).to_have_text(f"**004*{number.phone_number[1:]}#")
    page.get_by_role("button", name="I've set up forwarding").click()
    page.get_by_role("button", name="Check now").click()
    for _ in range(40):
        if page.get_by_role("link", name="Look again").count() == 0:
            break
        page.wait_for_timeout(200)
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Proven on")).to_be_visible()
    page.get_by_role("link", name="Close").last.click()
    expect(page.locator("#forwarding-status")).to_contain_text("Proven on")
    context.close()


@pytest.mark.U3
def test_the_dialog_takes_the_focus_and_gives_it_back(page, aloha_url, number):
    dialog = opened(page, aloha_url)
    expect(dialog.get_by_role("heading", name="Set up call forwarding")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    opener = page.get_by_role("link", name="How do I set this up?")
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("link", name="Close").last.click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.U3
@pytest.mark.check
def test_after_a_change_the_focus_comes_back_too(page, aloha_url, number):
    dialog = opened(page, aloha_url)
    dialog.get_by_role("button", name="I've set up forwarding").click()
    expect(dialog.get_by_role("button", name="Check now")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#forwarding-status")).to_contain_text("Forwarding marked as set up")
    expect(page.get_by_role("link", name="How do I set this up?")).to_be_focused()


@pytest.mark.U3
def test_the_number_and_the_code_go_to_the_clipboard_exactly(page, aloha_url, number):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=aloha_url)
    dialog = opened(page, aloha_url)
    for name, text in (
        ("Copy number", number.phone_number),
        ("Copy code", f"**004*{number.phone_number[1:]}#"),
    ):
        dialog.get_by_role("button", name=name).click()
        expect(dialog.get_by_role("button", name="Copied").first).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.U3
@pytest.mark.check
def test_without_a_clipboard_the_browser_copies_what_is_selected(page, aloha_url, number):
    page.add_init_script(
        """Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.addEventListener("copy", () => { window.copied = getSelection().toString() ||
          document.activeElement.value; });"""
    )
    dialog = opened(page, aloha_url)
    dialog.get_by_role("button", name="Copy number").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("window.copied") == number.phone_number


@pytest.mark.U3
@pytest.mark.check
def test_where_nothing_can_be_copied_the_number_is_shown_to_be_written_down(
    page, aloha_url, number
):
    page.add_init_script(
        """Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.execCommand = () => false;"""
    )
    dialog = opened(page, aloha_url)
    dialog.get_by_role("button", name="Copy number").click()
    expect(dialog.get_by_role("button", name=number.phone_number)).to_be_visible()


@pytest.mark.U2
def test_the_choice_of_forwarding_goes_while_voicemail_is_being_switched_off(
    page, aloha_url, number
):
    logged_in(page, aloha_url).goto(f"{aloha_url}{SETTINGS}")
    checkbox = page.get_by_label("I'll use call forwarding")
    expect(checkbox).to_be_visible()
    page.get_by_label("Enable Aloha as my voicemail").uncheck()
    expect(checkbox).to_be_hidden()
