"""Where there is no mail server, nobody is told to wait for an e-mail."""

import pytest
from django.core.cache import cache

from tests.factories import PASSWORD

FORM = {"name": "Nora Whitfield", "email": "nora@example.com", "password1": PASSWORD}
PRINTED = "django.core.mail.backends.console.EmailBackend"


@pytest.fixture
def visitor(client, db):
    cache.clear()  # allauth counts there how often somebody tries
    return client


def test_after_signing_up_the_printed_link_is_spoken_of(visitor, settings):
    settings.EMAIL_BACKEND = PRINTED
    text = visitor.post("/accounts/signup/", FORM, follow=True).content.decode()
    assert "This installation sends no e-mail" in text
    assert "We have sent" not in text


def test_with_a_mail_server_the_e_mail_is_spoken_of(visitor):
    text = visitor.post("/accounts/signup/", FORM, follow=True).content.decode()
    assert "Open the link that we sent to nora@example.com." in text
    assert "We have sent" not in text  # once is enough


def test_a_link_asked_for_again_is_said_to_be_sent(visitor):
    visitor.post("/accounts/signup/", FORM)
    again = {"action_send": "", "email": FORM["email"]}
    cache.clear()
    text = visitor.post("/accounts/email/", again, follow=True).content.decode()
    assert "We have sent a link to nora@example.com." in text


@pytest.mark.parametrize("path", ["reset/", "reset/done/"])
def test_a_forgotten_password_likewise(visitor, settings, path):
    settings.EMAIL_BACKEND = PRINTED
    text = visitor.get(f"/accounts/password/{path}").content.decode()
    assert "what it would send is printed" in text
