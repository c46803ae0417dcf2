"""S1: one walk over every address and socket, as everybody, against one declared table."""

import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.audit import Who
from accounts.models import AuditEvent, User
from agent.profiles import profile_of
from aloha_site import ws_urls as browser_sockets
from telephony import ws_urls
from telephony.models import Call, Campaign, DoNotCall, SimulatedOrder, StreamState, Switch, SyncRun
from telephony.recording import store_recording
from telephony.signatures import public_socket_url
from tests.contract.api_client import CSRF_TOKEN
from tests.factories import PASSWORD, make_call, make_number, make_user
from tests.peers.media_line import MediaLine
from tests.site import access_table as table
from tests.telephony.carrier import FORM, incoming_form, post
from tests.voicemail.checks import make_check
from voicemail.models import Message, Stage
from voicemail.support import HEARD_AUDIO, note_look

LOG_IN, ADMIN_LOG_IN, SETTINGS = "/accounts/login/", "/admin/login/", "/aloha/settings"
PROBE = "00000000-0000-4000-8000-000000000000"
MODEL_PAGES = ("changelist", "add", "history", "delete", "change")
PARAMETERS = {
    "probe_answered": {"call_id": PROBE},
    "probe_key": {"call_id": PROBE},
    "probe_status": {"call_id": PROBE},
    "voice_sample": {"voice": "built-in"},
    "account_confirm_email": {"key": "abc"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "abc-def"},
    "admin:app_list": {"app_label": "auth"},
    "admin:view_on_site": {"content_type_id": 1, "object_id": 1},
}
FORMS_OF_THE_CARRIER = {
    "voice_status": {"CallStatus": "completed"},
    "probe_status": {"CallStatus": "completed"},
    "voice_stream_status": {"StreamEvent": "stream-started", "StreamSid": "MZ1"},
}

pytestmark = pytest.mark.S1


def addresses(
    patterns: list[URLPattern | URLResolver], route: str = "", namespace: str = ""
) -> Iterator[tuple[str, str]]:
    """Key in the table and whole route of every address."""
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, whole, inner)
        else:
            yield f"{namespace}{pattern.name}" if pattern.name else whole, whole


def declared() -> set[str]:
    models = {f"admin:{model}_{page}" for model in table.STAFF_MODELS for page in MODEL_PAGES} | {
        f"admin/{model.replace('_', '/', 1)}/<path:object_id>/" for model in table.STAFF_MODELS
    }
    return models.union(
        table.PUBLIC,
        table.OWN_PAGE,
        table.OWN_FORM,
        table.MESSAGE_PAGE,
        table.MESSAGE_FORM,
        table.CALLING_PAGE,
        table.CALLING_FORM,
        table.API_CAMPAIGN,
        table.CALL_PAGE,
        table.CALL_FORM,
        table.API_CALL,
        table.SLASH,
        table.CARRIER,
        table.API_READ,
        table.API_CHANGE,
        table.API_MESSAGE,
        table.STAFF,
        table.STAFF_CONTENT,
        (f"admin:{model}_{act}" for model, acts in table.STAFF_ACTS.items() for act in acts),
    )


def test_every_address_is_declared_and_every_declared_one_exists():
    assert {key for key, _ in addresses(get_resolver().url_patterns)} == declared()


def test_every_socket_is_declared_and_every_declared_one_exists():
    sockets = [*ws_urls.urlpatterns, *browser_sockets.urlpatterns]
    routes = {str(pattern.pattern) for pattern in sockets}
    assert routes == table.SOCKETS.keys()


def test_the_carriers_addresses_are_just_those_behind_its_guard():
    guarded = {
        key
        for key, _ in addresses(get_resolver().url_patterns)
        if ":" not in key and is_guarded(key)
    }
    assert guarded == table.CARRIER


def is_guarded(key: str) -> bool:
    for pattern in flat(get_resolver().url_patterns):
        if pattern.name == key:
            return getattr(pattern.callback, "is_carrier_webhook", False)
    return False


