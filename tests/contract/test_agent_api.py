"""The owner's agent for scripts: what the settings page takes and refuses, and nothing else."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from agent.models import AgentProfile
from agent.profiles import change_profile, profile_of
from agent.voices import REALTIME_VOICES
from tests.contract.api_client import PROFILE, ApiClient, field_errors, problem_of

pytestmark = pytest.mark.M10
VOICES = "/api/agent/voices"
USUAL = {"agentName": "Aloha", "voice": "marin", "greeting": "", "about": ""}
CHOSEN = {
    "agentName": "Kai",
    "voice": "cedar",
    "greeting": "Hello there.",
    "about": "We open at 9.\nParking behind the house.",
}
COLUMNS = {"agentName": "agent_name", "voice": "voice", "greeting": "greeting", "about": "about"}
# Of each field, the address and the form of the settings page that take it.
CARDS = {
    "agentName": ("/aloha/settings/agent", {"greeting": ""}),
    "greeting": ("/aloha/settings/agent", {"agent_name": "Kai"}),
    "voice": ("/aloha/settings/voice", {}),
    "about": ("/aloha/settings/about", {}),
}


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


def change(script: ApiClient, **body):
    return script.patch(PROFILE, body, content_type="application/json")


def choose(user) -> None:
    change_profile(user=user, **{COLUMNS[name]: value for name, value in CHOSEN.items()})


def stored(user) -> dict[str, str]:
    profile = profile_of(user)
    return {name: getattr(profile, column) for name, column in COLUMNS.items()}


def test_whoever_chose_nothing_and_has_no_number_reads_the_usual_agent(script, owner):
    assert script.get(PROFILE).json() == USUAL
    assert not owner.phone_numbers.exists()


@pytest.mark.parametrize("field", CHOSEN)
def test_each_field_changes_alone(script, owner, field):
    answer = change(script, **{field: CHOSEN[field]})
    assert (answer.status_code, answer.json()) == (200, USUAL | {field: CHOSEN[field]})
    assert stored(owner) == answer.json() == script.get(PROFILE).json()


def test_a_change_sent_again_gets_the_same_answer(script, owner):
    first, second = change(script, **CHOSEN), change(script, **CHOSEN)
    assert first.json() == second.json() == CHOSEN
    assert AgentProfile.objects.get(user=owner).voice == "cedar"


def test_a_body_without_a_field_changes_nothing(script, owner):
    choose(owner)
    assert change(script).json() == CHOSEN


@pytest.mark.parametrize("field", ["greeting", "about"])
def test_a_text_can_be_taken_back(script, owner, field):
    choose(owner)
    assert change(script, **{field: ""}).json() == CHOSEN | {field: ""}


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"agent_name": "Kai"}, {"agent_name": "unknown_field"}),
        ({"language": "de-DE"}, {"language": "unknown_field"}),
        ({"user": 1, "id": 2}, {"user": "unknown_field", "id": "unknown_field"}),
        ({"agentName": ""}, {"agentName": "blank"}),
        ({"agentName": " \n"}, {"agentName": "blank"}),
        ({"agentName": "\u202e\x07"}, {"agentName": "blank"}),
        ({"agentName": None}, {"agentName": "null"}),
        ({"agentName": 7}, {"agentName": "invalid"}),
        ({"agentName": ["Kai"]}, {"agentName": "invalid"}),
        ({"agentName": "Ka\0i"}, {"agentName": "null_characters_not_allowed"}),
        ({"agentName": "x" * 41}, {"agentName": "max_length"}),
        ({"agentName": "x" * 10_000}, {"agentName": "max_length"}),
        ({"greeting": None}, {"greeting": "null"}),
        ({"greeting": True}, {"greeting": "invalid"}),
        ({"greeting": "x" * 301}, {"greeting": "max_length"}),
        ({"about": {}}, {"about": "invalid"}),
        ({"about": "a\0"}, {"about": "null_characters_not_allowed"}),
        ({"about": "x" * 4001}, {"about": "max_length"}),
        ({"about": "x" * 10_000}, {"about": "max_length"}),
        ({"voice": "hal"}, {"voice": "unknown_voice"}),
        ({"voice": "Marin"}, {"voice": "unknown_voice"}),
        ({"voice": "marin "}, {"voice": "unknown_voice"}),
        ({"voice": ""}, {"voice": "blank"}),
        ({"voice": None}, {"voice": "null"}),
        ({"voice": ["marin"]}, {"voice": "invalid"}),
        ({"voice": "mar\0in"}, {"voice": "null_characters_not_allowed"}),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_is_no_choice_is_refused_whole(script, owner, body, refused):
    choose(owner)
    assert field_errors(change(script, **({"greeting": "New."} | body))) == refused
    assert stored(owner) == CHOSEN


def test_an_unknown_voice_is_named_and_refuses_the_whole_change(script, owner):
    answer = change(script, agentName="Nora", voice="hal")
    problem = problem_of(answer, 400, "unknown_voice")
    assert problem["errors"][0]["field"] == "voice"
    assert stored(owner) == USUAL


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("agentName", "  Kai  "),
        ("agentName", "Kai\r\nBrown"),
        ("agentName", "Kai\u202eBrown\x1b"),
        ("agentName", "<b>Kai</b> & {{ Co }}"),
        ("agentName", "<script>alert(1)</script>"),
        ("agentName", "Þóra 愛 👩\u200d🔧"),
        ("agentName", " " * 50 + "x" * 40),
        ("agentName", "x" * 30 + " " * 20 + "x"),
        ("agentName", "x" * 41),
        ("agentName", "\x07"),
        ("agentName", "K\0"),
        ("greeting", "Hello \t\n there."),
        ("greeting", "x" * 301),
        ("voice", "echo"),
        ("voice", "hal"),
        ("about", "\n We open at 9.\r\n\r\nParking:\tbehind. \n"),
        ("about", "\r\n".join(["x" * 99] * 40)),
        ("about", "x" * 4001),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_script_may_write_just_what_the_page_may(script, client, owner, stranger, field, typed):
    """The same text is taken and cleaned alike, or refused by both."""
    choose(owner)
    choose(stranger)
    client.force_login(stranger)
    address, beside = CARDS[field]
    client.post(address, beside | {COLUMNS[field]: typed})
    change(script, **{field: typed})
    assert stored(owner)[field] == stored(stranger)[field]


def test_another_owners_agent_stays_as_it_is(script, stranger):
    choose(stranger)
    assert change(script, agentName="Mallory", voice="echo").status_code == 200
    assert stored(stranger) == CHOSEN
    assert ApiClient(stranger).get(PROFILE).json() == CHOSEN


@pytest.mark.parametrize("address", [PROFILE, VOICES])
def test_nobody_else_asks(db, address):
    problem_of(ApiClient().get(address), 401, "not_authenticated")


def test_a_change_needs_the_token(owner):
    answer = ApiClient(owner, csrf=False).patch(PROFILE, {}, content_type="application/json")
    problem_of(answer, 403, "csrf_failed")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_an_agent_is_neither_made_nor_deleted(script, method):
    answer = getattr(script, method)(PROFILE, content_type="application/json")
    problem_of(answer, 405, "method_not_allowed")


def test_the_voices_are_those_that_can_be_chosen_the_usual_one_first(script, owner):
    voices = script.get(VOICES).json()
    assert [voice["name"] for voice in voices] == [voice.name for voice in REALTIME_VOICES]
    assert voices[0] == {
        "name": "marin",
        "label": "Marin",
        "description": "Warm and clear",
        "sampleUrl": None,
    }
    for voice in voices:
        assert change(script, voice=voice["name"]).json()["voice"] == voice["name"]


def test_a_voice_that_was_rendered_says_where_it_is_heard(script, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "voice-samples").mkdir()
    (tmp_path / "voice-samples" / "echo.wav").write_bytes(b"RIFF")
    samples = {voice["name"]: voice["sampleUrl"] for voice in script.get(VOICES).json()}
    assert samples["marin"] is None
    assert script.get(samples["echo"]).content == b"RIFF"


@pytest.mark.S4
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=strategies.dictionaries(
        strategies.sampled_from(sorted(COLUMNS)),
        strategies.text(max_size=60) | strategies.none() | strategies.integers(),
    )
)
def test_whatever_is_sent_is_kept_clean_or_refused(owner, body):
    before = stored(owner)
    answer = change(ApiClient(owner), **body)
    if answer.status_code == 200:
        after = stored(owner)
        assert answer.json() == after
        assert re.fullmatch(r"\S+( \S+)*", after["agentName"])
    else:
        assert field_errors(answer).keys() <= COLUMNS.keys()
        assert stored(owner) == before
