"""Searches and purchases are limited per owner and hour, by all processes together."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from telephony import numbers, usage
from telephony.errors import RateLimited
from telephony.models import UsageCounter, UserPhoneNumber
from tests.contract.api_client import ApiClient
from tests.factories import make_number
from tests.peers.processes import ROOT, environment_for

pytestmark = pytest.mark.N12
HALF_PAST = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def use(limit: int = 3, subject: str = "somebody") -> None:
    usage.take("search", subject=subject, limit=limit)


def test_the_use_beyond_the_limit_is_refused_until_the_hour_is_over(db):
    with time_machine.travel(HALF_PAST, tick=False) as clock:
        for _ in range(3):
            use()
        with pytest.raises(RateLimited) as refused:
            use()
        assert refused.value.retry_after_s == 1_800
        assert "30 minutes" in str(refused.value)
        clock.shift(timedelta(minutes=30))
        use()


def test_everybody_has_a_limit_of_her_own(db):
    use(limit=1)
    use(limit=1, subject="somebody else")


def test_counters_of_earlier_hours_are_cleared_away(db):
    with time_machine.travel(HALF_PAST, tick=False) as clock:
        use()
        clock.shift(timedelta(hours=1))
        use()
    assert UsageCounter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_uses_at_the_same_moment_are_all_counted():
    outcomes = []

    def run() -> None:
        try:
            use(limit=5)
            outcomes.append("counted")
        except RateLimited:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["counted"] * 5 + ["refused"] * 7


@pytest.mark.P7
@pytest.mark.django_db(transaction=True)
def test_another_process_counts_on():
    script = (
        "import django; django.setup()\n"
        "from telephony import usage\n"
        "for _ in range(2): usage.take('search', subject='somebody', limit=3)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        cwd=ROOT,
        env=environment_for("http://127.0.0.1:9"),
        timeout=60,
    )
    use()
    with pytest.raises(RateLimited):
        use()


def test_unless_told_otherwise_thirty_searches_and_ten_purchases_are_allowed():
    names = ("NUMBER_SEARCHES_PER_HOUR", "NUMBER_PURCHASES_PER_HOUR")
    script = f"from aloha_site import settings; print(*(getattr(settings, n) for n in {names}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        cwd=ROOT,
        env=environment_for("http://127.0.0.1:9") | dict.fromkeys(names, ""),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["30", "10"]


def test_the_thirty_first_search_of_an_hour_is_refused_with_the_time_to_wait(owner, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 30
    api = ApiClient(owner)
    with time_machine.travel(HALF_PAST, tick=False):
        for _ in range(15):
            assert api.search().status_code == 200
            assert api.random().status_code == 200
        answer = api.search()
    assert (answer.status_code, answer["Retry-After"]) == (429, "1800")
    assert answer.json()["code"] == "rate_limited"


def test_a_search_that_makes_no_sense_is_not_counted(owner, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 1
    api = ApiClient(owner)
    assert api.search(areaCode="12").status_code == 400
    assert api.search().status_code == 200


def test_the_eleventh_purchase_of_an_hour_is_refused_and_changes_nothing(owner, settings):
    settings.NUMBER_PURCHASES_PER_HOUR = 10
    api = ApiClient(owner)
    with time_machine.travel(HALF_PAST, tick=False):
        for line in range(10, 20):
            bought = api.purchase(phoneNumber=f"+141555501{line}", country="US")
            assert bought.status_code == 201
        kept = numbers.active_number(owner)
        answer = api.purchase(phoneNumber="+14155550120", country="US")
        assert answer.status_code == 429
        again = api.purchase(phoneNumber=kept.phone_number, country="US")
        assert again.status_code == 201
    assert numbers.active_number(owner) == kept
    assert UserPhoneNumber.objects.filter(user=owner).count() == 10


def test_other_offers_after_a_refused_purchase_are_no_search(owner, stranger, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 1
    taken = make_number(stranger).phone_number
    api = ApiClient(owner)
    for _ in range(2):
        answer = api.purchase(phoneNumber=taken, country="US")
        assert (answer.status_code, len(answer.json()["offers"])) == (409, 3)
    assert api.search().status_code == 200


def test_asking_for_numbers_that_others_have_is_counted_too(owner, stranger, settings):
    settings.NUMBER_PURCHASES_PER_HOUR = 1
    taken = make_number(stranger).phone_number
    api = ApiClient(owner)
    answers = [api.purchase(phoneNumber=taken, country="US").status_code for _ in range(2)]
    assert answers == [409, 429]


def test_the_page_says_when_it_goes_on(client, owner, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 0
    with time_machine.travel(HALF_PAST, tick=False):
        client.force_login(owner)
        page = client.get("/aloha/settings", {"find": "search", "country": "US"})
    assert page.status_code == 200
    assert "try again in 30 minutes" in page.content.decode()
