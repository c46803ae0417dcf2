"""The checked-in sentences of the agent and of the simulator's callers."""

import json
from pathlib import Path

import pytest

from agent import dialogue
from agent.speech import mulaw, prompts

CALLERS = Path(__file__).parents[2] / "telephony" / "simulator" / "callers"
CALLER_MANIFEST = json.loads((CALLERS / "manifest.json").read_text(encoding="utf-8"))
CALLER_TURNS = [turn for caller in CALLER_MANIFEST.values() for turn in caller["turns"]]


def loudest(sound: bytes) -> int:
    return max(map(abs, mulaw.decode(sound)))


@pytest.mark.parametrize("name", prompts.PROMPTS)
def test_a_prompt_is_whole_frames_of_audible_sound(name: str) -> None:
    sound = prompts.load(name)
    assert len(sound) % mulaw.FRAME_BYTES == 0
    assert 8000 < loudest(sound) < 30_000


@pytest.mark.parametrize("name", [name for name in prompts.PROMPTS if prompts.text_of(name)])
def test_a_sentence_lasts_about_as_long_as_its_words(name: str) -> None:
    duration_s = len(prompts.load(name)) / mulaw.SAMPLE_RATE_HZ
    assert 1.0 < len(prompts.text_of(name).split()) / duration_s < 4.5


@pytest.mark.parametrize("name", [name for name in prompts.PROMPTS if prompts.text_of(name)])
def test_a_sentence_begins_and_ends_quietly_but_soon(name: str) -> None:
    sound = prompts.load(name)
    assert loudest(sound[:800]) == loudest(sound[-800:]) == 0
    assert loudest(sound[800:2400]) > 0


@pytest.mark.parametrize(
    "name",
    [
        *dialogue.GREETINGS.values(),
        *dialogue.REPROMPTS,
        "anything_else",
        "confirmed",
        "goodbye",
        "no_message",
        "time_is_up",
        "call_notice",
        "one_moment",
        "apology",
        "leave_message",
        "no_recording",
        "not_in_service",
        *(f"{name}_outbound" for name in ("greeting", "goodbye", "no_answer", "time_is_up")),
        *(f"{name}_outbound" for name in dialogue.REPROMPTS),
        "for_the_owner",
        "opt_out",
        "opted_out",
        "call_back",
    ],
)
def test_everything_that_is_said_is_there(name: str) -> None:
    assert prompts.named(prompts.text_of(name)) == name


def test_only_the_exact_sentence_has_a_prompt() -> None:
    assert prompts.named("The number you called is not in service.") == "not_in_service"
    assert prompts.named("The number you called is not in service") is None
    assert prompts.named("") is None


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        prompts.load("../../manifest")


@pytest.mark.parametrize("greeting", dialogue.GREETINGS.values())
def test_the_first_sentence_says_that_it_is_an_ai(greeting: str) -> None:
    assert "AI assistant" in prompts.text_of(greeting).split(".")[0]


def test_every_sound_says_where_it_comes_from() -> None:
    for prompt in prompts.PROMPTS.values():
        assert prompt.engine
        assert prompt.voice
        assert prompt.licence


def test_the_sounds_and_the_manifest_are_the_same_set() -> None:
    assert {path.stem for path in prompts.FOLDER.glob("*.ulaw")} == set(prompts.PROMPTS)
    assert {path.name for path in CALLERS.glob("*.ulaw")} == {turn["file"] for turn in CALLER_TURNS}


def test_the_sounds_stay_small() -> None:
    assert sum(path.stat().st_size for path in prompts.FOLDER.iterdir()) < 1_000_000
    assert sum(path.stat().st_size for path in CALLERS.iterdir()) < 600_000


@pytest.mark.parametrize("turn", CALLER_TURNS, ids=lambda turn: turn["file"])
def test_a_scripted_caller_speaks_audibly_and_has_words(turn: dict[str, str]) -> None:
    sound = (CALLERS / turn["file"]).read_bytes()
    assert len(sound) % mulaw.FRAME_BYTES == 0
    assert loudest(sound) > 8000
    assert 1.0 < len(turn["text"].split()) / (len(sound) / mulaw.SAMPLE_RATE_HZ) < 4.5


def test_the_cast_of_callers_is_complete() -> None:
    turns = {name: len(caller["turns"]) for name, caller in CALLER_MANIFEST.items()}
    assert turns == {"customer": 2, "friend": 1, "wrong_number": 1, "silent": 0}
