"""A set-up that would fail, or cost more than is counted, is told at the start."""

import pytest

from agent.backends.openai_realtime import OpenAIRealtimeBackend
from aloha_site.agent_settings import PRICES


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
        pytest.param({"url": "ws://127.0.0.1:8790/v1/realtime"}, [], id="a stand-in"),
        pytest.param({"url": "ws://localhost:8790/v1/realtime"}, [], id="a stand-in by name"),
        pytest.param({"url": "https://api.openai.com/v1"}, ["agent.E002"], id="no socket"),
        pytest.param({"url": "realtime"}, ["agent.E002"], id="no address"),
        pytest.param({"url": "ws://10.0.0.1/v1/realtime"}, ["agent.E003"], id="unencrypted"),
        pytest.param({"model": "gpt-realtime-2.1-mini"}, [], id="the cheaper model"),
        pytest.param({"model": "gpt-realtime"}, ["agent.W001", "agent.W002"], id="ending"),
        pytest.param(
            {"transcription_model": "whisper-1"}, ["agent.W001", "agent.W002"], id="ending too"
        ),
        pytest.param({"prices": ()}, ["agent.W002", "agent.W002"], id="no prices"),
    ],
)
def test_what_is_found(options, ids):
    backend = OpenAIRealtimeBackend(**{"api_key": "a-key", "prices": PRICES} | options)
    assert [each.id for each in backend.check()] == ids


def test_no_finding_tells_the_key():
    backend = OpenAIRealtimeBackend(api_key="sk-secret", url="ws://example.com", model="old")
    assert "sk-secret" not in str(backend.check())


@pytest.mark.parametrize(
    ("environment", "url", "named"),
    [
        pytest.param({"HTTPS_PROXY": "http://p:1"}, "wss://a.example/v1", "HTTPS_PROXY", id="TLS"),
        pytest.param(
            {"https_proxy": "http://p:1"}, "wss://a.example/v1", "HTTPS_PROXY", id="small"
        ),
        pytest.param({"ALL_PROXY": "http://p:1"}, "wss://a.example/v1", "ALL_PROXY", id="for all"),
        pytest.param({"HTTP_PROXY": "http://p:1"}, "wss://a.example/v1", "", id="for others"),
        pytest.param({"HTTPS_PROXY": "http://p:1"}, "ws://127.0.0.1:9/v1", "", id="a stand-in"),
        pytest.param(
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a.example"},
            "wss://a.example/v1",
            "",
            id="no",
        ),
        pytest.param({"HTTPS_PROXY": ""}, "wss://a.example/v1", "", id="none"),
    ],
)
def test_a_proxy_that_calls_do_not_follow_is_told_by_name(monkeypatch, environment, url, named):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    backend = OpenAIRealtimeBackend(api_key="a-key", prices=PRICES, url=url)
    found = [(each.id, each.msg.split()[0]) for each in backend.check()]
    assert found == ([("agent.W003", named)] if named else [])
