"""The account's pages and mails are allauth's, and speak as the rest of Aloha does."""

import re

import pytest
from django.core import mail
from django.core.cache import cache

from tests.factories import PASSWORD

ALLAUTHS_WORDS = re.compile(
    r"\bemail\b|authentication|verif|sign(ed)? ?(in|out)|database|user account|Please",
    re.IGNORECASE,
)
PAGES = {
    "email/": "E-mail addresses",
    "password/change/": "Password",
    "reauthenticate/": "Confirm that it is you",
    "2fa/": "Two-factor log-in",
}


@pytest.fixture
def visitor(client, db):
    cache.clear()  # allauth counts there how often somebody tries
    return client


def words_of(page: str) -> str:
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    return re.sub(r"<[^>]*>", " ", main)


@pytest.mark.parametrize(("path", "heading"), PAGES.items())
def test_a_page_is_called_what_the_menu_calls_it(visitor, owner, path, heading):
    visitor.force_login(owner)
    page = visitor.get(f"/accounts/{path}").content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert not ALLAUTHS_WORDS.search(words_of(page))


@pytest.mark.parametrize(
    "path", ["login/", "signup/", "password/reset/", "password/reset/key/1-x/"]
)
def test_so_do_the_pages_before_the_log_in(visitor, path):
    page = visitor.get(f"/accounts/{path}").content.decode()
    assert not ALLAUTHS_WORDS.search(words_of(page))


def test_a_refused_log_in_does_too(visitor, owner):
    form = {"login": owner.email, "password": "a wrong one"}
    page = visitor.post("/accounts/login/", form).content.decode()
    assert "E-mail or password is not right." in page


def test_a_new_password_is_asked_for_and_chosen(visitor, owner):
    visitor.post("/accounts/password/reset/", {"email": owner.email})
    [sent] = mail.outbox
    assert sent.subject == "Choose a new password"
    assert not ALLAUTHS_WORDS.search(sent.body)
    [link] = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", sent.body)
    form = visitor.get(link, follow=True)
    assert "<h1>Choose a new password</h1>" in form.content.decode()
    new = {"password1": "a new one 77", "password2": "a new one 77"}
    done = visitor.post(form.request["PATH_INFO"], new, follow=True).content.decode()
    assert "<h1>Your password is changed</h1>" in done


def test_mails_about_accounts_that_are_not_or_are_there(visitor, owner, settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    visitor.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    form = {"name": "Nora", "email": owner.email, "password1": PASSWORD}
    visitor.post("/accounts/signup/", form)
    subjects = [sent.subject for sent in mail.outbox]
    assert subjects == ["There is no account with this address", "You have an account already"]
    assert not any(ALLAUTHS_WORDS.search(sent.body) for sent in mail.outbox)
