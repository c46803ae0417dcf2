"""Where somebody is logged in, and logging out everywhere else."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.browsers import browser_name
from tests.factories import PASSWORD

LIST = "/accounts/sessions/"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (ANDROID, "Chrome on Android"),
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("curl/8.5", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)
def test_browsers_are_named(user_agent, name):
    assert browser_name(user_agent) == name


def logged_in(user, user_agent: str) -> Client:
    cache.clear()  # allauth counts there how often somebody tries
    client = Client(headers={"User-Agent": user_agent})
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


@pytest.fixture
def at_home(owner) -> Client:
    return logged_in(owner, FIREFOX)


@pytest.fixture
def on_the_phone(owner) -> Client:
    return logged_in(owner, ANDROID)


def test_every_log_in_is_listed(at_home, on_the_phone):
    text = at_home.get(LIST).content.decode()
    assert "Firefox on Windows" in text
    assert "Chrome on Android" in text
    assert text.count("This one") == 1


def test_the_others_are_logged_out(at_home, on_the_phone):
    assert "logged out everywhere else" in at_home.post(LIST, follow=True).content.decode()
    assert on_the_phone.get("/aloha/settings").status_code == 302
    assert at_home.get("/aloha/settings").status_code == 200


def test_nobody_elses_log_ins_are_listed_or_ended(at_home, stranger):
    other = logged_in(stranger, IPHONE)
    assert "iPhone" not in at_home.get(LIST).content.decode()
    at_home.post(LIST)
    assert other.get("/aloha/settings").status_code == 200
