"""Which library says what in the log."""

import logging

from agent import openai_http
from aloha_site.log_settings import logging_settings
from tests.peers.openai_http import KEY, transcriptions


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
