"""Home and settings as somebody without scripts meets them."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.test import Client

from agent.profiles import profile_of
from telephony.models import NumberStatus, UserPhoneNumber, VoicemailMode
from telephony.numbers import active_number, purchase_number
from tests.factories import make_number, make_user
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, TwilioAccount, twilio_peer
from tests.voicemail.messages import ended_call, leave_message

SETTINGS = "/aloha/settings"


@pytest.fixture
def as_owner(client, owner) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def twilio(settings, transactional_db) -> Iterator[TwilioAccount]:
    """Real numbers, from a Twilio on loopback."""
    with twilio_peer() as account:
        options = {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": account.base_url,
        }
        settings.TELEPHONY = {
            "BACKEND": "telephony.backends.twilio.TwilioBackend",
            "OPTIONS": options,
        }
        yield account


def page(client: Client, path: str = SETTINGS) -> str:
    return client.get(path, follow=True).content.decode()


def title(client: Client) -> str:
    return re.search(r"<h1>(.*?)</h1>", page(client, "/"))[1]


# --- Home ---


def test_visitors_are_told_what_aloha_is(client, db):
    text = page(client, "/")
    assert "Sign up" in text
    assert "Log in" in text


def test_an_owner_without_a_number_is_led_to_choose_one(as_owner):
    text = page(as_owner, "/")
    assert "Choose a number, and Aloha answers it" in text
    assert f'href="{SETTINGS}#number"' in text


def test_an_owner_whose_voicemail_is_off_is_led_to_it(as_owner, owner):
    make_number(owner)
    assert f'href="{SETTINGS}#voicemail"' in page(as_owner, "/")


PROVEN = {
    "voicemail_enabled": True,
    "voicemail_mode": VoicemailMode.VOICEMAIL_ONLY,
    "external_phone_number": "+14155550178",
    "forwarding_enabled": True,
    "forwarding_confirmed": True,
    "forwarding_verified_at": datetime(2026, 1, 1, tzinfo=UTC),
}


def test_the_home_page_counts_the_steps_that_are_left(as_owner, owner):
    make_number(owner, **PROVEN | {"forwarding_verified_at": None})
    text = page(as_owner, "/")
    assert "Two steps left until Aloha takes your missed calls" in text
    assert "2 of 4 done" in text
    assert "Prove it" in text


def test_an_owner_who_is_set_up_waits_for_the_first_caller(as_owner, owner):
    make_number(owner, **PROVEN)
    assert title(as_owner) == "Aloha is ready for your first caller"


def test_the_title_says_how_many_people_wait(as_owner, owner):
    number = make_number(owner)
    leave_message(number)
    assert title(as_owner) == "One person waits for you"


def test_home_says_what_the_last_week_and_today_brought(as_owner, owner):
    number = make_number(owner, **PROVEN)
    leave_message(number, urgency="high")
    leave_message(number, minutes_ago=60 * 24 * 8)
    text = page(as_owner, "/")
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", text))
    assert (figures["Messages"], figures["Urgent"]) == ("1", "1")
    assert "Forwarding proven on 31 Dec" in text
    assert "Dial <code>##004#</code> on your phone" in text


def test_a_waiting_message_is_listened_to_from_home(as_owner, owner):
    message = leave_message(make_number(owner))
    assert f'href="/aloha/inbox/{message.id}#listen"' in page(as_owner, "/")


def test_a_message_of_a_withheld_number_is_listened_to_from_home_too(as_owner, owner):
    withheld = {"from_number": "", "caller_withheld": True}
    message = leave_message(make_number(owner), call_fields=withheld)
    text = page(as_owner, "/")
    assert f'href="/aloha/inbox/{message.id}#listen"' in text
    assert "Call back" not in text


def test_somebody_who_called_twice_has_one_card_and_a_row(as_owner, owner):
    number = make_number(owner)
    for minutes in (1, 2, 3):
        leave_message(number, minutes_ago=minutes)
    for minutes in (4, 5):
        withheld = {"from_number": "", "caller_withheld": True}
        leave_message(number, minutes_ago=minutes, call_fields=withheld)
    text = page(as_owner, "/")
    assert "Three people wait for you" in text
    assert text.count('<article class="card waiting">') == 3
    assert text.count('class="row row-unread"') == 2


def test_who_waits_beyond_the_first_three_stands_in_rows(as_owner, owner):
    number = make_number(owner)
    for minutes in range(1, 6):
        caller = {"from_number": f"+1628555011{minutes}"}
        leave_message(number, minutes_ago=minutes, call_fields=caller)
    text = page(as_owner, "/")
    assert text.count('<article class="card waiting">') == 3
    assert text.count('class="row row-unread"') == 2


def test_before_the_first_message_home_shows_calls_and_how_to_make_one(as_owner, owner):
    ended_call(make_number(owner), 5, from_number="+16285550119")
    text = page(as_owner, "/")
    assert "Latest calls" in text
    assert "(628) 555-0119" in text
    assert "Try it yourself" in text


def test_with_every_step_done_and_everything_read_nothing_is_asked(as_owner, owner):
    number = make_number(owner, **PROVEN)
    leave_message(number, read_at=datetime(2026, 1, 1, tzinfo=UTC))
    text = page(as_owner, "/")
    assert "Nobody waits for you" in text
    assert "Setting up" not in text


def test_older_unread_messages_are_shown_before_newer_ones_that_were_read(as_owner, owner):
    number = make_number(owner)
    for minutes in (90, 80):
        caller = {"from_number": f"+162855501{minutes}"}
        reason = f"Waiting for {minutes} minutes."
        leave_message(number, minutes_ago=minutes, reason=reason, call_fields=caller)
    for _ in range(6):
        leave_message(number, read_at=datetime(2026, 1, 1, tzinfo=UTC), reason="Read already.")
    text = page(as_owner, "/")
    assert "Two people wait for you" in text
    assert text.index("Waiting for 80") < text.index("Waiting for 90") < text.index("Read already.")
    assert " more in your inbox" not in text


def test_urgent_messages_come_first_and_the_others_are_counted(as_owner, owner):
    number = make_number(owner)
    for minutes in range(1, 12):
        leave_message(number, minutes_ago=minutes, reason=f"Ordinary matter {minutes}.")
    leave_message(number, minutes_ago=600, urgency="high", reason="The cellar is full of water.")
    text = page(as_owner, "/")
    assert text.index("The cellar is full of water.") < text.index("Ordinary matter 1.")
    assert "Ordinary matter 8." in text
    assert "Ordinary matter 9." not in text
    assert '<a href="/aloha/inbox?show=unread">3 more in your inbox</a>' in text


@pytest.mark.parametrize("gone", ["archived_at", "deleted_at", "erased_at"])
def test_an_owner_who_has_put_everything_away_is_not_set_up_again(as_owner, owner, gone):
    leave_message(make_number(owner, **PROVEN), **{gone: datetime(2026, 1, 1, tzinfo=UTC)})
    text = page(as_owner, "/")
    assert "Nobody waits for you" in text
    assert "Setting up" not in text


# --- Taking a number ---


def test_the_search_offers_numbers_of_the_area(as_owner):
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=415&find=search")
    assert text.count("Use this number") >= 5
    assert "(415) 555-01" in text


def test_random_offers_one_number(as_owner):
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=&find=random")
    assert text.count("Use this number") == 1


def test_an_area_code_that_is_none_is_explained_beside_the_field(as_owner):
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=41x&find=search")
    assert 'value="41x"' in text
    assert 'id="id_area_code_error"' in text


def test_an_area_without_numbers_says_so(as_owner):
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=999&find=search")
    assert "No numbers in area code 999" in text


def test_an_area_code_where_there_are_none_is_explained(as_owner):
    text = page(as_owner, f"{SETTINGS}?country=GB&area_code=20&find=search")
    assert "leave the field empty" in text


@pytest.mark.U2
def test_an_owner_takes_a_number(as_owner, owner):
    form = {"phone_number": "+14155550132", "country": "US"}
    answer = as_owner.post(f"{SETTINGS}/number", form)
    assert answer.url == f"{SETTINGS}#number"
    number = UserPhoneNumber.objects.for_user(owner).active().get()
    assert number.phone_number == "+14155550132"
    assert "(415) 555-0132 is yours" in page(as_owner)


def test_a_number_taken_meanwhile_is_explained_and_others_offered(as_owner, stranger):
    make_number(stranger, phone_number="+14155550132")
    form = {"phone_number": "+14155550132", "country": "US", "area_code": "415", "find": "search"}
    text = as_owner.post(f"{SETTINGS}/number", form).content.decode()
    assert "(415) 555-0132 was not taken" in text
    assert "Nothing was charged" in text
    assert text.count("Use this number") >= 3


def test_a_number_that_nobody_sells_buys_nothing(as_owner, owner):
    as_owner.post(f"{SETTINGS}/number", {"phone_number": "+1999", "country": "US"})
    assert not UserPhoneNumber.objects.for_user(owner).exists()


def test_a_purchase_being_confirmed_offers_no_second_one(as_owner, owner):
    make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=415&find=search")
    assert "We could not confirm yet that you have this number" in text
    assert "Nothing else can be taken until this is settled" in text
    assert "Use this number" not in text


def test_an_unclear_purchase_is_shown_as_it_stands(as_owner, twilio):
    twilio.faults["POST"] = "500"
    form = {"phone_number": "+14155550123", "country": "US"}
    assert as_owner.post(f"{SETTINGS}/number", form).url == f"{SETTINGS}#number"
    text = page(as_owner)
    assert "nothing is charged twice" in text
    assert "is yours" not in text


@pytest.mark.parametrize("find", ["search", "random"])
def test_a_search_that_the_provider_does_not_answer_says_so(as_owner, twilio, find):
    twilio.faults["GET"] = "500"
    text = page(as_owner, f"{SETTINGS}?country=US&area_code=415&find={find}")
    assert "The phone provider does not answer just now. Nothing was charged" in text


def test_a_number_that_cannot_be_looked_up_is_not_taken(as_owner, twilio, owner):
    twilio.faults["GET"] = "500"
    form = {"phone_number": "+14155550123", "country": "US"}
    text = as_owner.post(f"{SETTINGS}/number", form).content.decode()
    assert "(415) 555-0123 was not taken" in text
    assert "The phone provider does not answer just now. Nothing was charged" in text
    assert not UserPhoneNumber.objects.for_user(owner).exists()


def test_whoever_has_a_number_is_told_why_another_is_not_taken(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    form = {"phone_number": "+14155550133", "country": "US"}
    text = as_owner.post(f"{SETTINGS}/number", form).content.decode()
    assert "(415) 555-0133 was not taken" in text
    assert "You already have an active number." in text


def test_a_simulated_number_says_that_nothing_is_charged(as_owner, owner):
    make_number(owner)
    assert "Nothing is charged" in page(as_owner)


# --- Releasing it ---


def test_the_release_page_works_by_itself(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    assert "Type the last four digits, 0132" in page(as_owner, f"{SETTINGS}/release")


def test_the_right_digits_release_the_number(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    answer = as_owner.post(f"{SETTINGS}/release", {"last_digits": "0132"})
    assert answer.url == f"{SETTINGS}#number"
    assert not UserPhoneNumber.objects.for_user(owner).active().exists()
    assert "(415) 555-0132 is released" in page(as_owner)


def test_wrong_digits_release_nothing(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    text = as_owner.post(f"{SETTINGS}/release", {"last_digits": "0133"}).content.decode()
    assert 'value="0133"' in text
    assert UserPhoneNumber.objects.for_user(owner).active().exists()


def test_without_a_number_there_is_nothing_to_release(as_owner):
    assert "There is no number to release." in page(as_owner, f"{SETTINGS}/release")


@pytest.fixture
def number_on_its_way_out(as_owner, owner, twilio) -> UserPhoneNumber:
    """The owner has released it, and Twilio could not delete it."""
    number = purchase_number(user=owner, phone_number="+14155550123", country="US")
    twilio.faults["DELETE"] = "500"
    as_owner.post(f"{SETTINGS}/release", {"last_digits": "0123"})
    return number


def test_a_release_that_the_provider_does_not_confirm_is_not_called_done(as_owner, owner, twilio):
    purchase_number(user=owner, phone_number="+14155550123", country="US")
    twilio.faults["DELETE"] = "500"
    answer = as_owner.post(f"{SETTINGS}/release", {"last_digits": "0123"}, follow=True)
    text = answer.content.decode()
    assert "(415) 555-0123 is being released" in text
    assert "The phone provider did not confirm the release just now" in text
    assert "is released" not in text


def test_a_number_on_its_way_out_stays_on_the_page(as_owner, number_on_its_way_out):
    text = page(as_owner)
    assert "(415) 555-0123 is being released" in text
    assert (
        "It no longer answers callers. The phone provider has not confirmed the release yet."
        in text
    )
    assert "Try again" in text


def test_the_release_page_of_a_number_on_its_way_out_leads_there(as_owner, number_on_its_way_out):
    assert as_owner.get(f"{SETTINGS}/release").url == f"{SETTINGS}#number"


def test_trying_again_gives_the_number_back(as_owner, number_on_its_way_out, twilio):
    del twilio.faults["DELETE"]
    assert as_owner.post(f"{SETTINGS}/release").url == f"{SETTINGS}#number"
    text = page(as_owner)
    assert "(415) 555-0123 is released" in text
    assert "is being released" not in text
    assert twilio.sold == {}


def test_trying_again_in_vain_says_so(as_owner, number_on_its_way_out, twilio):
    text = as_owner.post(f"{SETTINGS}/release").content.decode()
    assert "did not confirm the release just now" in text
    assert len(twilio.sold) == 1


def test_another_number_may_be_taken_meanwhile(as_owner, number_on_its_way_out):
    as_owner.post(f"{SETTINGS}/number", {"phone_number": "+14155550124", "country": "US"})
    text = page(as_owner)
    assert "(415) 555-0124 is yours and answers now" in text
    assert "(415) 555-0123 is being released" in text


def test_trying_again_never_releases_the_number_taken_meanwhile(
    as_owner, owner, number_on_its_way_out
):
    purchase_number(user=owner, phone_number="+14155550124", country="US")
    as_owner.post(f"{SETTINGS}/release", {"csrfmiddlewaretoken": "of a page opened before"})
    assert active_number(owner).phone_number == "+14155550124"
    assert "Try again" not in page(as_owner)


# --- Voicemail ---


def voicemail_form(**fields: str) -> dict[str, str]:
    return {"voicemail_enabled": "on", "voicemail_mode": "receptionist"} | fields


@pytest.mark.U2
def test_voicemail_is_switched_on_with_mode_and_own_number(as_owner, owner):
    number = make_number(owner)
    form = voicemail_form(external_phone_number="(415) 555-0178")
    assert as_owner.post(f"{SETTINGS}/voicemail", form).url == f"{SETTINGS}#voicemail"
    number.refresh_from_db()
    assert number.voicemail_mode == VoicemailMode.RECEPTIONIST
    assert number.external_phone_number == "+14155550178"


def test_voicemail_is_switched_off(as_owner, owner):
    number = make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.RECEPTIONIST)
    as_owner.post(f"{SETTINGS}/voicemail", {"voicemail_mode": "receptionist"})
    number.refresh_from_db()
    assert (number.voicemail_enabled, number.voicemail_mode) == (False, VoicemailMode.NONE)


@pytest.mark.parametrize("typed", ["555 01", "+1 415 555 0132", "call me"])
def test_a_wrong_own_number_keeps_what_was_typed(as_owner, owner, typed):
    number = make_number(owner, phone_number="+14155550132")
    form = voicemail_form(external_phone_number=typed)
    text = as_owner.post(f"{SETTINGS}/voicemail", form).content.decode()
    assert f'value="{typed}"' in text
    assert 'aria-invalid="true"' in text
    assert 'id="id_external_phone_number_error"' in text
    number.refresh_from_db()
    assert not number.voicemail_enabled


def test_voicemail_opens_only_with_a_number(as_owner):
    assert "Opens when you have a number" in page(as_owner)
    answer = as_owner.post(f"{SETTINGS}/voicemail", voicemail_form())
    assert answer.url == f"{SETTINGS}#number"


# --- The agent ---


def test_the_agent_gets_a_name_and_a_greeting(as_owner, owner):
    form = {"agent_name": "Kai", "greeting": "Whitfield Plumbing, hello."}
    assert as_owner.post(f"{SETTINGS}/agent", form).url == f"{SETTINGS}#agent"
    profile = profile_of(owner)
    assert (profile.agent_name, profile.greeting) == ("Kai", "Whitfield Plumbing, hello.")


def test_a_name_that_is_too_long_is_refused_and_kept_in_the_form(as_owner, owner):
    text = as_owner.post(f"{SETTINGS}/agent", {"agent_name": "K" * 41}).content.decode()
    assert "K" * 41 in text
    assert profile_of(owner).agent_name == "Aloha"


def test_the_embedded_voice_admits_that_it_cannot_say_the_name(as_owner):
    assert "Kept, but not spoken yet" in page(as_owner)


@pytest.mark.U2
def test_a_voice_is_chosen(as_owner, owner):
    as_owner.post(f"{SETTINGS}/voice", {"voice": "cedar"})
    assert profile_of(owner).voice == "cedar"


def test_an_unknown_voice_is_refused(as_owner, owner):
    text = as_owner.post(f"{SETTINGS}/voice", {"voice": "hal"}).content.decode()
    assert 'id="id_voice_error"' in text
    assert profile_of(owner).voice == "marin"


def test_facts_are_kept(as_owner, owner):
    as_owner.post(f"{SETTINGS}/about", {"about": "Open until 22:00.\r\nNo gas work."})
    assert profile_of(owner).about == "Open until 22:00.\nNo gas work."


# --- The frame ---


@pytest.mark.parametrize("card", ["number", "voicemail", "agent", "voice", "about"])
def test_looking_at_a_cards_address_leads_to_the_card(as_owner, card):
    assert as_owner.get(f"{SETTINGS}/{card}").url == f"{SETTINGS}#{card}"


def test_the_top_bar_says_which_number_answers(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    assert "(415) 555-0132 is answering" in page(as_owner, "/")


def test_a_slash_at_the_end_does_not_matter(as_owner):
    assert as_owner.get(f"{SETTINGS}/").url == SETTINGS


@pytest.mark.parametrize("path", ["/", SETTINGS, "/aloha/inbox", f"{SETTINGS}/release"])
def test_no_page_has_inline_scripts_styles_or_handlers(as_owner, owner, path):
    leave_message(make_number(owner))
    text = page(as_owner, path)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)


def test_a_missing_page_is_explained_in_the_layout(client, db):
    answer = client.get("/aloha/nothing")
    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()


@pytest.mark.parametrize("path", ["/aloha/nothing", f"/aloha/inbox/{uuid.UUID(int=1)}"])
def test_in_development_too_a_missing_page_lists_no_addresses(as_owner, settings, path):
    settings.DEBUG = True
    answer = as_owner.get(path)
    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()
    assert "Account" in answer.content.decode()  # of whoever is logged in
    assert "URLconf" not in answer.content.decode()


def test_a_fault_of_ours_is_explained_without_a_database(client, settings):
    from django.views.defaults import server_error

    answer = server_error(client.get("/healthz").wsgi_request)
    assert "Something went wrong on our side" in answer.content.decode()


def test_an_old_form_is_explained(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("nora@example.com"))
    answer = client.post(f"{SETTINGS}/voice", {"voice": "cedar"})
    assert answer.status_code == 403
    assert "This form was too old" in answer.content.decode()


def test_another_number_is_looked_for_and_taken_in_place_of_the_first(as_owner, owner):
    old = make_number(owner, phone_number="+14155550132")
    assert "?replace=on#number" in page(as_owner)
    assert "(415) 555-0132 answers until the new one does" in page(
        as_owner, f"{SETTINGS}?replace=on"
    )
    text = page(as_owner, f"{SETTINGS}?replace=on&find=search&country=US&area_code=212")
    assert text.count('name="replace" value="on"') == text.count("Use this number") + 1
    wanted = {"phone_number": "+12125550101", "country": "US", "replace": "on", "find": "search"}
    answer = as_owner.post(f"{SETTINGS}/number", wanted, follow=True)
    assert "(212) 555-0101 is yours and answers now." in answer.content.decode()
    old.refresh_from_db()
    assert old.status == "released"


def test_without_being_asked_a_form_replaces_no_number(as_owner, owner):
    number = make_number(owner)
    as_owner.post(f"{SETTINGS}/number", {"phone_number": "+12125550101", "country": "US"})
    number.refresh_from_db()
    assert number.status == "active"


def test_whoever_forwards_calls_is_told_what_becomes_of_them(as_owner, owner):
    make_number(
        owner,
        voicemail_enabled=True,
        voicemail_mode="voicemail_only",
        external_phone_number="+14155550178",
        forwarding_enabled=True,
    )
    assert "set up forwarding to the new number" in page(as_owner, f"{SETTINGS}?replace=on")
    assert "##004#" in page(as_owner, f"{SETTINGS}/release")
