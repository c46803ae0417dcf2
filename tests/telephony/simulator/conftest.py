"""A server that is not ours, for the simulator to call."""

from collections.abc import AsyncIterator

import pytest

from tests.peers import answering_app
from tests.peers.answering_app import AnsweringApp


@pytest.fixture
async def app() -> AsyncIterator[AnsweringApp]:
    async with answering_app.serving(AnsweringApp()) as app:
        app.answers = {answering_app.AFTER_STREAM: answering_app.HANG_UP}
        yield app
