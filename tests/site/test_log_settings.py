"""Which library says what in the log."""

import logging

from aloha_site.log_settings import logging_settings


def test_a_missing_page_stands_in_the_log_once():
    """Daphne's `runserver` would repeat what django.request says."""
    levels = logging_settings(level="INFO", is_readable=True)["loggers"]
    assert getattr(logging, levels["django.channels.server"]["level"]) > logging.ERROR
