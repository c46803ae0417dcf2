"""A purchase that is sent again: one number, one payment, the same answer."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from telephony import numbers
from telephony.backends.mock import MAGIC_TAKEN
from telephony.errors import IdempotencyKeyReused, TelephonyError
from telephony.models import IdempotencyKey, NumberStatus, UserPhoneNumber
from tests.contract.api_client import NUMBERS, ApiClient, problem_of
from tests.factories import make_number, make_user

pytestmark = pytest.mark.N5
WANTED, OTHER = "+14155550132", "+14155550133"


def purchase(api: ApiClient, key: str, phone_number: str = WANTED):
    body = {"phoneNumber": phone_number, "country": "US"}
    headers = {"Idempotency-Key": key}
    path = f"{NUMBERS}/purchase-number"
    return api.post(path, body, content_type="application/json", headers=headers)


def buy(user, key: str, phone_number: str = WANTED, **fields) -> UserPhoneNumber:
    return numbers.purchase_number(
        user=user, phone_number=phone_number, country="US", key=key, **fields
    )


def test_the_same_request_gets_the_same_answer(owner):
    api = ApiClient(owner)
    first, second = purchase(api, "one"), purchase(api, "one")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert UserPhoneNumber.objects.count() == 1


def test_it_does_so_although_another_number_replaced_the_first(owner):
    api = ApiClient(owner)
    first = purchase(api, "one").json()
    purchase(api, "two", OTHER)
    again = purchase(api, "one").json()
    assert (again["id"], again["status"]) == (first["id"], "released")
    assert numbers.active_number(owner).phone_number == OTHER
    assert UserPhoneNumber.objects.count() == 2


def test_the_same_key_for_another_number_is_refused(owner):
    api = ApiClient(owner)
    purchase(api, "one")
    problem_of(purchase(api, "one", OTHER), 422, "idempotency_key_reused")
    assert numbers.active_number(owner).phone_number == WANTED


def test_a_key_first_sent_for_a_number_one_has_buys_nothing_after_its_release(owner):
    number = buy(owner, "")
    assert buy(owner, "one") == number
    numbers.release_number(user=owner)
    assert buy(owner, "one") == number
    assert owner.phone_numbers.count() == 1


def test_a_key_first_sent_for_a_number_one_has_is_refused_for_another(owner):
    buy(owner, "")
    buy(owner, "one")
    with pytest.raises(IdempotencyKeyReused):
        buy(owner, "one", OTHER, replace=True)


def test_keys_of_another_owner_do_not_matter(owner, stranger):
    buy(stranger, "one", OTHER)
    assert buy(owner, "one").phone_number == WANTED


def test_after_a_crash_the_purchase_is_answered_as_being_confirmed(owner):
    number = buy(owner, "one")
    UserPhoneNumber.objects.filter(pk=number.pk).update(
        status=NumberStatus.PURCHASING, twilio_phone_sid=""
    )
    answer = purchase(ApiClient(owner), "one")
    assert (answer.status_code, answer.json()["id"]) == (202, str(number.pk))
    assert UserPhoneNumber.objects.count() == 1


def test_a_purchase_that_the_provider_refused_is_refused_again_and_not_made(owner):
    api = ApiClient(owner)
    answers = [purchase(api, "one", MAGIC_TAKEN) for _ in range(2)]
    details = [problem_of(answer, 409, "number_taken")["detail"] for answer in answers]
    assert details[0] == details[1]
    assert UserPhoneNumber.objects.get().status == NumberStatus.FAILED


def test_key_and_number_are_kept_in_one_step(owner):
    number = buy(owner, "one")
    assert IdempotencyKey.objects.get(owner=owner, key="one").number == number


def test_a_number_that_is_not_for_sale_leaves_no_key(owner, stranger):
    taken = make_number(stranger)
    with pytest.raises(TelephonyError):
        buy(owner, "one", taken.phone_number)
    assert not IdempotencyKey.objects.exists()
    assert buy(owner, "one").status == NumberStatus.ACTIVE


def test_a_purchase_that_failed_later_is_refused_again_and_not_made(owner):
    number = buy(owner, "one")
    UserPhoneNumber.objects.filter(pk=number.pk).update(
        status=NumberStatus.FAILED, twilio_phone_sid=""
    )
    problem_of(purchase(ApiClient(owner), "one"), 409, "number_taken")
    assert numbers.active_number(owner) is None


def test_a_key_is_forgotten_after_two_days(owner):
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        buy(owner, "one")
        clock.shift(timedelta(hours=48, seconds=1))
        assert buy(owner, "one", OTHER, replace=True).phone_number == OTHER
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "caf\xe9", "a\tb"])
def test_a_key_that_is_none_is_refused(owner, key):
    problem = problem_of(purchase(ApiClient(owner), key), 400, "invalid")
    assert problem["errors"][0]["code"] == "invalid_idempotency_key"
    assert not UserPhoneNumber.objects.exists()


def test_a_key_of_255_characters_is_one(owner):
    assert purchase(ApiClient(owner), "k" * 255).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_eight_requests_at_once_under_one_key_buy_one_number():
    owner = make_user("owner@example.com")
    gate = threading.Barrier(8)
    answers = []

    def run() -> None:
        gate.wait(10)
        try:
            answers.append(str(buy(owner, "one").pk))
        except TelephonyError as error:
            answers.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [str(UserPhoneNumber.objects.get().pk)] * 8


def test_the_pages_form_names_its_purchase(client, owner):
    client.force_login(owner)
    chosen = {"find": "chosen", "phone_number": WANTED, "country": "US"}
    page = client.get("/aloha/settings", chosen).content.decode()
    form = {"phone_number": WANTED, "country": "US", "key": "from the form"}
    assert page.count('name="key"') == page.count("Take this number</button>") == 1
    for _ in range(2):
        answer = client.post("/aloha/settings/number", form)
        assert answer.status_code == 302
    assert IdempotencyKey.objects.get().number.phone_number == WANTED


def test_a_form_sent_again_with_another_number_says_so_and_keeps_the_first(client, owner):
    client.force_login(owner)
    form = {"phone_number": WANTED, "country": "US", "key": "from the form"}
    client.post("/aloha/settings/number", form)
    page = client.post("/aloha/settings/number", form | {"phone_number": OTHER})
    assert page.status_code == 200
    assert numbers.active_number(owner).phone_number == WANTED


def test_a_form_sent_again_after_the_release_says_so(client, owner):
    client.force_login(owner)
    form = {"phone_number": WANTED, "country": "US", "key": "from the form"}
    client.post("/aloha/settings/number", form)
    numbers.release_number(user=owner)
    page = client.post("/aloha/settings/number", form, follow=True)
    assert "was released since" in page.content.decode()
