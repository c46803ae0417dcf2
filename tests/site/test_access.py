"""S1: one walk over every address and socket, as everybody, against one declared table."""

import secrets
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from telephony import ws_urls
from telephony.models import StreamState
from telephony.recording import store_recording
from telephony.signatures import public_socket_url
from tests.factories import make_call, make_number, make_user
from tests.peers.media_line import MediaLine
from tests.site import access_table as table
from tests.telephony.carrier import incoming_form, post
from voicemail.models import Message, Stage

MODEL_PAGES = ("changelist", "add", "history", "delete", "change")
PARAMETERS = {
    "account_confirm_email": {"key": "abc"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "abc-def"},
    "admin:app_list": {"app_label": "auth"},
    "admin:view_on_site": {"content_type_id": 1, "object_id": 1},
}
FORMS_OF_THE_CARRIER = {
    "voice_status": {"CallStatus": "completed"},
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
        table.SLASH,
        table.CARRIER,
        table.API_READ,
        table.API_CHANGE,
        table.STAFF,
    )


def test_every_address_is_declared_and_every_declared_one_exists():
    assert {key for key, _ in addresses(get_resolver().url_patterns)} == declared()


def test_every_socket_is_declared_and_every_declared_one_exists():
    routes = {str(pattern.pattern) for pattern in ws_urls.urlpatterns}
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


def leads_to_login(response) -> bool:
    return response.status_code == 302 and "/login/" in response["Location"]


def url_of(key: str) -> str:
    return reverse(key, kwargs=PARAMETERS.get(key))


@pytest.mark.parametrize("key", sorted(table.PUBLIC))
def test_public_pages_open_for_everybody(key, owner, clerk):
    for user in (None, owner, clerk):
        assert browser(user).get(url_of(key)).status_code in {200, 302}


@pytest.mark.parametrize("key", sorted(table.OWN_PAGE))
def test_own_pages_need_a_log_in(key, message, owner, stranger, clerk):
    # Signing out while nobody is signed in just leads home.
    assert browser().get(url_of(key)).status_code == 302
    if key != "account_logout":
        assert leads_to_login(browser().get(url_of(key)))
    for user in (owner, stranger, clerk):
        page = browser(user).get(url_of(key))
        assert page.status_code in {200, 302, 404}
        if user != owner:
            assert b"Boiler leaks." not in page.content
            assert message.call.to_number.encode() not in page.content


@pytest.mark.parametrize("key", sorted(table.OWN_FORM))
def test_own_forms_need_a_log_in_and_a_token(key, owner, stranger):
    assert leads_to_login(browser().get(url_of(key)))
    for user in (owner, stranger):
        assert browser(user).post(url_of(key)).status_code == 403


@pytest.mark.parametrize("key", sorted(table.MESSAGE_PAGE))
def test_a_message_opens_for_its_owner_alone(key, message, owner, stranger, clerk, boss):
    url = reverse(key, kwargs={"message_id": message.id})
    assert leads_to_login(browser().get(url))
    assert browser(owner).get(url).status_code == 200
    for user in (stranger, clerk, boss):
        assert browser(user).get(url).status_code == 404


@pytest.mark.parametrize("key", sorted(table.MESSAGE_FORM))
def test_a_message_is_changed_by_its_owner_alone(key, message, owner, stranger, boss):
    url = reverse(key, kwargs={"message_id": message.id})
    assert browser(owner).post(url).status_code == 403
    assert leads_to_login(Client().post(url))
    for user in (stranger, boss):
        without_csrf = Client()
        without_csrf.force_login(user)
        assert without_csrf.post(url).status_code == 404


@pytest.mark.parametrize("key", sorted(table.API_READ))
def test_the_api_is_read_by_whoever_is_logged_in_about_herself(key, message, owner, stranger):
    assert browser().get(url_of(key)).status_code == 401
    assert browser(owner).get(url_of(key)).status_code in {200, 409}
    page = browser(stranger).get(url_of(key))
    assert page.status_code == 200
    assert message.call.to_number.encode() not in page.content


@pytest.mark.parametrize("key", sorted(table.API_CHANGE))
def test_the_api_changes_nothing_without_log_in_and_token(key, message, owner):
    method = "patch" if key == "api_voicemail_settings" else "post"
    for user, status in ((None, 401), (owner, 403)):
        send = getattr(browser(user), method)
        assert send(url_of(key), {}, content_type="application/json").status_code == status
    message.call.number.refresh_from_db()
    assert message.call.number.status == "active"


@pytest.mark.parametrize("route", sorted(table.SLASH))
def test_a_slash_too_many_leads_to_the_page(route, db):
    response = browser().get(f"/{route}")
    assert (response.status_code, response["Location"]) == (302, f"/{route.rstrip('/')}")


@pytest.mark.parametrize("key", sorted(table.CARRIER))
def test_the_carriers_addresses_open_for_its_signature_alone(key, message, owner, boss):
    form = incoming_form(message.call.to_number) | FORMS_OF_THE_CARRIER.get(key, {})
    for user in (None, owner, boss):
        assert browser(user).get(url_of(key)).status_code == 405
        assert browser(user).post(url_of(key), form).status_code in {403, 415}
    assert post(url_of(key), form, signature="").status_code == 403
    assert post(url_of(key), form).status_code in {200, 204}


@pytest.mark.parametrize(
    "key",
    sorted(
        {key for key in table.STAFF if key.startswith("admin:")}
        | {f"admin:{model}_changelist" for model in table.STAFF_MODELS}
        | {f"admin:{model}_add" for model in table.STAFF_MODELS}
    ),
)
def test_the_admin_opens_for_staff_alone(key, owner, clerk, boss):
    url = url_of(key)
    for user in (None, owner) if key != "admin:logout" else ():
        response = browser(user).get(url)
        assert response.status_code in {302, 403, 405}
        assert response.status_code != 302 or "/login/" in response["Location"]
    if any(f"admin:{model}_" in key for model in table.STAFF_MODELS):
        assert browser(clerk).get(url).status_code == 403
    assert browser(boss).get(url).status_code in {200, 302, 403, 404, 405}


@pytest.mark.parametrize("action", ["history", "delete", "change"])
@pytest.mark.parametrize("model", sorted(table.STAFF_MODELS))
def test_the_admins_records_open_for_staff_alone(action, model, owner, clerk):
    url = reverse(f"admin:{model}_{action}", args=["00000000-0000-0000-0000-000000000000"])
    for user in (None, owner):
        assert leads_to_login(browser(user).get(url))
    refused = browser(clerk).get(url)
    # The admin tells staff of a record that is not there before it looks at permissions.
    assert refused.status_code == 403 or refused["Location"] == "/admin/"


async def test_the_stream_socket_opens_for_a_signature_with_a_token(aloha_url, message, owner):
    token = secrets.token_urlsafe(32)
    call = message.call
    call.stream_token, call.stream_state = token, StreamState.ISSUED
    call.stream_token_expires_at = timezone.now() + timedelta(seconds=60)
    await call.asave()
    url = public_socket_url(f"/api/twilio/voice/stream/{token}")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await MediaLine(url, signature="").__aenter__()
    async with MediaLine(url) as line:
        assert not line.socket.closed
