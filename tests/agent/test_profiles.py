"""An owner's agent: usual values, changes, limits."""

import pytest

from agent.errors import ProfileError, UnknownVoice
from agent.profiles import change_profile, profile_of
from agent.voices import REALTIME_VOICES


def test_an_owner_who_chose_nothing_has_the_usual_agent(owner):
    profile = profile_of(owner)
    assert (profile.agent_name, profile.voice, profile.language) == ("Aloha", "marin", "en-US")
    assert (profile.greeting, profile.about) == ("", "")


def test_the_agent_is_the_same_one_every_time(owner):
    assert profile_of(owner) == profile_of(owner)


def test_only_what_is_given_changes(owner):
    change_profile(user=owner, agent_name="Nora's desk", greeting="Hello there.")
    change_profile(user=owner, voice="cedar")
    profile = profile_of(owner)
    assert (profile.agent_name, profile.voice) == ("Nora's desk", "cedar")
    assert profile.greeting == "Hello there."


def test_a_greeting_can_be_taken_back(owner):
    change_profile(user=owner, greeting="Hello there.")
    assert change_profile(user=owner, greeting="").greeting == ""


def test_one_owners_change_leaves_others_alone(owner, stranger):
    change_profile(user=owner, agent_name="Nora's desk")
    assert profile_of(stranger).agent_name == "Aloha"


@pytest.mark.parametrize("voice", [voice.name for voice in REALTIME_VOICES])
def test_every_voice_on_the_list_can_be_chosen(owner, voice):
    assert change_profile(user=owner, voice=voice).voice == voice


@pytest.mark.parametrize("voice", ["", "Marin", "hal", "marin "])
def test_a_voice_that_is_not_on_the_list_is_refused(owner, voice):
    with pytest.raises(UnknownVoice):
        change_profile(user=owner, voice=voice)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Kai  ", "Kai"),
        ("Kai\x00\x07\x1b", "Kai"),
        ("Kai\r\nBrown", "Kai Brown"),
        ("Kai \x00 Brown", "Kai Brown"),
        ("Kai\u202eBrown", "KaiBrown"),
        ("Kai\ud800", "Kai"),
        ("<b>Kai</b> & {{ Co }}", "<b>Kai</b> & {{ Co }}"),
        ("Þóra 愛 👩\u200d🔧", "Þóra 愛 👩\u200d🔧"),
    ],
)
def test_a_name_is_cleaned_and_otherwise_plain_text(owner, typed, kept):
    change_profile(user=owner, agent_name=typed)
    assert profile_of(owner).agent_name == kept


def test_facts_keep_their_lines(owner):
    change_profile(user=owner, about="\nWe open at 9.\r\n\r\nParking:\tbehind the house.\x00\n")
    assert profile_of(owner).about == "We open at 9.\n\nParking: behind the house."


@pytest.mark.parametrize("name", ["", "   ", "\x00\n"])
def test_a_blank_name_is_refused(owner, name):
    with pytest.raises(ProfileError) as refusal:
        change_profile(user=owner, agent_name=name)
    assert (refusal.value.field, refusal.value.code) == ("agent_name", "blank")


@pytest.mark.parametrize(
    ("field", "limit"), [("agent_name", 40), ("greeting", 300), ("about", 4000)]
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(owner, field, limit):
    change_profile(user=owner, **{field: "x" * limit})
    with pytest.raises(ProfileError) as refusal:
        change_profile(user=owner, **{field: "x" * (limit + 1)})
    assert (refusal.value.field, refusal.value.code) == (field, "too_long")
    assert len(getattr(profile_of(owner), field)) == limit


def test_a_refused_change_changes_nothing_else(owner):
    with pytest.raises(UnknownVoice):
        change_profile(user=owner, agent_name="Kai", voice="hal")
    assert profile_of(owner).agent_name == "Aloha"
