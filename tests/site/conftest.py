"""What tests of several parts of the site need."""

import importlib
import logging
from collections.abc import Iterator

import pytest

from tests.site.canaries import Log


@pytest.fixture
def log(settings) -> Iterator[Log]:
    settings.ADMINS = [("Operator", "operator@example.com")]
    importlib.import_module("aloha_site.asgi")  # the first import configures the logs once more
    log, root = Log(), logging.getLogger()
    named = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    # The test runner's own handlers are of other classes.
    handlers = {
        handler
        for logger in [root, *named]
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler
    }
    before = {handler: handler.setStream(log.stream) for handler in handlers}
    level = root.level
    root.setLevel(logging.DEBUG)
    yield log
    root.setLevel(level)
    for handler, stream in before.items():
        handler.setStream(stream)
