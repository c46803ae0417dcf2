"""Which library says what in the log."""

import logging
import time

from django.db import OperationalError

from agent import openai_http
from aloha_site.log_settings import logging_settings
from aloha_site.management.commands.work import attempt
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

    for _ in range(6):
        attempt(look)
    assert caplog.text.count("work failed") == 2


def test_a_fault_of_ours_is_told_of_each_time(caplog):
    def divide() -> float:
        return 1 / 0

    attempt(divide)
    attempt(divide)
    assert caplog.text.count("work failed") == 2


def test_simulated_calls_that_cannot_be_had_are_told_of_once(transactional_db, caplog):
    with not_migrated_yet(), Switchboard():
        time.sleep(1.6)
    assert caplog.text.count("simulated calls could not be claimed") == 1
