"""Which agent the variables choose."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from aloha_site.agent_settings import agent_settings

UNSET = dict.fromkeys(
    (
        "api_key",
        "base_url",
        "realtime_url",
        "model",
        "transcription_model",
        "turn_detection",
        "noise_reduction",
        "agent",
        "live_url",
        "live_model",
        "live_task_model",
    ),
    "",
)


def settings_of(**given: str) -> dict[str, object]:
    return agent_settings(**UNSET | given)


def test_without_a_key_the_embedded_agent_speaks_whatever_else_is_set():
    found = settings_of(model="gpt-realtime-2.1", realtime_url="ws://127.0.0.1:1")
    assert found == {"BACKEND": "agent.backends.scripted.ScriptedBackend", "OPTIONS": {}}


def test_with_a_key_the_realtime_agent_speaks_with_models_that_will_last():
    found = settings_of(api_key="a-key")
    assert found["BACKEND"] == "agent.backends.openai_realtime.OpenAIRealtimeBackend"
    options = found["OPTIONS"]
    assert options["url"] == "wss://api.openai.com/v1/realtime"
    assert options["model"] == "gpt-realtime-2.1"
    assert options["transcription_model"] == "gpt-transcribe"
    assert options["turn_detection"] == "server_vad"


def test_the_live_agent_speaks_when_it_is_chosen():
    found = settings_of(api_key="a-key", agent="live", model="gpt-realtime-2.1")
    assert found["BACKEND"] == "agent.backends.openai_live.OpenAILiveBackend"
    options = found["OPTIONS"]
    assert options["url"] == "wss://api.openai.com/v1/live/sessions"
    assert (options["model"], options["task_model"]) == ("gpt-live-1", "gpt-5.6-luna")
    assert settings_of(api_key="a-key", agent="realtime") == settings_of(api_key="a-key")
    assert settings_of(agent="live")["BACKEND"].endswith("ScriptedBackend")


def test_the_live_socket_stands_beside_the_api_unless_it_is_named():
    at_gateway = {"api_key": "a-key", "agent": "live", "base_url": "https://gw.example.com/v1"}
    found = settings_of(**at_gateway)["OPTIONS"]
    assert found["url"] == "wss://gw.example.com/v1/live/sessions"
    named = settings_of(**at_gateway, live_url="ws://127.0.0.1:9/live", live_model="gpt-live-1.1")
    assert named["OPTIONS"]["url"] == "ws://127.0.0.1:9/live"
    assert named["OPTIONS"]["model"] == "gpt-live-1.1"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"base_url": "https://gateway.example.com/v1"}, "wss://gateway.example.com/v1/realtime"),
        ({"base_url": "http://127.0.0.1:9/v1/"}, "ws://127.0.0.1:9/v1/realtime"),
        ({"base_url": "https://a/v1", "realtime_url": "wss://b/realtime"}, "wss://b/realtime"),
    ],
)
def test_the_socket_stands_beside_the_api_unless_it_is_named(given, url):
    assert settings_of(api_key="a-key", **given)["OPTIONS"]["url"] == url


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"turn_detection": "vad"}, "OPENAI_TURN_DETECTION"),
        ({"noise_reduction": "yes"}, "OPENAI_NOISE_REDUCTION"),
        ({"base_url": "gateway.example.com"}, "OPENAI_BASE_URL"),
        ({"agent": "gpt-live-1"}, "OPENAI_AGENT must be one of realtime, live"),
    ],
)
def test_a_value_that_is_none_stops_the_start_with_the_variables_name(given, name):
    with pytest.raises(ImproperlyConfigured, match=name):
        settings_of(api_key="a-key", **given)
