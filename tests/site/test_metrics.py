"""What Prometheus is told, and who else is not."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from telephony import request_spool
from telephony.models import Call, CallStatus, NumberStatus, UserPhoneNumber
from telephony.request_spool import KeptRequest
from telephony.webhook_runner import FAILURES_IN_A_ROW, breaker
from tests.factories import make_call, make_number
from voicemail.models import Message

TOKEN = "a-token-of-twenty-and-more"


@pytest.fixture
def figures(client, db, settings):
    """Reads one sample's value, by its whole name."""
    settings.METRICS_TOKEN = TOKEN

    def read(name: str) -> float:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        lines = answer.content.decode().splitlines()
        [value] = [line.rpartition(" ")[2] for line in lines if line.startswith(f"{name} ")]
        return float(value)

    return read


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}"])
def test_without_the_token_there_is_nothing(client, settings, sent):
    settings.METRICS_TOKEN, settings.DEBUG = TOKEN, True
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == 404


def test_in_production_nobody_reads_without_a_token(client, settings):
    settings.METRICS_TOKEN, settings.DEBUG = "", False
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_in_development_this_machine_reads_and_no_other(client, db, settings):
    settings.METRICS_TOKEN, settings.DEBUG = "", True
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.5").status_code == 404


def test_calls_are_counted_by_state_and_end_reason(figures, owner):
    number = make_number(owner)
    make_call(number, status=CallStatus.IN_PROGRESS)
    for age in (timedelta(hours=1), timedelta(hours=2), timedelta(hours=25)):
        make_call(
            number,
            status=CallStatus.COMPLETED,
            end_reason="agent_finished",
            ended_at=timezone.now() - age,
        )
    assert figures('aloha_calls{status="in-progress"}') == 1
    assert figures('aloha_calls_ended_24h{reason="agent_finished"}') == 2
    assert figures('aloha_calls_ended_24h{reason="no_message"}') == 0


def test_calls_that_the_fallback_took_are_counted(figures, owner):
    make_call(
        make_number(owner),
        status=CallStatus.COMPLETED,
        ended_at=timezone.now(),
        carrier_fell_back=True,
    )
    assert figures("aloha_calls_fallback_24h") == 1


@pytest.mark.parametrize(("minutes", "unknown"), [(9, 0), (11, 1)])
def test_a_purchase_that_stays_unclear_is_told(figures, owner, minutes, unknown):
    number = make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    created_at = timezone.now() - timedelta(minutes=minutes)
    UserPhoneNumber.objects.filter(pk=number.pk).update(created_at=created_at)
    assert figures("aloha_numbers_paid_unknown") == unknown


def test_the_age_of_the_oldest_unfinished_message_is_told(figures, owner):
    call = make_call(make_number(owner), status=CallStatus.COMPLETED)
    Message.objects.create(call=call, created_at=timezone.now() - timedelta(seconds=90))
    assert figures("aloha_messages_waiting") == 1
    assert figures("aloha_messages_oldest_seconds") == pytest.approx(90, abs=10)


def test_carrier_requests_that_wait_are_counted_with_their_age(figures):
    came_at = timezone.now() - timedelta(seconds=30)
    request_spool.keep(KeptRequest(path="/x", body="", call_sid="CA1", came_at=came_at))
    assert figures("aloha_spool_requests") == 1
    assert figures("aloha_spool_oldest_seconds") == pytest.approx(30, abs=10)


def test_without_its_database_the_process_still_tells_what_it_knows(figures):
    def refuse(*_):
        raise OperationalError("gone away")

    with connection.execute_wrapper(refuse):
        assert figures("aloha_database_up") == 0
        assert figures("aloha_spool_requests") == 0


def test_figures_of_one_process_carry_its_name(figures, client):
    for _ in range(FAILURES_IN_A_ROW):
        breaker.failed()
    told = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    [line] = [each for each in told.splitlines() if 'state="open"' in each]
    assert 'process="' in line
    assert line.endswith(" 1.0")


def test_no_label_tells_who_calls_whom(figures, client, owner):
    number = make_number(owner)
    make_call(number, status=CallStatus.IN_PROGRESS)
    told = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    call = Call.objects.get()
    for identity in (number.phone_number, call.from_number, str(owner.pk), str(call.pk)):
        assert identity not in told
