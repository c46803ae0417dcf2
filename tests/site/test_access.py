"""S1: one walk over every address and socket, as everybody, against one declared table."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode, urljoin

import aiohttp
import pytest
from allauth.account.models import EmailAddress
from asgiref.sync import sync_to_async
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.models import User
from agent.profiles import profile_of
from aloha_site import ws_urls as browser_sockets
from telephony import ws_urls
from telephony.models import Call, SimulatedOrder, StreamState
from telephony.recording import store_recording
from telephony.signatures import public_socket_url, public_url, sign
from tests.factories import make_call, make_number, make_user
from tests.peers.browser_phone import session_of
from tests.site import access_answers as answers
from tests.site import access_table as table
from tests.site.access_walk import (
    answer,
    browser,
    form_about,
    routes,
    undone,
    urls_about,
    with_token,
)
from tests.telephony.carrier import FORM, incoming_form, post
from voicemail.models import Message, Stage

FORMS_OF_THE_CARRIER = {
    "voice_status": {"CallStatus": "completed"},
    "probe_status": {"CallStatus": "completed"},
    "voice_stream_status": {"StreamEvent": "stream-started", "StreamSid": "MZ1"},
}
SUMMARY = b"Boiler leaks."

pytestmark = pytest.mark.S1


def test_every_address_is_declared_and_every_declared_one_exists():
    assert {key for key, _ in routes()} == set().union(*table.KINDS.values())


def test_every_socket_is_declared_and_every_declared_one_exists():
    sockets = [*ws_urls.urlpatterns, *browser_sockets.urlpatterns]
    assert {str(pattern.pattern) for pattern in sockets} == table.SOCKETS


def test_every_kind_and_every_socket_has_an_answer_for_each_actor():
    assert answers.OPENS.keys() == answers.TAKES.keys() == table.KINDS.keys()
    assert answers.HANDSHAKES.keys() == table.SOCKETS
    everything = [answers.OPENS, answers.OPENS_ITSELF, answers.TAKES, answers.TAKES_ITSELF]
    lengths = {len(row) for each in [*everything, answers.HANDSHAKES] for row in each.values()}
    assert lengths == {len(answers.ACTORS)}


def test_the_carriers_addresses_are_just_those_behind_its_guard():
    guarded = {key for key, _ in routes() if ":" not in key and is_guarded(key)}
    assert guarded == table.CARRIER


def is_guarded(key: str) -> bool:
    for pattern in flat(get_resolver().url_patterns):
        if pattern.name == key:
            return getattr(pattern.callback, "is_carrier_webhook", False)
    return False


def flat(patterns: list[URLPattern | URLResolver]):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from flat(pattern.url_patterns)
        else:
            yield pattern


@pytest.fixture
def message(owner) -> Message:
    call = make_call(make_number(owner), status="completed", ended_at=timezone.now())
    store_recording(call=call, caller=b"\xff" * 800, agent=b"\xff" * 800)
    return Message.objects.create(call=call, stage=Stage.SUMMARISED, summary=SUMMARY.decode())


@pytest.fixture
def clerk(db) -> User:
    """Staff without a single permission."""
    return make_user("clerk@example.com", is_staff=True)


@pytest.fixture
def boss(db) -> User:
    return make_user("boss@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def others(stranger, clerk, boss) -> list[User]:
    """Everybody to whom the owner's things are somebody else's."""
    return [stranger, clerk, boss]


@pytest.fixture
def actors(owner, others) -> dict[str, User | None]:
    return dict(zip(answers.ACTORS, [None, owner, *others, None], strict=True))


def expected(urls: dict[str, str], kind: str, general, own) -> dict[str, dict[str, object]]:
    """By key and actor."""
    return {
        key: {
            actor: urljoin(urls[key], each) if isinstance(each, str) else each
            for actor, each in zip(answers.ACTORS, own.get(key, general[kind]), strict=True)
        }
        for key in table.KINDS[kind]
    }


def signature_of(actor: str, url: str, form: dict[str, str]) -> dict[str, str]:
    """The header of the carrier, which nobody else can make."""
    return {"X-Twilio-Signature": sign(public_url(url), form)} if actor == "carrier" else {}


@pytest.mark.parametrize("kind", table.KINDS)
def test_each_address_opens_for_whom_the_table_says(kind, message, actors):
    urls, found = urls_about(message), {key: {} for key in sorted(table.KINDS[kind])}
    for key in found:
        for actor, user in actors.items():
            with undone():
                signature = signature_of(actor, urls[key], {})
                page = browser(user).get(urls[key], headers=signature)
            found[key][actor] = answer(page)
            is_for_her = actor == "owner" or (actor == "boss" and kind.startswith("STAFF"))
            if not (page.streaming or is_for_her):
                assert SUMMARY not in page.content
                assert message.call.to_number.encode() not in page.content
    assert found == expected(urls, kind, answers.OPENS, answers.OPENS_ITSELF)


@pytest.mark.parametrize("kind", table.KINDS)
def test_without_a_token_nothing_is_taken_but_what_the_carrier_signed(kind, message, actors):
    urls, found = urls_about(message), {key: {} for key in sorted(table.KINDS[kind])}
    for key in found:
        form = incoming_form(message.call.to_number) | FORMS_OF_THE_CARRIER.get(key, {})
        for actor, user in actors.items():
            signature = signature_of(actor, urls[key], form)
            with undone():
                page = browser(user).post(
                    urls[key], urlencode(form), content_type=FORM, headers=signature
                )
            found[key][actor] = answer(page)
    assert found == expected(urls, kind, answers.TAKES, answers.TAKES_ITSELF)


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


@pytest.mark.parametrize("key", sorted(table.OWN_FORM | table.OWN_PAGE))
def test_no_form_of_others_changes_anything_of_the_owners(key, message, owner, others):
    url, form = urls_about(message)[key], form_about(message)
    for user, area_code in zip(others, ("415", "212", "646"), strict=True):
        make_number(user, phone_number=f"+1{area_code}5550199")
    for user in (owner, *others):
        profile_of(user)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    before = rows_of(owner)
    page = with_token(None).post(url, form)
    assert answer(page) == ("/" if key == "account_logout" else answers.LOG_IN)
    for user in others:
        own = rows_of(user)
        assert with_token(user).post(url, form).status_code < 500
        assert (rows_of(user) != own) == (key in table.CHANGES_OWN)
    assert rows_of(owner) == before


@pytest.mark.parametrize(
    "key", sorted(table.MESSAGE_FORM | table.CALLING_FORM | table.CALLING_PAGE)
)
def test_what_is_the_owners_is_changed_by_her_alone(key, message, owner, others):
    url, before = urls_about(message)[key], rows_of(owner)
    form = {"name": "Mallory", "purpose": "Mallory.", "consent_note": "Mallory."}
    assert answer(with_token(None).post(url, form)) == answers.LOG_IN
    for user in others:
        assert answer(with_token(user).post(url, form)) == 404
    assert rows_of(owner) == before
    if key != "message_undo":  # she has nothing to take back
        assert answer(with_token(owner).post(url, form)) not in {403, 404, answers.LOG_IN}


@pytest.mark.parametrize("key", sorted(table.CALL_FORM))
def test_a_call_is_steered_by_its_owner_alone(key, message, owner, others):
    Call.objects.filter(pk=message.call_id).update(status="in-progress")
    url = urls_about(message)[key]
    assert answer(with_token(None).post(url)) == answers.LOG_IN
    for user in others:
        assert answer(with_token(user).post(url)) == 404
    assert not SimulatedOrder.objects.exists()
    assert answer(with_token(owner).post(url)) == f"/aloha/calls/{message.call_id}"
    assert SimulatedOrder.objects.get().call_sid == message.call.call_sid


@pytest.mark.parametrize("key", sorted(table.API_CAMPAIGN | table.API_MESSAGE))
def test_scripts_change_only_what_is_their_owners(key, message, owner, others):
    url, before = urls_about(message)[key], rows_of(owner)
    body = {"name": "Mallory"} if key in table.API_CAMPAIGN else {"isRead": True}
    for user, status, deleted in ((None, 401, 401), *((user, 404, 204) for user in others)):
        api = with_token(user)
        assert answer(api.get(url)) == status
        assert answer(api.patch(url, body, content_type="application/json")) == status
        assert answer(api.delete(url)) == deleted
    assert answer(browser(owner).patch(url, body, content_type="application/json")) == 403
    assert answer(browser(owner).delete(url)) == 403
    assert rows_of(owner) == before


@pytest.mark.parametrize("key", sorted(table.API_READ | table.API_CALL))
def test_what_scripts_only_read_they_cannot_change(key, message, owner, others):
    url, before = urls_about(message)[key], rows_of(owner)
    for user in (owner, *others):
        assert answer(with_token(user).delete(url)) == 405
    assert answer(with_token(None).delete(url)) == 401
    assert rows_of(owner) == before


@pytest.mark.parametrize("key", sorted(table.API_CHANGE))
def test_scripts_of_others_change_only_their_own(key, message, owner, others):
    number = message.call.number
    body, status, own = {
        "api_purchase_number": ({"phoneNumber": number.phone_number, "country": "US"}, 409, False),
        "api_release_number": ({}, 200, True),
        "api_voicemail_settings": ({"voicemailEnabled": True}, 200, True),
        "api_agent_profile": ({"agentName": "Mallory"}, 200, True),
        "api_place_call": ({"phoneNumber": number.phone_number}, 422, False),
        "api_message_settings": ({"wanted": "none"}, 200, True),
    }[key]
    url, before = urls_about(message)[key], rows_of(owner)
    for user, refusal in ((None, 401), (owner, 403)):
        assert answer(send(browser(user), key, url, {})) == refusal
    for user in others:
        make_number(user)
        others_own = rows_of(user)
        assert answer(send(with_token(user), key, url, body)) == status
        assert (rows_of(user) != others_own) == own
    assert rows_of(owner) == before


def send(client: Client, key: str, url: str, body: dict[str, object]):
    method = client.patch if key.endswith(("_settings", "_profile")) else client.post
    return method(url, body, content_type="application/json")


@pytest.mark.parametrize("key", sorted(table.CARRIER))
def test_the_carriers_addresses_read_nothing_but_its_forms(key, message, actors):
    url, form = urls_about(message)[key], incoming_form(message.call.to_number)
    for user in actors.values():
        assert answer(browser(user).post(url, form)) == 415
    assert answer(post(url, form, signature="")) == 403


def test_nobody_but_permitted_staff_acts_in_the_admin(message, actors):
    urls, found = urls_about(message), {}
    refused = dict.fromkeys(("nobody", "owner", "stranger"), answers.ADMIN_LOG_IN) | {"clerk": 403}
    kinds = [kind for kind in table.KINDS if kind.startswith("STAFF_") and kind != "STAFF_SHORT"]
    keys = {"admin:classic", "admin:agent_again"}.union(*(table.KINDS[kind] for kind in kinds))
    for actor in refused:
        client = with_token(actors[actor])
        for key in sorted(keys):
            page = client.post(urls[key], {"reason": "because I can", "hours": 1, "post": "yes"})
            found.setdefault(key, {})[actor] = answer(page)
    assert found == dict.fromkeys(keys, refused)


@pytest.fixture
def stream_token(message) -> str:
    """Opens the media socket once."""
    token = secrets.token_urlsafe(32)
    call = message.call
    call.status, call.stream_token, call.stream_state = "ringing", token, StreamState.ISSUED
    call.stream_token_expires_at = timezone.now() + timedelta(seconds=60)
    call.save()
    return token


async def handshake(url: str, path: str, user: User | None, *, is_signed: bool) -> int:
    """What the socket answers to its page and, signed, to the carrier; 101 when it opens."""
    socket_url = public_socket_url(path)
    headers = {"Origin": url}
    if user:
        headers["Cookie"] = f"sessionid={await sync_to_async(session_of)(user)}"
    if is_signed:
        headers["X-Twilio-Signature"] = sign(socket_url, {})
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(socket_url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status


async def test_each_socket_opens_for_whom_the_table_says(aloha_url, stream_token, actors):
    found = {
        route: tuple(
            [
                await handshake(
                    aloha_url,
                    "/" + route.replace("<str:token>", stream_token),
                    user,
                    is_signed=actor == "carrier",
                )
                for actor, user in actors.items()
            ]
        )
        for route in table.SOCKETS
    }
    assert found == answers.HANDSHAKES
