"""What has run out is cleared away, and closing an account logs out everywhere."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.housekeeping import clear_expired, end_sessions_of
from tests.factories import PASSWORD
from voicemail import erasing


def log_in(user) -> str:
    """The key of a new session."""
    cache.clear()  # allauth counts there how often somebody tries
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client.cookies["sessionid"].value


def kept_keys() -> tuple[set[str], set[str]]:
    """Of sessions, and of log-ins on the list."""
    return (
        set(Session.objects.values_list("session_key", flat=True)),
        set(UserSession.objects.values_list("session_key", flat=True)),
    )


def test_sessions_that_ran_out_go_with_their_log_ins_and_others_stay(owner):
    over, alive = log_in(owner), log_in(owner)
    ran_out = timezone.now() - timedelta(minutes=1)
    Session.objects.filter(session_key=over).update(expire_date=ran_out)
    clear_expired()
    assert kept_keys() == ({alive}, {alive})


def test_a_log_in_that_ended_by_logging_out_is_cleared_from_the_list(owner):
    key = log_in(owner)
    Session.objects.filter(session_key=key).delete()
    clear_expired()
    assert kept_keys() == (set(), set())


def test_counters_that_ran_out_are_cleared_and_others_stay(db):
    cache.clear()
    cache.set("over", 1, -5)
    cache.set("running", 1, 60)
    clear_expired()
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM accounts_cache")
        assert cursor.fetchall() == [(":1:running",)]


@pytest.mark.django_db(transaction=True)
def test_the_workers_housekeeping_does_it(owner):
    Session.objects.filter(session_key=log_in(owner)).update(expire_date=timezone.now())
    erasing.keep_house()
    assert kept_keys() == (set(), set())


def test_one_persons_sessions_end_everywhere_and_nobody_elses(owner, stranger):
    log_in(owner)
    log_in(owner)
    other = log_in(stranger)
    end_sessions_of(owner)
    assert kept_keys() == ({other}, {other})


@pytest.mark.django_db(transaction=True)
def test_a_closed_account_keeps_no_session_and_other_sessions_are_not_even_read(owner, stranger):
    log_in(owner)
    other = log_in(stranger)
    # What cannot be decoded shows that nobody tried.
    Session.objects.filter(session_key=other).update(session_data="not to be read")
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert kept_keys() == ({other}, {other})
