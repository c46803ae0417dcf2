"""The admin: to look at, found by any spelling of a number, silent about what was said."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import AuditEvent
from agent.profiles import profile_of
from telephony.models import Switch
from telephony.numbers import purchase_number
from tests.factories import PASSWORD, make_call, make_number, make_user
from tests.voicemail.messages import leave_message

SWITCH = {"kind": "outbound", "number": "", "reason": "abuse", "until_0": "", "until_1": ""}


@pytest.fixture
def as_admin(client, db) -> Client:
    client.force_login(make_user("admin@example.com", is_staff=True, is_superuser=True))
    return client


def test_the_admin_sends_staff_to_the_common_log_in(client, db):
    answer = client.get("/admin/telephony/call/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2Ftelephony%2Fcall%2F"


def test_the_admins_own_form_lets_nobody_in(client, support):
    form = {"username": support.email, "password": PASSWORD}
    answer = client.post("/admin/login/?next=/admin/", form)
    assert answer.url == "/accounts/login/?next=%2Fadmin%2F&form=lost"
    assert "_auth_user_id" not in client.session


@pytest.mark.A2
def test_staff_with_a_second_factor_give_it_before_the_admin_opens(client, support):
    TOTP.activate(support, generate_totp_secret())
    form = {"login": support.email, "password": PASSWORD}
    assert client.post("/accounts/login/?next=/admin/", form).url.startswith("/accounts/2fa/")
    assert client.get("/admin/").status_code == 302


def test_staff_log_in_and_arrive_where_they_wanted_to_go(client, support):
    form = {"login": support.email, "password": PASSWORD}
    assert client.post("/accounts/login/?next=/admin/", form, follow=True).status_code == 200
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("model", ["account/emailaddress", "mfa/authenticator"])
def test_log_in_addresses_and_second_factors_are_not_in_the_admin(as_admin, model):
    assert as_admin.get(f"/admin/{model}/").status_code == 404


@pytest.mark.parametrize("typed", ["+1 415 555 0132", "(415) 555-0132", "4155550132"])
def test_a_number_is_found_in_any_spelling(as_admin, owner, typed):
    make_number(owner, phone_number="+14155550132")
    answer = as_admin.get("/admin/telephony/userphonenumber/", {"q": typed})
    assert "+14155550132" in answer.content.decode()


@pytest.mark.parametrize(
    "model",
    ["telephony/userphonenumber", "telephony/call", "voicemail/message", "agent/agentprofile"],
)
def test_records_are_neither_added_changed_nor_deleted(as_admin, owner, model):
    message = leave_message(make_number(owner))
    record = {
        "telephony/userphonenumber": message.call.number_id,
        "telephony/call": message.call_id,
        "voicemail/message": message.id,
        "agent/agentprofile": profile_of(owner).pk,
    }[model]
    assert as_admin.get(f"/admin/{model}/").status_code == 200
    assert as_admin.get(f"/admin/{model}/{record}/change/").status_code == 200
    assert as_admin.get(f"/admin/{model}/add/").status_code == 403
    assert as_admin.post(f"/admin/{model}/{record}/change/", {"x": "y"}).status_code == 403
    assert as_admin.post(f"/admin/{model}/{record}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.A1
def test_what_callers_left_is_not_shown(as_admin, owner):
    message = leave_message(make_number(owner), summary="The boiler leaks.")
    for page in (
        as_admin.get("/admin/voicemail/message/"),
        as_admin.get(f"/admin/voicemail/message/{message.id}/change/"),
        as_admin.get(f"/admin/telephony/call/{message.call_id}/change/"),
    ):
        assert "The boiler leaks." not in page.content.decode()


def test_a_streams_token_is_not_shown(as_admin, owner):
    call = leave_message(make_number(owner)).call
    call.stream_token = "secret-token-of-the-stream"
    call.save()
    page = as_admin.get(f"/admin/telephony/call/{call.id}/change/").content.decode()
    assert call.stream_token not in page


def test_staff_without_all_rights_cannot_make_themselves_superusers(client, support):
    from django.contrib.auth.models import Permission

    support.user_permissions.set(
        Permission.objects.filter(codename__in=["view_user", "change_user"])
    )
    client.force_login(support)
    form = {"email": "x@example.com", "name": "X", "time_zone": "UTC", "is_active": "on"}
    client.post(f"/admin/accounts/user/{support.id}/change/", form | {"is_superuser": "on"})
    support.refresh_from_db()
    assert (support.is_superuser, support.email) == (False, "support@example.com")


@pytest.mark.A1
@pytest.mark.parametrize(
    "typed", ["+14155550132", "(415) 555-0132", "415 555 0132", "001 415 555 0132", "415.555.0132"]
)
def test_an_owner_is_found_by_any_spelling_of_her_number(as_admin, owner, stranger, typed):
    make_number(owner, phone_number="+14155550132")
    page = as_admin.get("/admin/accounts/user/", {"q": typed}).content.decode()
    assert owner.email in page
    assert stranger.email not in page


@pytest.mark.parametrize("model", ["call", "userphonenumber"])
def test_calls_and_numbers_are_found_by_the_owners_name(as_admin, owner, stranger, model):
    for user in (owner, stranger):
        make_call(make_number(user))
    page = as_admin.get(f"/admin/telephony/{model}/", {"q": "nora"}).content.decode()
    assert page.count('<th class="field-') == 1


def test_the_steps_of_a_number_stand_beside_it(as_admin, owner):
    number = purchase_number(user=owner, phone_number="+14155550132", country="US")
    page = as_admin.get(f"/admin/telephony/userphonenumber/{number.pk}/change/").content.decode()
    assert "purchasing to active" in page
    assert number.twilio_phone_sid in page


@pytest.mark.A2
def test_support_switches_calling_off_and_with_a_reason_on_again(as_admin, owner):
    number = make_number(owner)
    form = SWITCH | {"number": str(number.pk), "reason": "Calls the whole town."}
    as_admin.post("/admin/telephony/switch/add/", form)
    switch = Switch.objects.get()
    assert (switch.number, switch.set_by.email) == (number, "admin@example.com")
    url = f"/admin/telephony/switch/{switch.pk}"
    assert as_admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    as_admin.post(f"{url}/on/", {"reason": ""})
    assert Switch.objects.exists()
    as_admin.post(f"{url}/on/", {"reason": "They promised."})
    assert not Switch.objects.exists()
    again = as_admin.post(f"{url}/on/", {"reason": "They promised."}, follow=True)
    assert "Outgoing calls are on already." in again.content.decode()
    acts = AuditEvent.objects.for_user(owner).values_list("action", "reason")
    assert list(acts) == [
        ("allowed outgoing calls again", "They promised."),
        ("stopped outgoing calls", "Calls the whole town."),
    ]


def test_the_agent_is_switched_off_elsewhere(as_admin):
    as_admin.post("/admin/telephony/switch/add/", SWITCH | {"kind": "agent"})
    assert not Switch.objects.exists()
    switch = Switch.objects.create(kind="agent", reason="outage")
    as_admin.post(f"/admin/telephony/switch/{switch.pk}/on/", {"reason": "It is over."})
    assert Switch.objects.exists()


def test_a_second_switch_for_all_is_refused_with_a_sentence(as_admin):
    Switch.objects.create(kind="outbound", reason="outage")
    page = as_admin.post("/admin/telephony/switch/add/", SWITCH)
    assert page.status_code == 200
    assert b"errorlist" in page.content


@pytest.mark.A1
def test_calls_say_why_they_ended(as_admin, owner):
    make_call(make_number(owner), status="completed", end_reason="message_after_failure")
    page = as_admin.get("/admin/telephony/call/").content.decode()
    assert "Aloha could not answer; the caller left a message after the tone" in page


def test_support_switches_calling_off_for_all(as_admin):
    assert as_admin.post("/admin/telephony/switch/add/", SWITCH).status_code == 302
    assert Switch.objects.get().kind == Switch.Kind.OUTBOUND


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_switch_for_what_is_no_key_of_a_number_is_asked_for_again(as_admin, method):
    answer = getattr(as_admin, method)("/admin/telephony/switch/add/", SWITCH | {"number": "x"})
    assert answer.status_code == 200
    assert not Switch.objects.exists()
