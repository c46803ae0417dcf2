"""W1: valid signed requests, changed in every way we know: none is accepted, none breaks anything.

Every address with the carrier's marker is tried. No database is unlocked while they are: a refused
request that reached for it would fail the test.
"""

import random

import aiohttp
import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from telephony.carrier_guard import MAX_BODY_BYTES
from tests.factories import make_number
from tests.telephony.carrier import FORM
from tests.telephony.changed_requests import (
    ACCOUNT,
    BASE,
    BROKEN,
    PROBE,
    READ_FIELDS,
    SIGNED,
    TOKEN,
    Sent,
    signed,
    valid,
)

REFUSALS = {400, 403, 404, 405, 413, 415}

pytestmark = pytest.mark.W1


def carrier_paths() -> list[str]:
    """Every address of the carrier's, found by the marker of its one decorator."""
    found: list[str] = []
    waiting: list[tuple[str, URLPattern | URLResolver]] = [
        ("/", pattern) for pattern in get_resolver().url_patterns
    ]
    while waiting:
        route, pattern = waiting.pop()
        route += str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            waiting += [(route, inner) for inner in pattern.url_patterns]
        elif getattr(pattern.callback, "is_carrier_webhook", False):
            found.append(route.replace("<uuid:call_id>", PROBE))
    return sorted(found)


@pytest.fixture(params=["simulated", "real"])
def credentials(request, settings):
    """Both kinds of installation: the local key in development, and an account's token."""
    settings.DEBUG = request.param == "simulated"
    if request.param == "real":
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        settings.CARRIER_SIGNING_KEYS = [TOKEN, "second" + TOKEN]
    return request.param


def survivors(count: int, *, seed: int) -> list[tuple[str, int, Sent]]:
    """Send so many changed requests; what was not refused, with the change and the answer."""
    rng = random.Random(seed)
    requests = [valid(path) for path in carrier_paths()]
    kinds = BROKEN + SIGNED
    found = []
    for number in range(count):
        mutate, original = kinds[number % len(kinds)], rng.choice(requests)
        changed = mutate(rng, original)
        while changed.means_the_same_as(original) and mutate not in SIGNED:
            changed = mutate(rng, original)
        status = changed.send()
        if status not in REFUSALS:
            found.append((mutate.__name__, status, changed))
    return found


def test_every_webhook_of_the_carrier_is_tried():
    assert carrier_paths() == sorted(READ_FIELDS)


@pytest.mark.parametrize("path", sorted(READ_FIELDS))
def test_unchanged_they_are_accepted(credentials, owner, path):
    to = make_number(owner).phone_number
    assert valid(path, to).send() in {200, 204}


@pytest.mark.parametrize("count", [200, pytest.param(1_000, marks=pytest.mark.check)])
def test_changed_requests_are_all_refused(credentials, count):
    assert survivors(count, seed=1) == []


@pytest.mark.soak
def test_a_hundred_thousand_changed_requests_are_all_refused(credentials, record_property):
    accepted = survivors(50_000, seed=2)
    record_property(
        "figures",
        f"{connection.vendor}: 50,000 changed requests with {credentials} credentials,"
        f" {len(accepted)} not refused.",
    )
    assert accepted == []


def test_another_account_is_refused_although_the_token_fits(settings, credentials):
    settings.TWILIO_ACCOUNT_SID = "AC" + "6e" * 16
    assert {valid(path).send() for path in carrier_paths()} == {403}


def test_without_any_key_nothing_is_accepted(settings):
    requests = [valid(path) for path in carrier_paths()]
    for keys in ([], [""]):
        settings.CARRIER_SIGNING_KEYS = keys
        assert {request.send() for request in requests} == {403}


async def test_a_large_body_in_chunks_is_refused_although_it_tells_no_length(aloha_url):
    path = f"{BASE}fallback"
    request = signed(path, valid(path).fields | {"Padding": "x" * MAX_BODY_BYTES})
    headers = {"Content-Type": FORM, "X-Twilio-Signature": request.signature}

    async def pieces():
        for start in range(0, len(request.body), 16_384):
            yield request.body[start : start + 16_384]

    async with (
        aiohttp.ClientSession() as session,
        session.post(aloha_url + path, data=pieces(), headers=headers) as answer,
    ):
        assert answer.status == 413
