"""Every refusal that Twilio documents, over the wire: what it becomes, and who hears of it."""

import logging
from collections.abc import Iterator

import pytest

from telephony.backends.base import TelephonyBackend, get_backend
from telephony.backends.twilio_errors import REFUSALS, NotFound
from telephony.errors import (
    AccountSuspended,
    AreaWithoutNumbers,
    CallOver,
    CountryNotAllowed,
    CredentialsRefused,
    DocumentsNeeded,
    NotCallable,
    NumberTaken,
    ProviderBusy,
    ProviderRefused,
    ProviderUnclear,
    TelephonyError,
    TrialLimit,
)
from tests.peers.twilio_rest import Refused, TwilioAccount, twilio_peer

# Twilio's code, the HTTP status it comes with, our error, its code.
TABLE = [
    (10001, 401, AccountSuspended, "provider_suspended"),
    (10002, 403, TrialLimit, "provider_trial_limit"),
    (10004, 429, ProviderBusy, "provider_busy"),
    (20003, 401, CredentialsRefused, "provider_credentials"),
    (20005, 403, AccountSuspended, "provider_suspended"),
    (20008, 403, CredentialsRefused, "provider_credentials"),
    (20404, 404, NotFound, "provider_refused"),
    (20429, 429, ProviderBusy, "provider_busy"),
    (21201, 400, ProviderRefused, "provider_refused"),
    (21202, 400, ProviderRefused, "provider_refused"),
    (21203, 400, ProviderRefused, "provider_refused"),
    (21204, 400, ProviderRefused, "provider_refused"),
    (21205, 400, ProviderRefused, "provider_refused"),
    (21210, 400, ProviderRefused, "provider_refused"),
    (21211, 400, NotCallable, "not_callable"),
    (21212, 400, ProviderRefused, "provider_refused"),
    (21213, 400, ProviderRefused, "provider_refused"),
    (21214, 400, NotCallable, "not_callable"),
    (21215, 403, CountryNotAllowed, "country_not_allowed"),
    (21216, 400, NotCallable, "not_callable"),
    (21217, 400, NotCallable, "not_callable"),
    (21219, 400, TrialLimit, "provider_trial_limit"),
    (21220, 400, CallOver, "call_over"),
    (21404, 400, TrialLimit, "provider_trial_limit"),
    (21421, 400, ProviderRefused, "provider_refused"),
    (21422, 400, NumberTaken, "number_taken"),
    (21451, 400, AreaWithoutNumbers, "none_available"),
    (21452, 400, AreaWithoutNumbers, "none_available"),
    (21613, 400, DocumentsNeeded, "documents_needed"),
    (21615, 400, DocumentsNeeded, "documents_needed"),
    (21631, 400, DocumentsNeeded, "documents_needed"),
    (21649, 400, DocumentsNeeded, "documents_needed"),
    (21650, 400, DocumentsNeeded, "documents_needed"),
    (21651, 400, DocumentsNeeded, "documents_needed"),
]


@pytest.fixture
def account() -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        yield account


@pytest.fixture
def backend(account, settings) -> TelephonyBackend:
    settings.TELEPHONY = account.backend()
    return get_backend()


def refusal(backend, account, answer: Refused) -> TelephonyError:
    account.faults["POST"] = answer
    with pytest.raises(TelephonyError) as caught:
        backend.place_call(
            to="+15105550147",
            from_="+15005550006",
            url="https://aloha.example.com/outgoing",
            status_url="https://aloha.example.com/status",
            ring_seconds=25,
        )
    return caught.value


@pytest.mark.parametrize(("code", "status", "kind", "name"), TABLE, ids=lambda value: str(value))
def test_a_documented_refusal_becomes_its_error(backend, account, code, status, kind, name):
    error = refusal(backend, account, Refused(status, code))
    assert (type(error), error.code) == (kind, name)
    assert error.retryable == (kind is ProviderBusy)
    assert error.provider_answer == {"status": status, "code": code}


def test_every_code_of_the_table_is_tried():
    assert {code for code, *_ in TABLE} == REFUSALS.keys()


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_told_in_plain_sentences(code):
    kind, sentence = REFUSALS[code]
    text = str(kind(sentence))
    assert text.endswith(".")
    assert "\n" not in text
    assert "Twilio" not in text
    assert str(code) not in text


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 29999, ProviderRefused),
        (400, None, ProviderRefused),
        (401, None, ProviderRefused),
        (404, None, NotFound),
        (408, None, ProviderUnclear),
        (408, 21211, ProviderUnclear),
        (429, None, ProviderBusy),
        (500, 20500, ProviderUnclear),
        (503, 21422, ProviderUnclear),
        (503, None, ProviderUnclear),
    ],
)
def test_any_other_refusal_is_judged_by_its_status(backend, account, status, code, kind):
    error = refusal(backend, account, Refused(status, code))
    assert type(error) is kind
    assert error.provider_answer == {"status": status, "code": code}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("17", 17),
        ("0", 5),
        ("99999999999999", 3600),
        ("-3", 5),
        ("soon", 5),
        ("Wed, 25 Nov 2026 07:00:00 GMT", 5),
    ],
)
def test_a_busy_provider_says_when_to_come_back(backend, account, header, seconds):
    error = refusal(backend, account, Refused(429, 20429, retry_after=header))
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("code", [21451, 21452, 20404])
def test_a_search_where_there_is_nothing_finds_nothing(backend, account, code):
    account.faults["GET"] = Refused(404 if code == 20404 else 400, code)
    assert backend.search_numbers(country="US", area_code="299", limit=5) == []


@pytest.mark.parametrize(
    ("code", "level"), [(20003, "ERROR"), (10001, "ERROR"), (21422, "WARNING")]
)
def test_the_log_asks_for_the_operator_where_one_must_act(backend, account, caplog, code, level):
    with caplog.at_level(logging.WARNING, logger="telephony"):
        refusal(backend, account, Refused(401, code))
    assert [record.levelname for record in caplog.records] == [level]