def flat(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from flat(pattern.url_patterns)
        else:
            yield pattern


@pytest.fixture
def message(owner) -> Message:
    call = make_call(make_number(owner), status="completed", ended_at=timezone.now())
    store_recording(call=call, caller=b"\xff" * 800, agent=b"\xff" * 800)
    return Message.objects.create(call=call, stage=Stage.SUMMARISED, summary="Boiler leaks.")


@pytest.fixture
def clerk(db) -> User:
    """Staff without a single permission."""
    return make_user("clerk@example.com", is_staff=True)


@pytest.fixture
def boss(db) -> User:
    return make_user("boss@example.com", is_staff=True, is_superuser=True)


def browser(user: User | None = None) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def answer(response) -> table.Answer:
    """The status, or the path to which a redirect leads."""
    if response.status_code == 302:
        return urlsplit(response["Location"]).path
    return response.status_code


def url_of(key: str) -> str:
    return reverse(key, kwargs=PARAMETERS.get(key))


def look(user: User | None, key: str) -> table.Answer:
    return answer(browser(user).get(url_of(key)))


@pytest.mark.parametrize("key", sorted(table.PUBLIC))
def test_public_pages_open_for_everybody(key, owner, clerk):
    assert look(None, key) == table.PUBLIC_WHEN_LOGGED_OUT.get(key, 200)
    for user in (owner, clerk):
        assert look(user, key) == table.PUBLIC_WHEN_LOGGED_IN.get(key, 200)


@pytest.mark.parametrize("key", sorted(table.OWN_PAGE))
def test_own_pages_need_a_log_in(key, message, owner, stranger, clerk):
    # Logging out while nobody is logged in just leads home.
    assert look(None, key) == ("/" if key == "account_logout" else LOG_IN)
    for user in (owner, stranger, clerk):
        page = browser(user).get(url_of(key))
        if key == "release_number" and user != owner:
            assert answer(page) == SETTINGS
        else:
            assert answer(page) == table.OWN_PAGE_ANSWERS.get(key, 200)
        if user != owner:
            assert b"Boiler leaks." not in page.content
            assert message.call.to_number.encode() not in page.content


@pytest.mark.parametrize("key", sorted(table.OWN_FORM))
def test_own_forms_need_a_log_in_and_a_token(key, owner, stranger):
    assert look(None, key) == LOG_IN
    assert answer(with_token(None).post(url_of(key))) == LOG_IN
    for user in (owner, stranger):
        assert look(user, key) == table.OWN_FORM_ANSWERS.get(key, SETTINGS)
        assert answer(browser(user).post(url_of(key))) == 403


def with_token(user: User | None) -> Client:
    """A browser that sends a valid CSRF token with whatever it posts."""
    client = Client(
        enforce_csrf_checks=True,
        raise_request_exception=False,
        headers={"X-CSRFToken": CSRF_TOKEN},
    )
    client.cookies["csrftoken"] = CSRF_TOKEN
    if user is not None:
        client.force_login(user)
    return client


def rows_of(user: User) -> dict[str, list[dict[str, object]]]:
    """Everything the database holds of one owner, but for when she last logged in."""
    rows = {
        label: list(apps.get_model(label).objects.filter(**{lookup: user.pk}).values())
        for label, lookup in table.OWNED.items()
    }
    for row in rows["accounts.User"]:
        del row["last_login"]
    return rows


def test_every_model_says_whose_its_rows_are():
    rooms = [apps.get_app_config(name) for name in ("accounts", "agent", "telephony", "voicemail")]
    models = {model._meta.label for room in rooms for model in room.get_models()}
    of_others = ("account.", "mfa.", "usersessions.")
    owned = {label for label in table.OWNED if not label.startswith(of_others)}
    assert models == owned | table.OWNERLESS


def form_about(owner: User, message: Message) -> dict[str, object]:
    """Every field of every form, filled in, and every name by which a form might mean the owner."""
    number = message.call.number
    settings_fields = {
        "phone_number": number.phone_number,
        "country": "US",
        "voicemail_enabled": "on",
        "voicemail_mode": "receptionist",
        "external_phone_number": "+14155550178",
        "last_digits": "0199",
        "agent_name": "Mallory",
        "greeting": "Hello from Mallory.",
        "voice": "cedar",
        "about": "Mallory was here.",
        "name": "Mallory",
        "time_zone": "Europe/Paris",
        "purpose": "Mallory calls.",
        "consent_note": "Mallory agreed.",
        "accepted": "on",
        "wanted": "urgent",
        "audio_days": "30",
        "text_days": "60",
    }
    account_fields = {
        "email": owner.email,
        "login": owner.email,
        "action_remove": "",
        "password": PASSWORD,
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    names = {
        **dict.fromkeys(("user", "user_id", "owner", "owner_id"), owner.pk),
        **dict.fromkeys(("id", "pk", "number", "number_id"), number.pk),
        **dict.fromkeys(("message", "message_id"), message.pk),
    }
    return settings_fields | account_fields | names


@pytest.mark.parametrize("key", sorted(table.OWN_FORM | table.OWN_PAGE))
def test_no_form_of_a_stranger_changes_anything_of_the_owners(key, message, owner, stranger):
    make_number(stranger, phone_number="+14155550199")
    for user in (owner, stranger):
        profile_of(user)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    before, strangers = rows_of(owner), rows_of(stranger)
    with_token(stranger).post(url_of(key), form_about(owner, message))
    assert rows_of(owner) == before
    assert (rows_of(stranger) != strangers) == (key in table.CHANGES_OWN)


@pytest.mark.parametrize("key", sorted(table.MESSAGE_PAGE))
def test_a_message_opens_for_its_owner_alone(key, message, owner, stranger, clerk, boss):
    url = reverse(key, kwargs={"message_id": message.id})
    assert answer(browser().get(url)) == LOG_IN
    assert answer(browser(owner).get(url)) == 200
    for user in (stranger, clerk, boss):
        assert answer(browser(user).get(url)) == 404


@pytest.mark.parametrize("key", sorted(table.CALL_PAGE | table.API_CALL))
def test_a_call_opens_for_its_owner_alone(key, message, owner, stranger, clerk, boss):
    url = reverse(key, kwargs={"call_id": message.call_id})
    assert answer(browser().get(url)) == (401 if key in table.API_CALL else LOG_IN)
    assert answer(browser(owner).get(url)) == 200
    for user in (stranger, clerk, boss):
        assert answer(browser(user).get(url)) == 404


@pytest.mark.parametrize("key", sorted(table.MESSAGE_FORM))
def test_a_message_is_changed_by_its_owner_alone(key, message, owner, stranger, boss):
    url = reverse(key, kwargs={"message_id": message.id})
    before = rows_of(owner)
    assert answer(browser(owner).post(url)) == 403
    assert answer(with_token(None).post(url)) == LOG_IN
    for user in (stranger, boss):
        assert answer(with_token(user).post(url)) == 404
    assert rows_of(owner) == before


def row_url(key: str, owner: User) -> str:
    """The address of something of the owner's that has to do with calling people."""
    if key == "do_not_call_remove":
        entry = DoNotCall.objects.create(owner=owner, phone_number="+15105550199")
        return reverse(key, kwargs={"entry_id": entry.pk})
    campaign = Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")
    return reverse(key, kwargs={"campaign_id": campaign.id})


@pytest.mark.parametrize("key", sorted(table.CALLING_PAGE))
def test_a_campaign_opens_for_its_owner_alone(key, owner, stranger, clerk, boss):
    url = row_url(key, owner)
    assert answer(browser().get(url)) == LOG_IN
    assert answer(browser(owner).get(url)) == 200
    for user in (stranger, clerk, boss):
        assert answer(browser(user).get(url)) == 404


@pytest.mark.parametrize("key", sorted(table.API_CAMPAIGN))
def test_a_campaign_is_its_owners_alone_for_scripts_too(key, owner, stranger, boss):
    url = row_url(key, owner)
    before = rows_of(owner)
    assert answer(browser().get(url)) == 401
    assert answer(browser(owner).get(url)) == 200
    assert answer(browser(owner).delete(url)) == 403
    for user in (stranger, boss):
        api, body = with_token(user), {"name": "Mallory"}
        assert answer(api.get(url)) == 404
        assert answer(api.patch(url, body, content_type="application/json")) == 404
        assert answer(api.delete(url)) == 204
    assert rows_of(owner) == before


@pytest.mark.parametrize("key", sorted(table.CALLING_FORM | table.CALLING_PAGE))
def test_calling_is_arranged_by_its_owner_alone(key, owner, stranger, boss):
    url = row_url(key, owner)
    before = rows_of(owner)
    assert answer(browser(owner).post(url)) == 403
    assert answer(with_token(None).post(url)) == LOG_IN
    for user in (stranger, boss):
        form = {"name": "Mallory", "purpose": "Mallory.", "consent_note": "Mallory."}
        assert answer(with_token(user).post(url, form)) == 404
    assert rows_of(owner) == before


@pytest.mark.parametrize("key", sorted(table.CALL_FORM))
def test_a_call_is_steered_by_its_owner_alone(key, message, owner, stranger, boss):
    Call.objects.filter(pk=message.call_id).update(status="in-progress")
    url = reverse(key, kwargs={"call_id": message.call_id})
    assert answer(browser(owner).post(url)) == 403
    assert answer(with_token(None).post(url)) == LOG_IN
    for user in (stranger, boss):
        assert answer(with_token(user).post(url)) == 404
    assert not SimulatedOrder.objects.exists()
    assert answer(with_token(owner).post(url)) == f"/aloha/calls/{message.call_id}"
    assert SimulatedOrder.objects.get().call_sid == message.call.call_sid


@pytest.mark.parametrize("key", sorted(table.API_READ))
def test_the_api_is_read_by_whoever_is_logged_in_about_herself(key, message, owner, stranger):
    assert look(None, key) == 401
    assert look(owner, key) == table.API_READ_WITH_A_NUMBER.get(key, 200)
    page = browser(stranger).get(url_of(key))
    assert answer(page) == 200
    assert message.call.to_number.encode() not in page.content


@pytest.mark.parametrize("key", sorted(table.API_CHANGE))
def test_the_api_changes_nothing_without_log_in_and_token(key, message, owner):
    before = rows_of(owner)
    for user, status in ((None, 401), (owner, 403)):
        assert answer(send(browser(user), key, {})) == status
    assert rows_of(owner) == before


@pytest.mark.parametrize("key", sorted(table.API_CHANGE))
def test_the_api_lets_a_stranger_change_only_her_own(key, message, owner, stranger):
    number = message.call.number
    body, status, own = {
        "api_purchase_number": ({"phoneNumber": number.phone_number, "country": "US"}, 409, False),
        "api_release_number": ({}, 200, True),
        "api_voicemail_settings": ({"voicemailEnabled": True}, 200, True),
        "api_agent_profile": ({"agentName": "Mallory"}, 200, True),
        "api_place_call": ({"phoneNumber": number.phone_number}, 422, False),
        "api_message_settings": ({"wanted": "none"}, 200, True),
    }[key]
    make_number(stranger, phone_number="+14155550199")
    before, strangers = rows_of(owner), rows_of(stranger)
    assert answer(send(with_token(stranger), key, body)) == status
    assert rows_of(owner) == before
    assert (rows_of(stranger) != strangers) == own


@pytest.mark.parametrize("key", sorted(table.API_MESSAGE))
def test_a_message_is_in_its_owners_api_alone(key, message, owner, stranger, boss):
    url = reverse(key, kwargs={"message_id": message.id})
    before = rows_of(owner)
    for user, status in ((None, 401), (stranger, 404), (boss, 404)):
        client = with_token(user)
        change = client.patch(url, {"isRead": True}, content_type="application/json")
        assert {answer(client.get(url)), answer(change)} == {status}
        assert answer(client.delete(url)) == (204 if user else 401)
    assert answer(browser(owner).delete(url)) == 403
    assert rows_of(owner) == before
    assert answer(browser(owner).get(url)) == 200


def send(client: Client, key: str, body: dict[str, object]):
    method = client.patch if key.endswith(("_settings", "_profile")) else client.post
    return method(url_of(key), body, content_type="application/json")


@pytest.mark.parametrize("route", sorted(table.SLASH))
def test_a_slash_too_many_leads_to_the_page(route, db):
    assert answer(browser().get(f"/{route}")) == f"/{route.rstrip('/')}"


@pytest.mark.parametrize("key", sorted(table.CARRIER))
def test_the_carriers_addresses_open_for_its_signature_alone(key, message, owner, boss):
    form = incoming_form(message.call.to_number) | FORMS_OF_THE_CARRIER.get(key, {})
    for user in (None, owner, boss):
        assert look(user, key) == 405
        assert answer(browser(user).post(url_of(key), form)) == 415
        unsigned = browser(user).post(url_of(key), urlencode(form), content_type=FORM)
        assert answer(unsigned) == 403
    assert answer(post(url_of(key), form, signature="")) == 403
    assert answer(post(url_of(key), form)) == table.CARRIER_ANSWERS.get(key, 200)


@pytest.mark.parametrize("key", sorted(key for key in table.STAFF if key.startswith("admin:")))
def test_the_admin_opens_for_staff_alone(key, owner, clerk, boss):
    assert look(None, key) == table.STAFF_WHEN_LOGGED_OUT.get(key, ADMIN_LOG_IN)
    assert look(owner, key) == table.STAFF_FOR_OWNERS.get(key, ADMIN_LOG_IN)
    assert look(clerk, key) == table.STAFF_WITHOUT_PERMISSION.get(key, 200)
    assert look(boss, key) == table.STAFF_WITH_ALL_RIGHTS.get(key, 200)


def test_what_the_admin_does_not_have_is_told_to_staff_alone(owner, clerk):
    for user, expected in ((None, ADMIN_LOG_IN), (owner, ADMIN_LOG_IN), (clerk, 404)):
        assert answer(browser(user).get("/admin/nothing/")) == expected


@pytest.mark.parametrize("model", sorted(table.STAFF_MODELS))
@pytest.mark.parametrize("action", ["changelist", "add"])
def test_the_admins_lists_open_for_permitted_staff_alone(action, model, owner, clerk, boss):
    key = f"admin:{model}_{action}"
    assert (look(None, key), look(owner, key)) == (ADMIN_LOG_IN, ADMIN_LOG_IN)
    assert look(clerk, key) == 403
    is_refused = action == "add" and model not in table.STAFF_MAY_ADD
    assert look(boss, key) == (403 if is_refused else 200)


@pytest.mark.parametrize("model", sorted(table.STAFF_MODELS))
@pytest.mark.parametrize("action", ["change", "history", "delete"])
def test_the_admins_records_open_for_permitted_staff_alone(
    action, model, message, owner, clerk, boss
):
    url = reverse(f"admin:{model}_{action}", args=[record_of(model, owner, message)])
    for user in (None, owner):
        assert answer(browser(user).get(url)) == ADMIN_LOG_IN
    assert answer(browser(clerk).get(url)) == 403
    is_refused = action == "delete" and model not in table.STAFF_MAY_DELETE
    assert answer(browser(boss).get(url)) == (403 if is_refused else 200)


@pytest.mark.parametrize("model", sorted(table.STAFF_MODELS))
def test_a_records_short_address_leads_staff_to_it(model, message, owner, clerk):
    change = reverse(f"admin:{model}_change", args=[record_of(model, owner, message)])
    short = change.removesuffix("change/")
    for user, expected in ((None, ADMIN_LOG_IN), (owner, ADMIN_LOG_IN), (clerk, change)):
        assert answer(browser(user).get(short)) == expected


@pytest.mark.parametrize(
    ("model", "act"), [(model, act) for model, acts in table.STAFF_ACTS.items() for act in acts]
)
def test_acts_of_staff_open_for_permitted_staff_alone(model, act, message, owner, clerk, boss):
    url = reverse(f"admin:{model}_{act}", args=[record_of(model, owner, message)])
    for user, expected in ((None, ADMIN_LOG_IN), (owner, ADMIN_LOG_IN), (clerk, 403), (boss, 200)):
        assert answer(browser(user).get(url)) == expected


@pytest.mark.parametrize("key", sorted(table.STAFF_CONTENT))
def test_what_was_said_opens_for_nobody_but_who_gave_a_reason(key, message, owner, clerk, boss):
    url = reverse(key, args=[message.call_id, look_at(message).pk])
    for user, expected in ((None, ADMIN_LOG_IN), (owner, ADMIN_LOG_IN), (clerk, 403), (boss, 404)):
        assert answer(browser(user).get(url)) == expected


def look_at(message: Message) -> AuditEvent:
    """A look by somebody else."""
    colleague = make_user("colleague@example.com", is_staff=True)
    who = Who(user=colleague, reason="ticket 7", request_id=uuid.uuid4())
    return note_look(message.call, who, HEARD_AUDIO)


def record_of(model: str, owner: User, message: Message) -> object:
    """The key of a row of this model; made when there is none."""
    made: dict[str, Callable[[], object]] = {
        "accounts_auditevent": lambda: look_at(message).pk,
        "accounts_user": lambda: owner.pk,
        "agent_agentprofile": lambda: profile_of(owner).pk,
        "auth_group": lambda: Group.objects.create(name="Night shift").pk,
        "telephony_call": lambda: message.call_id,
        "telephony_campaign": lambda: Campaign.objects.create(owner=owner, name="Reminders").pk,
        "telephony_donotcall": lambda: (
            DoNotCall.objects.create(owner=owner, phone_number="+14155550199").pk
        ),
        "telephony_switch": lambda: Switch.objects.create(kind=Switch.Kind.OUTBOUND, reason="x").pk,
        "telephony_syncrun": lambda: SyncRun.objects.create().pk,
        "telephony_userphonenumber": lambda: message.call.number_id,
        "voicemail_forwardingcheck": lambda: make_check(message.call.number).pk,
        "voicemail_message": lambda: message.pk,
    }
    return made[model]()


async def test_the_stream_socket_opens_for_a_signature_with_a_token(aloha_url, message, owner):
    token = secrets.token_urlsafe(32)
    call = message.call
    call.status, call.stream_token, call.stream_state = "ringing", token, StreamState.ISSUED
    call.stream_token_expires_at = timezone.now() + timedelta(seconds=60)
    await call.asave()
    url = public_socket_url(f"/api/twilio/voice/stream/{token}")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await MediaLine(url, signature="").__aenter__()
    async with MediaLine(url) as line:
        assert not line.socket.closed
