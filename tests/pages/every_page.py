"""Every page of Aloha in the states that people meet it in; walked by tests and for pictures."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from accounts.models import AuditEvent, User
from aloha_site import demo
from telephony.models import Call, Campaign
from tests.factories import PASSWORD
from voicemail.models import Message

Act = Callable[[Page], Any]


SECURED_EMAIL = "secured@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the addresses of pages name; `look` has opened the call to support."""

    message: Message
    call: Call
    running: Call
    campaign: Campaign
    look: AuditEvent
    reset_path: str
    """Of the link that lets the owner choose a new password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One page as `who` sees it, after `act` has done something on it.

    `who` is "visitor", "newcomer" (nothing yet), "unconfirmed" (her address waits), "owner" (the
    demo's: number, messages, calls), "called" (somebody is on her line), "secured" (has a second
    factor), "halfway" (a visitor who gives that one's password) or "support".
    `shows` is the path of the page where `path` and `act` lead, when it is another.
    `goes_wrong` is for pages that are an error answer, which the browser's console repeats.
    """

    name: str
    path: str
    who: str = "owner"
    act: Act | None = None
    shows: str = ""
    goes_wrong: bool = False
    in_development: bool = False


def _press(name: str) -> Act:
    return lambda page: page.get_by_role("button", name=name).first.click()


def _submit_empty(button: str) -> Act:
    """Past the browser's own checks, so that the server's answer is what is seen."""

    def act(page: Page) -> None:
        page.evaluate(
            "document.querySelectorAll('form').forEach((form) => (form.noValidate = true))"
        )
        page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_selector("[role=alert]")

    return act


def _wrong_log_in(page: Page) -> None:
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("a wrong one")
    _submit_empty("Log in")(page)


