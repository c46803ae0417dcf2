"""An address is confirmed by whoever reads its mail, before anything of Aloha is in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.addresses import is_confirmed
from accounts.models import User
from tests.factories import PASSWORD

ROOT = Path(__file__).parents[2]
EMAIL = "nora@example.com"
FORM = {"name": "Nora Whitfield", "email": EMAIL, "password1": PASSWORD}
LOG_IN = {"login": EMAIL, "password": PASSWORD}
WAITING = "/accounts/confirm-email/"


@pytest.fixture
def visitor(client, db, settings):
    """Somebody at an installation outside development."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    cache.clear()  # allauth counts there how often somebody tries
    return client


def link() -> str:
    """The path of the link in the mail that asks for confirmation."""
    [found] = re.findall(r"http://\S+(/accounts/confirm-email/\S+/)", mail.outbox[-1].body)
    return found


def is_logged_in(client) -> bool:
    return client.get("/aloha/settings").status_code == 200


@pytest.mark.parametrize(("debug", "wanted"), [("0", "mandatory"), ("1", "optional")])
def test_confirming_is_a_duty_outside_development(tmp_path, debug, wanted):
    program = "from aloha_site import settings as s; print(s.ACCOUNT_EMAIL_VERIFICATION)"
    given = {"DEBUG": debug, "SECRET_KEY": "s" * 50, "ALOHA_VAR_DIR": str(tmp_path)}
    given |= {"PUBLIC_BASE_URL": "https://aloha.example.com"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == wanted


def test_nobody_is_let_in_before_the_link_was_opened(visitor):
    assert visitor.post("/accounts/signup/", FORM).url == WAITING
    page = visitor.get(WAITING).content.decode()
    assert "We have sent you an e-mail with a link." in page
    assert not is_logged_in(visitor)


def test_a_log_in_before_that_leads_to_the_same_page(visitor):
    visitor.post("/accounts/signup/", FORM)
    assert visitor.post("/accounts/login/", LOG_IN).url == WAITING
    assert not is_logged_in(visitor)


def test_a_lost_mail_is_sent_again_by_logging_in(visitor):
    visitor.post("/accounts/signup/", FORM)
    cache.clear()  # some minutes later
    visitor.post("/accounts/login/", LOG_IN)
    assert [sent.to for sent in mail.outbox] == [[EMAIL], [EMAIL]]


def test_the_link_lets_whoever_signed_up_in_and_every_later_log_in_too(visitor):
    visitor.post("/accounts/signup/", FORM)
    assert "Yes, it is mine" in visitor.get(link()).content.decode()
    assert visitor.post(link()).url == "/"
    assert is_logged_in(visitor)
    visitor.post("/accounts/logout/")
    assert visitor.post("/accounts/login/", LOG_IN).url == "/"
    assert is_logged_in(visitor)


def test_the_link_logs_nobody_in_elsewhere(visitor):
    visitor.post("/accounts/signup/", FORM)
    elsewhere = Client()
    assert elsewhere.post(link()).url == "/accounts/login/"
    assert not is_logged_in(elsewhere)
    assert is_confirmed(User.objects.get(email=EMAIL))


def test_a_link_that_is_none_says_what_to_do(visitor):
    page = visitor.get("/accounts/confirm-email/nonsense/").content.decode()
    assert "This link has expired, or was used already." in page


def test_signing_up_twice_makes_one_account_and_shows_the_same_page(visitor):
    visitor.post("/accounts/signup/", FORM)
    cache.clear()
    assert Client().post("/accounts/signup/", FORM).url == WAITING
    assert User.objects.filter(email=EMAIL).count() == 1


def test_whom_the_operator_made_logs_in_without_a_mail(visitor):
    User.objects.create_superuser(EMAIL, PASSWORD)
    assert visitor.post("/accounts/login/", LOG_IN).url == "/"
    assert mail.outbox == []
    assert EmailAddress.objects.get(email=EMAIL).verified


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        pytest.param({}, True, id="made by the operator"),
        pytest.param({"owner@example.com": True}, True, id="confirmed"),
        pytest.param({"owner@example.com": False}, False, id="waits"),
        pytest.param({"owner@example.com": True, "new@example.com": False}, True, id="second"),
        pytest.param({"owner@example.com": False, "new@example.com": True}, False, id="another"),
        pytest.param({"old@example.com": True}, True, id="changed by the operator"),
    ],
)
def test_which_addresses_count_as_confirmed(owner, rows, wanted):
    for email, verified in rows.items():
        EmailAddress.objects.create(user=owner, email=email, verified=verified)
    assert is_confirmed(owner) is wanted


@pytest.mark.parametrize("path", ["/", "/aloha/settings"])
def test_an_unconfirmed_address_is_asked_about_until_it_is_confirmed(client, owner, path):
    address = EmailAddress.objects.create(user=owner, email=owner.email, primary=True)
    client.force_login(owner)
    assert "Confirm your e-mail address" in client.get(path).content.decode()
    address.verified = True
    address.save()
    assert "Confirm your e-mail address" not in client.get(path).content.decode()


def test_the_link_is_sent_again_from_there(client, owner):
    cache.clear()
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True)
    client.force_login(owner)
    client.post("/accounts/email/", {"email": owner.email, "action_send": ""})
    assert [sent.to for sent in mail.outbox] == [[owner.email]]
    client.post(link())
    assert is_confirmed(owner)
