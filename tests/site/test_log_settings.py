"""Which library says what in the log."""

import logging
import time

from django.db import InternalError, OperationalError

from agent import openai_http
from aloha_site.log_settings import logging_settings
from aloha_site.management.commands.work import TELL_AGAIN_SECONDS, attempt
from telephony.simulator.switchboard import Switchboard
from tests.peers.openai_http import KEY, transcriptions
from tests.telephony.test_refusing_database import not_migrated_yet


def test_a_missing_page_stands_in_the_log_once():
    """Daphne's `runserver` would repeat what django.request says."""
    levels = logging_settings(level="INFO", is_readable=True)["loggers"]
    assert getattr(logging, levels["django.channels.server"]["level"]) > logging.ERROR


def test_what_openai_is_asked_is_no_line_of_the_log(settings, caplog):
    with transcriptions() as api:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = KEY, api.base_url
        with openai_http.client(timeout_s=5) as client:
            client.models.list()
    assert [record.name for record in caplog.records] == []


def test_the_pool_does_not_tell_of_every_attempt_to_connect():
    levels = logging_settings(level="INFO", is_readable=True)["loggers"]
    assert getattr(logging, levels["psycopg.pool"]["level"]) > logging.WARNING


def test_work_that_waits_for_the_database_is_told_of_once_in_each_outage(caplog):
    rounds = iter(["away", "away", "here", "away", "away", "here"])

    def look() -> None:
        if next(rounds) == "away":
            raise OperationalError("gone away")

    told_at = {}
    for _ in range(6):
        attempt(look, told_at=told_at)
    assert caplog.text.count("work failed") == 2


def test_a_fault_of_ours_is_told_of_each_time(caplog):
    def divide() -> float:
        return 1 / 0

    told_at = {}
    attempt(divide, told_at=told_at)
    attempt(divide, told_at=told_at)
    assert caplog.text.count("work failed") == 2


def test_an_outage_that_lasts_is_told_of_again(caplog):
    def look() -> None:
        raise OperationalError("gone away")

    told_at = {}
    for at in (0.0, TELL_AGAIN_SECONDS - 1, TELL_AGAIN_SECONDS):
        attempt(look, told_at=told_at, clock=lambda at=at: at)
    assert caplog.text.count("work failed") == 2


def test_a_database_that_takes_no_writes_is_told_of_once(caplog):
    def write() -> None:
        raise InternalError("cannot execute UPDATE in a read-only transaction")

    told_at = {}
    attempt(write, told_at=told_at)
    attempt(write, told_at=told_at)
    assert caplog.text.count("work failed") == 1


def test_a_fault_of_ours_during_an_outage_is_told_of_too(caplog):
    errors = iter([OperationalError("gone away"), ValueError("not a number")])

    def look() -> None:
        raise next(errors)

    told_at = {}
    attempt(look, told_at=told_at)
    attempt(look, told_at=told_at)
    assert "not a number" in caplog.text


def test_an_outage_under_one_chore_hides_none_of_another_of_the_same_name(caplog):
    def forget_old() -> None:
        raise OperationalError("gone away")

    def forget_files() -> None:
        raise OperationalError("gone away too")

    forget_files.__name__, forget_files.__module__ = forget_old.__name__, "elsewhere"
    told_at = {}
    attempt(forget_old, told_at=told_at)
    attempt(forget_files, told_at=told_at)
    assert "gone away too" in caplog.text


def test_simulated_calls_that_cannot_be_had_are_told_of_once(transactional_db, caplog):
    with not_migrated_yet(), Switchboard():
        time.sleep(1.6)
    assert caplog.text.count("simulated calls could not be claimed") == 1