def _blank_name(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("")
    _submit_empty("Save name")(page)


def _wrong_area_code(page: Page) -> None:
    page.get_by_label("Area code").fill("41")
    _submit_empty("Search Numbers")(page)


def _write_facts(page: Page) -> None:
    page.get_by_label("Fact 1", exact=True).fill("Plumbing in Oakland\nA first visit costs $120")


def _open_menu(page: Page) -> None:
    page.locator("[data-menu] summary").first.click()


def _open_wizard(page: Page) -> None:
    page.get_by_role("link", name="How do I set this up?").click()
    page.locator("dialog[open] h2").first.wait_for()


def _open_proof(page: Page) -> None:
    _open_wizard(page)
    page.get_by_role("button", name="I've set up forwarding").click()
    page.get_by_role("button", name="Check now").wait_for()


def _call_without_microphone(page: Page) -> None:
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_role("alert").filter(has_text="microphone").wait_for()


def _archive(page: Page) -> None:
    page.get_by_role("button", name="Archive").first.click()
    page.locator(".toast").wait_for()


def _number_for_a_reason(page: Page) -> None:
    page.get_by_label("Reason").fill("asked by 510 555 0147")
    page.get_by_role("button", name="Read transcript").click()
    page.locator(".errornote").wait_for()


def _log_in_halfway(page: Page) -> None:
    page.get_by_label("E-mail").fill(SECURED_EMAIL)
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Code").wait_for()


def _give(password: str) -> Act:
    """Again, where the log-in is not fresh enough for the page."""

    def act(page: Page) -> None:
        if "/reauthenticate/" in page.url:
            page.get_by_label("Password").first.fill(password)
            page.get_by_role("button", name="Confirm").click()
            page.wait_for_url(lambda url: "/reauthenticate/" not in url)

    return act


def states(rows: Rows) -> list[State]:
    """All of them, for people and for the support."""
    return [*_states_of_owners(rows), *_states_of_support(rows)]


def _states_of_support(rows: Rows) -> list[State]:
    call, number = f"/admin/telephony/call/{rows.call.pk}", rows.call.number_id
    found = [
        State(name="support", path="/admin/"),
        State(name="support-live", path="/admin/live/"),
        State(name="support-find", path=f"/admin/find/?q={demo.OWNER_EMAIL}"),
        State(name="support-calls", path="/admin/telephony/call/"),
        State(name="support-call", path=f"{call}/change/"),
        State(name="support-read-wrong", path=f"{call}/read/", act=_number_for_a_reason),
        State(name="support-words", path=f"{call}/content/{rows.look.pk}/"),
        State(name="support-number", path=f"/admin/telephony/userphonenumber/{number}/change/"),
    ]
    return [dataclasses.replace(state, who="support") for state in found]


def _states_of_owners(rows: Rows) -> list[State]:
    message, call, running = rows.message, rows.call, rows.running
    return [
        State(name="landing", path="/", who="visitor"),
        State(name="log-in", path="/accounts/login/", who="visitor"),
        State(name="log-in-wrong", path="/accounts/login/", who="visitor", act=_wrong_log_in),
        State(name="sign-up", path="/accounts/signup/", who="visitor"),
        State(
            name="sign-up-wrong",
            path="/accounts/signup/",
            who="visitor",
            act=_submit_empty("Sign up"),
        ),
        State(name="reset-password", path="/accounts/password/reset/", who="visitor"),
        State(name="reset-password-sent", path="/accounts/password/reset/done/", who="visitor"),
        State(
            name="reset-password-bad-link", path="/accounts/password/reset/key/1-x/", who="visitor"
        ),
        State(
            name="reset-password-new",
            path=rows.reset_path,
            who="visitor",
            shows=re.sub("-.*", "-set-password/", rows.reset_path),
        ),
        State(
            name="reset-password-changed", path="/accounts/password/reset/key/done/", who="visitor"
        ),
        State(name="account-closed", path="/accounts/inactive/", who="visitor"),
        State(
            name="second-factor-asked",
            path="/accounts/login/",
            who="halfway",
            act=_log_in_halfway,
            shows="/accounts/2fa/authenticate/",
        ),
        State(name="confirm-e-mail", path="/accounts/confirm-email/", who="visitor"),
        State(name="confirm-e-mail-bad-link", path="/accounts/confirm-email/x/", who="visitor"),
        State(name="not-here", path="/aloha/nowhere", who="visitor", goes_wrong=True),
        State(name="home-new", path="/", who="newcomer"),
        State(name="settings-new", path="/aloha/settings", who="newcomer"),
        State(
            name="settings-offers",
            path="/aloha/settings?find=search&country=US&area_code=415#number",
            who="newcomer",
        ),
        State(
            name="settings-area-code-wrong",
            path="/aloha/settings",
            who="newcomer",
            act=_wrong_area_code,
        ),
        State(name="inbox-empty", path="/aloha/inbox", who="newcomer"),
        State(name="calls-empty", path="/aloha/calls", who="newcomer"),
        State(name="campaigns-new", path="/aloha/campaigns", who="newcomer"),
        State(name="home-unconfirmed", path="/", who="unconfirmed"),
        State(name="settings-unconfirmed", path="/aloha/settings", who="unconfirmed"),
        State(name="home", path="/"),
        State(name="account-menu", path="/", act=_open_menu),
        State(name="settings", path="/aloha/settings"),
        State(name="settings-name-wrong", path="/aloha/settings", act=_blank_name),
        State(
            name="settings-release",
            path="/aloha/settings",
            act=lambda page: page.get_by_role("link", name="Release Number").click(),
        ),
        State(name="settings-replace", path="/aloha/settings?replace=on#number"),
        State(name="release", path="/aloha/settings/release"),
        State(name="forwarding", path="/aloha/settings/forwarding?step=code"),
        State(name="forwarding-dialog", path="/aloha/settings", act=_open_wizard),
        State(name="forwarding-dialog-proof", path="/aloha/settings", act=_open_proof),
        State(name="phone", path="/aloha/phone"),
        State(name="phone-no-microphone", path="/aloha/phone", act=_call_without_microphone),
        State(name="running-call", path=f"/aloha/calls/{running.id}", who="called"),
        State(name="settings-called", path="/aloha/settings", who="called", act=_write_facts),
        State(name="inbox", path="/aloha/inbox"),
        State(name="inbox-nothing-found", path="/aloha/inbox?q=zeppelin"),
        State(name="message", path=f"/aloha/inbox/{message.id}"),
        State(name="calls", path="/aloha/calls"),
        State(name="calls-number-wrong", path="/aloha/calls?number=x"),
        State(name="call", path=f"/aloha/calls/{call.id}"),
        State(name="call-somebody", path="/aloha/call"),
        State(name="outbound-terms", path="/aloha/call/terms"),
        State(name="do-not-call", path="/aloha/do-not-call"),
        State(name="campaigns", path="/aloha/campaigns"),
        State(name="new-campaign", path="/aloha/campaigns/new"),
        State(name="campaign", path=f"/aloha/campaigns/{rows.campaign.id}"),
        State(name="profile", path="/accounts/profile/"),
        State(name="e-mail", path="/accounts/email/"),
        State(name="password", path="/accounts/password/change/"),
        State(
            name="password-wrong",
            path="/accounts/password/change/",
            act=_submit_empty("Change password"),
        ),
        State(name="sessions", path="/accounts/sessions/"),
        State(name="second-factor", path="/accounts/2fa/"),
        State(
            name="second-factor-set-up",
            path="/accounts/2fa/totp/activate/",
            act=_give(demo.OWNER_PASSWORD),
            shows="/accounts/2fa/totp/activate/",
        ),
        *[
            State(name=name, path=path, who="secured", act=_give(PASSWORD), shows=path)
            for name, path in (
                ("second-factor-on", "/accounts/2fa/"),
                ("second-factor-off", "/accounts/2fa/totp/deactivate/"),
                ("recovery-codes", "/accounts/2fa/recovery-codes/"),
                ("recovery-codes-new", "/accounts/2fa/recovery-codes/generate/"),
            )
        ],
        State(name="reauthenticate-code", path="/accounts/2fa/reauthenticate/", who="secured"),
        State(name="reauthenticate", path="/accounts/reauthenticate/"),
        State(name="own-data", path="/accounts/data/"),
        State(name="log-out", path="/accounts/logout/"),
        State(name="inbox-undo", path=f"/aloha/inbox/{message.id}", act=_archive),
        State(name="styleguide", path="/aloha/styleguide", in_development=True),
    ]


def log_in(page: Page, user: User, url: str) -> None:
    """Give the browser a session of this user, as logging in does."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
