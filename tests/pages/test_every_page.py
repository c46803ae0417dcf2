"""Every page in a real browser: nobody kept out, nothing on the console, nothing from elsewhere."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from accounts.audit import Who
from accounts.models import User
from aloha_site import demo
from telephony.models import Call, Campaign, TranscriptLine
from tests.factories import make_call, make_number, make_user
from tests.pages.every_page import SECURED_EMAIL, Rows, State, log_in, states
from voicemail.models import Message, Urgency
from voicemail.support import READ_WORDS, note_look

pytestmark = pytest.mark.U5
# What the default suite looks at; all of it is looked at in the check tier.
FEW = {"log-in-wrong", "home", "settings", "settings-release", "message", "support", "support-live"}
SIZES = {"wide": 1280, "phone": 360}
SCHEMES = ("light", "dark")
PARTS = 2  # so that two processes share the longest of all tests
# Nothing is fetched anew: axe would put style sheets into the page, which its policy refuses.
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
# The answer's own status, which the browser repeats on its console.
STATUS_LINE = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")

WIDER_THAN_THE_SCREEN = """() => [document.documentElement, document.querySelector("dialog[open]")]
  .some((each) => each && each.scrollWidth > innerWidth)"""
# Colours change by and by where Django's own style sheet says so.
UNTIL_COLOURS_STAY = """() => Promise.allSettled(document.getAnimations()
  .filter((each) => each instanceof CSSTransition).map((each) => each.finished)).then(() => null)"""
# Controls that a finger has to hit, but for what has a label as high around it.
HARD_TO_TAP = """() => [...document.querySelectorAll(
    "button, .button, summary, select, textarea, nav a, input:not([type=checkbox], [type=radio])"
  )].filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5
    && !each.closest(".visually-hidden")
  ).map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture
def cast(aloha_url) -> dict[str, User | None]:
    """Who looks: no account, a new one, one whose address waits, and the demo's owner."""
    number = demo.seed(now=timezone.now())
    waiting = make_user("waits@example.com", name="Wanda Waits")
    EmailAddress.objects.create(user=waiting, email=waiting.email, primary=True)
    secured = make_user(SECURED_EMAIL, name="Sara Secure")
    EmailAddress.objects.create(user=secured, email=SECURED_EMAIL, primary=True, verified=True)
    TOTP.activate(secured, generate_totp_secret())
    RecoveryCodes.activate(secured)
    return {
        "visitor": None,
        "newcomer": make_user("new@example.com", name="Ada Plumber"),
        "unconfirmed": waiting,
        "owner": number.user,
        "called": make_user("called@example.com", name="Ida Berg"),
        "secured": secured,
        "halfway": None,
        "support": User.objects.get(email=demo.SUPPORT_EMAIL),
    }


@pytest.fixture
def every_state(cast, settings) -> list[State]:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    call = Call.objects.filter(owner=cast["owner"]).latest("started_at")
    Message.objects.filter(call=call).update(urgency=Urgency.HIGH)
    line = make_number(cast["called"], phone_number="+14155550144")
    running = make_call(line, status="in-progress")
    for position, role in enumerate(("agent", "caller")):
        TranscriptLine.objects.create(
            call=running,
            position=position,
            role=role,
            text="The boiler leaks, and the water comes through the ceiling of the kitchen.",
            heard_chars=30 if role == "agent" else None,
            start_ms=position * 5_000,
            end_ms=position * 5_000 + 4_000,
            source="realtime",
        )
    who = Who(user=cast["support"], reason="ticket 48213", request_id=uuid.uuid4())
    rows = Rows(
        message=Message.objects.get(call=call),
        call=call,
        running=running,
        campaign=Campaign.objects.create(owner=cast["owner"], name="Visits", purpose="Confirm."),
        look=note_look(call, who, READ_WORDS),
        reset_path=path_of_a_link_to(cast["owner"]),
    )
    return states(rows)


def path_of_a_link_to(owner: User) -> str:
    """The link that she is sent when she has forgotten her password."""
    key = default_token_generator.make_token(owner)
    names = {"uidb36": user_pk_to_url_str(owner), "key": key}
    return reverse("account_reset_password_from_key", kwargs=names)


@pytest.fixture
def pictures(pytestconfig) -> Path | None:
    folder = pytestconfig.getoption("--screenshots")
    return Path(folder) if folder else None


def pages_of(
    browser: Browser, url: str, cast: dict[str, User | None], *, width: int
) -> Iterator[tuple[str, Page]]:
    """A browser of each person's own."""
    for who, user in cast.items():
        context = browser.new_context(
            viewport={"width": width, "height": 800}, reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        if user:
            log_in(page, user, url)
        yield who, page
        context.close()


def faults_of(page: Page, url: str, state: State, pictures: Path | None) -> list[str]:
    """What is wrong with one page in one state, in light and dark."""
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: None if _is_ours(asked.url, url) else said.append(asked.url))
    page.goto(url + state.path)
    if state.act:
        state.act(page)
    shown = urlsplit(page.url).path
    if shown != (state.shows or urlsplit(state.path).path) and (state.shows or not state.act):
        said.append(f"shows {shown}")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(UNTIL_COLOURS_STAY)
        if pictures:
            width = page.viewport_size["width"]
            take_picture(page, pictures / f"{state.name}-{scheme}-{width}.png")
        said += [f"{barrier}, in {scheme}" for barrier in barriers_on(page)]
    if state.who != "support":  # whose controls are Django's, for a desk
        if page.evaluate(WIDER_THAN_THE_SCREEN):
            said.append("wider than the screen")
        said += [f"hard to tap: {each}" for each in page.evaluate(HARD_TO_TAP)]
    if state.goes_wrong:
        said = [line for line in said if not STATUS_LINE.match(line)]
    return [f"{state.name}: {line}" for line in said]


def barriers_on(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in Axe().run(page, options=AXE_OPTIONS).response["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def take_picture(page: Page, picture: Path) -> None:
    """The whole page, in a window as high as it: what keeps to the window's edge stands there."""
    size = page.viewport_size
    if size is None:
        raise AssertionError("a page without a size")
    if page.locator("dialog[open]").count() == 0:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture)
    page.set_viewport_size(size)


def _is_ours(address: str, url: str) -> bool:
    return address.startswith((url, "data:", "blob:"))


def walk(browser, url, cast, chosen: list[State], *, width: int, pictures=None):
    faults = []
    for who, page in pages_of(browser, url, cast, width=width):
        for state in chosen:
            if state.who != who:
                continue
            tab = page.context.new_page()
            tab.set_default_timeout(20_000)
            with override_settings(DEBUG=state.in_development):
                faults += faults_of(tab, url, state, pictures)
            tab.close()
    return faults


def test_the_main_pages_keep_nobody_out(browser, aloha_url, cast, every_state):
    chosen = [state for state in every_state if state.name in FEW]
    assert walk(browser, aloha_url, cast, chosen, width=360) == []


@pytest.mark.check
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("width", SIZES.values(), ids=SIZES)
def test_no_page_keeps_anybody_out(browser, aloha_url, cast, every_state, pictures, width, part):
    chosen = every_state[part::PARTS]
    assert walk(browser, aloha_url, cast, chosen, width=width, pictures=pictures) == []
