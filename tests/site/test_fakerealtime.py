"""`manage.py fakerealtime`, and that nothing which serves callers needs it."""

import asyncio
import os
import re
import sys

import pytest

from agent.backends.openai_live import OpenAILiveBackend
from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.session import Utterance
from tests.agent.realtime_call import brief
from tests.test_house import MODULES, ROOT, imports_of


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        pytest.param((), OpenAIRealtimeBackend, id="realtime"),
        pytest.param(("--live",), OpenAILiveBackend, id="live"),
    ],
)
async def test_the_command_serves_a_conversation_until_it_is_stopped(options, kind):
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "manage.py", "fakerealtime"),
        *("--port", "0", "--latency", "10", *options),
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(20):
            line = (await server.stdout.readline()).decode()
        url = re.search(r"ws://\S+/(realtime|live/sessions)", line).group()
        session = await kind(api_key="none", url=url).open_session(brief())
        first = await anext(session.events())
        await session.close()
    finally:
        server.terminate()
        await server.communicate()
    assert isinstance(first, Utterance)
    assert server.returncode == 0


def test_only_the_command_imports_the_stand_ins():
    users = {
        name
        for name in MODULES
        if not name.startswith("agent.fake_")
        and any(each.startswith("agent.fake_") for each in imports_of(name))
    }
    assert users == {"aloha_site.management.commands.fakerealtime"}
