"""What the agent is told of a call once its stream is open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agent.profiles import change_profile
from telephony import calls
from telephony.agent_names import name_on
from telephony.models import Call, Campaign, StreamState
from tests.factories import make_call, make_number

FREE = {"BACKEND": "tests.peers.puppet_agent.PuppetBackend", "OPTIONS": {}}
RECORDED = {"BACKEND": "agent.backends.scripted.ScriptedBackend", "OPTIONS": {}}


def claimed_brief(owner, **fields):
    make_call(
        make_number(owner),
        stream_token="token",
        stream_token_expires_at=timezone.now() + timedelta(seconds=60),
        stream_state=StreamState.ISSUED,
        **fields,
    )
    return calls.brief_of(calls.claim_stream("token"))


@pytest.mark.W7
def test_of_a_campaigns_call_the_agent_knows_the_purpose(owner):
    campaign = Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")
    brief = claimed_brief(owner, direction="outbound", campaign=campaign)
    assert (brief.outbound, brief.campaign_purpose) == (True, "Confirm visits.")


@pytest.mark.W7
def test_of_a_call_that_came_in_there_is_no_purpose(owner):
    brief = claimed_brief(owner)
    assert (brief.outbound, brief.campaign_purpose) == (False, "")


@pytest.mark.M10
def test_the_name_and_the_voice_that_the_owner_chose_are_told(owner):
    change_profile(user=owner, agent_name="Kai", voice="cedar")
    brief = claimed_brief(owner)
    assert (brief.agent_name, brief.voice) == ("Kai", "cedar")


@pytest.mark.parametrize(("backend", "name"), [(FREE, "Kai"), (RECORDED, "Aloha")])
def test_a_call_keeps_the_name_under_which_its_agent_spoke(owner, settings, backend, name):
    settings.AGENT = backend
    change_profile(user=owner, agent_name="Kai")
    claimed_brief(owner)
    change_profile(user=owner, agent_name="Kiki")
    assert name_on(Call.objects.get()) == name


def test_a_call_that_no_agent_took_yet_goes_by_todays_name(owner):
    change_profile(user=owner, agent_name="Kiki")
    assert name_on(make_call(make_number(owner))) == "Kiki"
