"""The pages for calling people, as an owner's browser without scripts sees them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from telephony.models import Call, Campaign, DoNotCall, OutboundTerms
from telephony.tombstones import tombstone
from tests.factories import make_call, make_number
from tests.peers.twilio_rest import Refused, twilio_peer

CALL, TERMS, LIST = "/aloha/call", "/aloha/call/terms", "/aloha/do-not-call"
CAMPAIGNS = "/aloha/campaigns"
CALLEE = "+15105550147"
CAMPAIGN = {"name": "Visits", "purpose": "Confirm visits.", "consent_note": "On the order form."}
SID = "PN" + "0" * 32
NOON = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)

pytestmark = pytest.mark.W7


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def web(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def campaign(owner):
    return Campaign.objects.create(owner=owner, **CAMPAIGN)


def text(response) -> str:
    return response.content.decode()


def test_a_number_typed_as_at_home_is_called(web, number):
    answer = web.post(CALL, {"phone_number": "(510) 555-0147", "key": "k1"}, follow=True)
    assert Call.objects.get().to_number == CALLEE
    assert "Calling (510) 555-0147." in text(answer)
    assert "Ringing" in text(answer)


def test_a_form_sent_twice_is_one_call(web, number):
    for _ in range(2):
        web.post(CALL, {"phone_number": CALLEE, "key": "k1"})
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("911", "Aloha never calls emergency services."),
        ("hello", "This is not a phone number"),
        ("+19005550100", "This is a premium-rate number"),
        ("+442079460018", "The phone service may not call this country"),
    ],
)
def test_what_is_refused_is_said_at_the_field_and_kept_as_typed(web, number, typed, sentence):
    answer = text(web.post(CALL, {"phone_number": typed}))
    assert "Nobody was called." in answer
    assert sentence in answer.split('id="id_phone_number_error"')[1]
    assert f'value="{typed}"' in answer


def test_a_call_that_runs_already_is_said_above_the_form(web, number):
    web.post(CALL, {"phone_number": CALLEE})
    answer = text(web.post(CALL, {"phone_number": CALLEE}))
    assert "A call of yours is still under way" in answer
    assert "id_phone_number_error" not in answer


def test_a_form_that_met_a_running_call_stays_one_request(web, number):
    web.post(CALL, {"phone_number": CALLEE})
    answer = text(web.post(CALL, {"phone_number": CALLEE, "key": "k2"}))
    assert 'value="k2"' in answer


def test_only_the_owners_running_campaigns_are_offered(web, number, campaign, stranger):
    Campaign.objects.create(owner=stranger, **CAMPAIGN)
    ended = Campaign.objects.create(owner=number.user, **(CAMPAIGN | {"name": "Old"}))
    Campaign.objects.filter(id=ended.id).update(is_active=False)
    answer = text(web.get(f"{CALL}?campaign={campaign.id}"))
    assert answer.count("<option") == 2
    assert f'value="{campaign.id}" selected' in answer


def test_a_call_names_its_campaign(web, number, campaign):
    web.post(CALL, {"phone_number": CALLEE, "campaign_id": str(campaign.id)})
    assert Call.objects.get().campaign == campaign


def test_another_owners_campaign_is_no_choice(web, number, stranger):
    foreign = Campaign.objects.create(owner=stranger, **CAMPAIGN)
    web.post(CALL, {"phone_number": CALLEE, "campaign_id": str(foreign.id)})
    assert not Call.objects.exists()


def test_without_a_number_the_page_leads_to_one(web):
    answer = text(web.get(CALL))
    assert "Choose a number" in answer
    assert 'name="phone_number"' not in answer


def test_real_calls_lead_to_the_terms_first_and_ask_once(web, number, settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        assert TERMS in text(web.get(CALL))
        assert web.post(CALL, {"phone_number": CALLEE})["Location"] == TERMS
        assert "Tick the box" in text(web.post(TERMS))
        assert web.post(TERMS, {"accepted": "on"})["Location"] == CALL
        assert 'name="phone_number"' in text(web.get(CALL))
        assert "Accepted on" in text(web.get(TERMS))
    assert OutboundTerms.objects.get().version == 1


@pytest.mark.parametrize("twilio_code", [21214, 10004], ids=["for good", "for a moment"])
def test_what_the_provider_refused_can_be_corrected_and_sent_again(
    web, owner, settings, twilio_code
):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        account.sold[SID] = {"PhoneNumber": make_number(owner, twilio_phone_sid=SID).phone_number}
        OutboundTerms.objects.create(owner=owner)
        account.faults["POST"] = Refused(400, twilio_code)
        answer = text(web.post(CALL, {"phone_number": "+15105550148", "key": "k1"}))
        assert "Nobody was called." in answer
        key = re.search(r'name="key" value="([^"]+)"', answer)[1]
        account.faults.clear()
        web.post(CALL, {"phone_number": CALLEE, "key": key})
        assert [call.form["To"] for call in account.calls.values()] == [[CALLEE]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "busy", "end_reason": "line_busy"}, "The line was busy"),
        ({"status": "in-progress"}, "Talking"),
        ({"call_sid": None}, "Not confirmed by the phone provider"),
    ],
)
def test_the_latest_calls_say_how_they_stand(web, number, fields, words):
    make_call(number, **({"direction": "outbound", "to_number": CALLEE} | fields))
    assert words in text(web.get(CALL))


def test_a_campaign_is_made_changed_and_ended(web, owner):
    web.post(f"{CAMPAIGNS}/new", CAMPAIGN)
    campaign = Campaign.objects.get()
    web.post(f"{CAMPAIGNS}/{campaign.id}", CAMPAIGN | {"purpose": "Move visits."})
    web.post(f"{CAMPAIGNS}/{campaign.id}/end")
    campaign.refresh_from_db()
    assert (campaign.owner, campaign.purpose, campaign.is_active) == (owner, "Move visits.", False)
    web.post(f"{CAMPAIGNS}/{campaign.id}/end", {"go_on": "yes"})
    campaign.refresh_from_db()
    assert campaign.is_active


@pytest.mark.parametrize("left_out", ["name", "purpose", "consent_note"])
def test_a_campaign_needs_all_three(web, left_out):
    answer = web.post(f"{CAMPAIGNS}/new", CAMPAIGN | {left_out: ""})
    assert f'id="id_{left_out}_error"' in text(answer)
    assert not Campaign.objects.exists()


def test_a_second_campaign_of_the_same_name_is_refused_at_the_name(web, campaign):
    answer = text(web.post(f"{CAMPAIGNS}/new", CAMPAIGN))
    assert "Another campaign of yours has this name." in answer
    other = Campaign.objects.create(owner=campaign.owner, **(CAMPAIGN | {"name": "Other"}))
    answer = text(web.post(f"{CAMPAIGNS}/{other.id}", CAMPAIGN))
    assert "Another campaign of yours has this name." in answer
    assert Campaign.objects.filter(name="Visits").count() == 1


def test_the_list_shows_campaigns_with_their_calls(web, number, campaign):
    make_call(number, campaign=campaign)
    answer = text(web.get(CAMPAIGNS))
    assert "Visits" in answer
    assert "1 call" in answer


def test_a_number_is_put_on_the_list_and_taken_off(web, number):
    web.post(LIST, {"phone_number": "510 555 0147"})
    entry = DoNotCall.objects.get()
    assert (entry.phone_number, entry.source) == (CALLEE, "owner")
    assert "Added by you" in text(web.get(LIST))
    web.post(f"{LIST}/{entry.pk}/remove")
    assert not DoNotCall.objects.exists()


def test_a_wish_of_somebody_called_has_no_button_to_remove_it(web, owner):
    entry = DoNotCall.objects.create(owner=owner, phone_number=CALLEE, source="key")
    answer = text(web.get(LIST))
    assert "Pressed 9 in a call" in answer
    assert "/remove" not in answer
    assert web.post(f"{LIST}/{entry.pk}/remove").status_code == 404
    assert DoNotCall.objects.exists()


def test_a_wish_whose_number_was_forgotten_is_shown_without_its_code(web, owner):
    DoNotCall.objects.create(owner=owner, phone_number=tombstone(CALLEE), source="voice")
    answer = text(web.get(LIST))
    assert "A forgotten number" in answer
    assert tombstone(CALLEE) not in answer


def test_what_is_no_number_is_not_put_on_the_list(web, number):
    assert "This is not a phone number" in text(web.post(LIST, {"phone_number": "hello"}))


def test_a_long_list_has_pages(web, owner):
    DoNotCall.objects.bulk_create(
        DoNotCall(owner=owner, phone_number=f"+1510555{line:04d}") for line in range(60)
    )
    assert 'rel="next"' in text(web.get(LIST))
    assert 'rel="prev"' in text(web.get(f"{LIST}?page=2"))
