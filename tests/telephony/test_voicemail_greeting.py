"""What callers hear before the tone when no agent takes the call."""

import pytest

from agent import profiles
from agent.models import AgentProfile
from telephony.models import Switch
from telephony.simulator import twiml
from telephony.simulator.verbs import Record, Say
from tests.factories import make_number
from tests.telephony.carrier import incoming_form, post

STANDARD = "Please leave a message after the tone."


@pytest.fixture
def number(owner):
    """A number whose agent staff have switched off."""
    number = make_number(owner)
    Switch.objects.create(kind=Switch.Kind.AGENT, number=number, reason="outage")
    return number


def heard(number) -> list[str]:
    answer = post("/api/twilio/voice/incoming", incoming_form(number.phone_number))
    verbs = twiml.parse(answer.content)
    tone = next(at for at, verb in enumerate(verbs) if isinstance(verb, Record))
    return [verb.text for verb in verbs[:tone] if isinstance(verb, Say)]


def test_without_a_greeting_of_her_own_the_standard_one(number):
    assert heard(number) == [STANDARD]


def test_the_owners_greeting_comes_with_the_name_of_her_agent(number, owner):
    profiles.change_profile(user=owner, agent_name="Kai", greeting="Nora & Max are out sailing.")
    assert heard(number) == ["This is Kai. Nora & Max are out sailing.", STANDARD]


def test_a_name_that_is_in_the_greeting_is_not_said_twice(number, owner):
    profiles.change_profile(user=owner, agent_name="Kai", greeting="Kai here, for Nora.")
    assert heard(number) == ["Kai here, for Nora.", STANDARD]


def test_a_repeat_hears_the_same(number, owner):
    profiles.change_profile(user=owner, agent_name="Kai", greeting="Out sailing.")
    assert heard(number) == heard(number)


@pytest.mark.W6
@pytest.mark.parametrize("greeting", ["a\ufffeb", "<Hangup/>", "]]>&amp;", "\x0bsail", "🌊" * 300])
def test_no_greeting_breaks_the_document(number, owner, greeting):
    AgentProfile.objects.create(user=owner, agent_name="Kai", greeting=greeting)
    assert heard(number)[-1] == STANDARD
