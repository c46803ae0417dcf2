"""Signing up, logging in and out, resetting a password."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from accounts.models import User
from tests.factories import PASSWORD

FORM = {"name": "Nora Whitfield", "email": "nora@example.com", "password1": PASSWORD}


@pytest.fixture
def visitor(client, db):
    cache.clear()  # allauth counts there how often somebody tries
    return client


def test_signing_up_lands_on_the_home_page_logged_in(visitor):
    answer = visitor.post("/accounts/signup/", FORM)
    assert answer.url == "/"
    assert "Choose a number" in visitor.get("/").content.decode()


def test_signing_up_keeps_the_name_and_the_browsers_time_zone(visitor):
    visitor.post("/accounts/signup/", FORM | {"time_zone": "Europe/Berlin"})
    user = User.objects.get(email="nora@example.com")
    assert (user.name, user.time_zone) == ("Nora Whitfield", "Europe/Berlin")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_a_time_zone_that_is_none_becomes_utc(visitor, zone):
    visitor.post("/accounts/signup/", FORM | {"time_zone": zone})
    assert User.objects.get(email="nora@example.com").time_zone == "UTC"


def test_a_refused_sign_up_keeps_what_was_typed(visitor):
    page = visitor.post("/accounts/signup/", FORM | {"password1": "short"}).content.decode()
    assert 'value="Nora Whitfield"' in page
    assert 'aria-describedby="id_password1_helptext id_password1_error"' in page
    assert not User.objects.exists()


def test_a_wrong_password_says_so_and_logs_nobody_in(visitor, owner):
    form = {"login": owner.email, "password": "wrong"}
    page = visitor.post("/accounts/login/", form).content.decode()
    assert "You are not logged in." in page


def test_whoever_closed_her_account_reads_when_its_address_is_free_again(visitor, owner):
    User.objects.update(is_active=False)
    form = {"login": owner.email, "password": PASSWORD}
    page = visitor.post("/accounts/login/", form, follow=True).content.decode()
    assert "its number is being released and its data erased" in page
    refused = visitor.post("/accounts/signup/", FORM | {"email": owner.email}).content.decode()
    assert "If you have closed it just now, try again in a few minutes." in refused


def test_logging_out_ends_the_session(client, owner):
    client.force_login(owner)
    assert client.post("/accounts/logout/").url == "/"
    assert client.get("/aloha/settings").status_code == 302


def test_a_forgotten_password_is_reset_by_mail(visitor, owner):
    visitor.post("/accounts/password/reset/", {"email": owner.email})
    [link] = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", mail.outbox[0].body)
    form_page = visitor.get(visitor.get(link).url)
    visitor.post(
        form_page.request["PATH_INFO"], {"password1": "a new one 77", "password2": "a new one 77"}
    )
    assert User.objects.get().check_password("a new one 77")


def test_mails_hold_nothing_of_the_host_header(visitor, settings):
    settings.ALLOWED_HOSTS = ["*"]
    visitor.post("/accounts/signup/", FORM, headers={"Host": "evil.example"})
    assert "evil.example" not in mail.outbox[0].body
