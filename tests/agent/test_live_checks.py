"""A set-up of the Live agent that would fail is told at the start."""

import pytest

from agent.backends.openai_live import OpenAILiveBackend
from agent.voices import LIVE_VOICES, REALTIME_VOICES
from aloha_site.agent_settings import LIVE_PRICES


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Whatever the machine that tests has to go through."""
    for kind in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{kind}_proxy", raising=False)
        monkeypatch.delenv(f"{kind}_PROXY".upper(), raising=False)


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param({}, [], id="usual"),
        pytest.param({"url": "ws://127.0.0.1:8790/v1/live/sessions"}, [], id="a stand-in"),
        pytest.param({"url": "https://api.openai.com/v1"}, ["agent.E002"], id="no socket"),
        pytest.param({"url": "ws://10.0.0.1/v1/live"}, ["agent.E003"], id="unencrypted"),
        pytest.param({"model": "gpt-live-2"}, ["agent.W002"], id="a voice without a price"),
        pytest.param({"task_model": "mine"}, ["agent.W002"], id="a task model without one"),
    ],
)
def test_what_is_found(options, ids):
    backend = OpenAILiveBackend(**{"api_key": "sk-secret", "prices": LIVE_PRICES} | options)
    found = backend.check()
    assert [each.id for each in found] == ids
    assert "sk-secret" not in str(found)
    assert all("OPENAI_REALTIME" not in each.msg for each in found)


def test_a_voice_chosen_for_the_one_agent_is_one_of_the_others():
    assert LIVE_VOICES[: len(REALTIME_VOICES)] == REALTIME_VOICES
