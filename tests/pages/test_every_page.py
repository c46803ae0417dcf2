"""Every page in a real browser: nobody kept out, nothing on the console, nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.models import User
from aloha_site import demo
from telephony.models import Call
from tests.factories import make_user
from tests.pages.every_page import State, log_in, states
from voicemail.models import Message

pytestmark = pytest.mark.U5
# What the default suite looks at; all of it is looked at in the check tier.
FEW = {"log-in-wrong", "home", "settings", "settings-release", "message"}
SIZES = {"wide": 1280, "phone": 360}
# The answer's own status, which the browser repeats on its console.
STATUS_LINE = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@pytest.fixture
def cast(aloha_url) -> dict[str, User | None]:
    """Who looks: somebody without an account, somebody new, and the demo's owner."""
    number = demo.seed(now=timezone.now())
    return {
        "visitor": None,
        "newcomer": make_user("new@example.com", name="Ada Plumber"),
        "owner": number.user,
    }


@pytest.fixture
def every_state(cast, settings) -> list[State]:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    call = Call.objects.filter(owner=cast["owner"]).latest("started_at")
    return states(Message.objects.get(call=call), call)


@pytest.fixture
def pictures(pytestconfig) -> Path | None:
    folder = pytestconfig.getoption("--screenshots")
    return Path(folder) if folder else None


def pages_of(
    browser: Browser, url: str, cast: dict[str, User | None], *, width: int, scheme: str
) -> Iterator[tuple[str, Page]]:
    """A browser of each person's own."""
    for who, user in cast.items():
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        if user:
            log_in(page, user, url)
        yield who, page
        context.close()


def faults_of(page: Page, url: str, state: State, picture: Path | None) -> list[str]:
    """What is wrong with one page in one state."""
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: None if _is_ours(asked.url, url) else said.append(asked.url))
    page.goto(url + state.path)
    if state.act:
        state.act(page)
    if picture:
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture, full_page=page.locator("dialog[open]").count() == 0)
    said += [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in Axe().run(page).response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        said.append("wider than the screen")
    if state.goes_wrong:
        said = [line for line in said if not STATUS_LINE.match(line)]
    return [f"{state.name}: {line}" for line in said]


def _is_ours(address: str, url: str) -> bool:
    return address.startswith((url, "data:", "blob:"))


def walk(browser, url, cast, chosen: list[State], *, width: int, scheme: str, pictures=None):
    faults = []
    for who, page in pages_of(browser, url, cast, width=width, scheme=scheme):
        for state in chosen:
            if state.who != who:
                continue
            picture = pictures / f"{state.name}-{scheme}-{width}.png" if pictures else None
            tab = page.context.new_page()
            tab.set_default_timeout(20_000)
            with override_settings(DEBUG=state.in_development):
                faults += faults_of(tab, url, state, picture)
            tab.close()
    return faults


def test_the_main_pages_keep_nobody_out(browser, aloha_url, cast, every_state):
    chosen = [state for state in every_state if state.name in FEW]
    assert walk(browser, aloha_url, cast, chosen, width=360, scheme="dark") == []


@pytest.mark.check
@pytest.mark.parametrize("width", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(browser, aloha_url, cast, every_state, pictures, scheme, width):
    faults = walk(
        browser, aloha_url, cast, every_state, width=width, scheme=scheme, pictures=pictures
    )
    assert faults == []
