"""What voices sound like, rendered ahead by the agent itself."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agent import voice_samples
from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from agent.speech import wav
from aloha_site.agent_settings import PRICES

ADDRESS = "/aloha/settings/voices"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


async def render(voice: str) -> bytes:
    manner = Manner(latency_ms=20, transcription_ms=20)
    async with FakeRealtime(canned_conversation, manner=manner, speed=5) as server:
        backend = OpenAIRealtimeBackend(api_key="a-key", url=server.url, prices=PRICES)
        return wav.read_mulaw(await voice_samples.render(backend, voice))


async def test_a_voice_greets_once_and_is_kept():
    sound = await render("cedar")
    assert len(sound) > 8_000
    assert voice_samples.rendered() == {"cedar"}


def test_the_built_in_voice_is_always_there(client, owner):
    client.force_login(owner)
    answer = client.get(f"{ADDRESS}/built-in")
    assert answer["Content-Type"] == "audio/wav"
    assert answer.content.startswith(b"RIFF")


@pytest.mark.parametrize("voice", ["cedar", "..", "nobody"])
def test_a_voice_that_was_not_rendered_is_not_there(client, owner, voice):
    client.force_login(owner)
    assert client.get(f"{ADDRESS}/{voice}").status_code == 404


def test_without_a_key_there_is_nothing_to_render():
    with pytest.raises(CommandError, match="set OPENAI_API_KEY"):
        call_command("rendervoices", stdout=StringIO())
