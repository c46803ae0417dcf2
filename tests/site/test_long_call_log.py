"""P5 for the call log: 100,000 calls of one owner, on PostgreSQL."""

import itertools
import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.end_reasons import EndReason
from telephony.models import Call, CallStatus, Direction
from tests.factories import make_call, make_number
from tests.page_times import in_words, p95_ms
from voicemail.models import Message, Stage

CALLS, OF_OTHERS, MESSAGES, UNREAD = 100_000, 20_000, 10_000, 200
BUDGET_MS = 100
LOG = "/aloha/calls"
# As they come: mostly answered, some messages, few faults.
REASONS = (
    [EndReason.AGENT_FINISHED] * 70 + [EndReason.CALLER_HUNG_UP_EARLY] * 20
    + [EndReason.MESSAGE_TAKEN] * 9 + [EndReason.FAILED_WITHOUT_MESSAGE]
)  # fmt: skip

pytestmark = pytest.mark.P5


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", [LOG, f"{LOG}?number=510", f"{LOG}?filter=missed"])
def test_the_log_takes_as_many_queries_for_one_call_as_for_a_full_page(client, owner, path):
    number = make_number(owner)
    ended = {"status": CallStatus.COMPLETED, "end_reason": EndReason.NO_MESSAGE}
    make_call(number, **ended)
    client.force_login(owner)
    few = queries_of(client, path)
    for _ in range(30):
        Message.objects.create(call=make_call(number, **ended), stage=Stage.SUMMARISED)
    assert queries_of(client, path) == few


def fill(number, count: int, *, rng: random.Random) -> None:
    now = timezone.now()
    moments = sorted((rng.random() * 365 * 24 * 60 for _ in range(count)), reverse=True)
    calls = (
        Call(
            call_sid=f"SIMULATED_CALL_{rng.getrandbits(128):032x}",
            number=number,
            owner=number.user,
            call_type="live",
            direction=Direction.OUTBOUND if index % 50 == 0 else Direction.INBOUND,
            from_number=f"+1510{rng.randrange(2_000_000, 9_999_999)}",
            to_number=number.phone_number,
            status=CallStatus.COMPLETED,
            end_reason=rng.choice(REASONS),
            started_at=now - timedelta(minutes=ago),
            ended_at=now - timedelta(minutes=ago - 1),
            duration_s=60,
        )
        for index, ago in enumerate(moments)
    )
    while batch := list(itertools.islice(calls, 5_000)):
        Call.objects.bulk_create(batch)


@pytest.fixture
def long_log(owner, stranger):
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL")
    rng, now = random.Random(5), timezone.now()
    with service_scope():
        fill(make_number(owner), CALLS, rng=rng)
        fill(make_number(stranger), OF_OTHERS, rng=rng)
        latest = Call.objects.for_user(owner).order_by("-started_at")[:MESSAGES]
        Message.objects.bulk_create(
            Message(
                call=call,
                owner=owner,
                started_at=call.started_at,
                stage=Stage.SUMMARISED,
                read_at=None if index < UNREAD else now,
            )
            for index, call in enumerate(latest)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return owner


@pytest.mark.soak
def test_a_hundred_thousand_calls_open_within_a_tenth_of_a_second(
    client, long_log, record_property
):
    client.force_login(long_log)
    middle = Call.objects.for_user(long_log).order_by("-started_at")[CALLS // 2]
    cursor = f"older-{int(middle.started_at.timestamp() * 1_000_000)}-{middle.id.hex}"
    some = middle.other_number
    asked = {
        "newest": LOG,
        "in the middle": f"{LOG}?cursor={cursor}",
        "answered": f"{LOG}?filter=answered",
        "voicemail": f"{LOG}?filter=voicemail",
        "missed, in the middle": f"{LOG}?filter=missed&cursor={cursor}",
        "outgoing": f"{LOG}?filter=outgoing",
        "one number": f"{LOG}?number=%2B{some[1:]}",
        "last digits": f"{LOG}?number={some[-6:]}",
        "no such digits": f"{LOG}?number=99999999999",
        "withheld": f"{LOG}?number=withheld",
        "number among the missed": f"{LOG}?filter=missed&number={some[-7:]}",
        "one call": f"{LOG}/{middle.id}",
        "api": "/api/calls?limit=100",
        "api, last digits": f"/api/calls?limit=100&number={some[-6:]}",
    }
    p95 = {name: p95_ms(client, path) for name, path in asked.items()}
    record_property("figures", in_words("100,000 calls", p95))
    assert {name: figure for name, figure in p95.items() if figure > BUDGET_MS} == {}
