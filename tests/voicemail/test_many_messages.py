"""An inbox of 10,000 messages: the same few queries, and quick on PostgreSQL."""

import random
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.brief import CallType
from telephony.cursors import slice_of
from telephony.models import Call, CallStatus, Recording, StreamState, TranscriptLine
from tests.factories import make_number
from tests.page_times import in_words, p95_ms
from voicemail.models import MailState, Message, Stage

pytestmark = pytest.mark.P5
WORDS = [
    "boiler",
    "leaks",
    "under",
    "the",
    "kitchen",
    "sink",
    "since",
    "this",
    "morning",
    "please",
    "call",
    "back",
    "about",
    "a",
    "visit",
    "thursday",
    "nine",
    "bathroom",
    "fittings",
    "price",
    "radiators",
    "valves",
    "collected",
    "until",
    "five",
    "urgent",
    "garden",
    "tap",
    "frozen",
    "again",
    "window",
    "broken",
    "door",
    "key",
    "insurance",
    "invoice",
    "paid",
    "yesterday",
    "number",
    "same",
]
PAGE_MS, SEARCH_MS = 100, 150


def fill(owner, count: int) -> None:
    """Messages as the worker leaves them: eight lines of transcript each."""
    number, chance, now = make_number(owner), random.Random(7), timezone.now()
    calls = [
        Call(
            call_sid=f"SIMULATED_CALL_{uuid.uuid4().hex}",
            number=number,
            owner=owner,
            call_type=CallType.LIVE if n % 3 else CallType.VOICEMAIL,
            from_number=f"+1510555{n % 10_000:04d}",
            to_number=number.phone_number,
            status=CallStatus.COMPLETED,
            stream_state=StreamState.CLOSED,
            started_at=now - timedelta(minutes=10 * n),
            ended_at=now - timedelta(minutes=10 * n),
            duration_s=60,
            simulated=True,
        )
        for n in range(count)
    ]
    said = [[" ".join(chance.choices(WORDS, k=12)) for _ in range(8)] for _ in calls]
    Call.objects.bulk_create(calls, batch_size=1_000)
    TranscriptLine.objects.bulk_create(
        (
            TranscriptLine(
                call=call, position=p, role="caller", text=text, start_ms=p, end_ms=p + 1,
                source="recognised",
            )
            for call, texts in zip(calls, said, strict=True)
            for p, text in enumerate(texts)
        ),
        batch_size=1_000,
    )  # fmt: skip
    Recording.objects.bulk_create(
        (
            Recording(
                call=call, file=f"{n}.wav", sha256="0" * 64, duration_ms=60_000, channels=2,
                peaks=[[5] * 120] * 2,
            )
            for n, call in enumerate(calls)
        ),
        batch_size=1_000,
    )  # fmt: skip
    Message.objects.bulk_create(
        (
            Message.of(
                call,
                stage=Stage.NOTIFIED,
                mail_state=MailState.SENT,
                reason=texts[0][:160],
                summary=" ".join(texts[:3]),
                search_text="\n".join([call.from_number, *texts]),
                read_at=None if n % 5 == 0 else now,
            )
            for n, (call, texts) in enumerate(zip(calls, said, strict=True))
        ),
        batch_size=1_000,
    )


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


PATHS = {
    "inbox": "/aloha/inbox",
    "unread": "/aloha/inbox?show=unread",
    "home": "/",
    "api": "/api/messages?limit=100",
    "search": "/aloha/inbox?q=boiler+insurance",
    "rare search": "/aloha/inbox?q=%2B15105550007",
    "search for nothing": "/aloha/inbox?q=zeppelin",
    "api search": "/api/messages?q=boiler+insurance",
}


def paths_of(owner) -> dict[str, str]:
    """With a page in the middle of her inbox."""
    messages = Message.objects.filter(owner=owner).order_by("-started_at")
    middle = slice_of(messages, moment="started_at", cursor="", limit=messages.count() // 2)
    return PATHS | {"far back": f"/aloha/inbox?cursor={middle.older}"}


def test_the_number_of_queries_is_the_same_for_few_and_many(owner, stranger, client):
    fill(owner, 30)
    fill(stranger, 300)
    counts = []
    for user in (owner, stranger):
        client.force_login(user)
        counts.append([queries_of(client, path) for path in paths_of(user).values()])
    assert counts[0] == counts[1]


@pytest.mark.soak
def test_an_inbox_of_ten_thousand_is_quick(owner, stranger, client, record_property):
    if connection.vendor != "postgresql":
        pytest.skip("the promise is PostgreSQL's")
    fill(owner, 10_000)
    fill(stranger, 10_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(owner)
    p95 = {name: p95_ms(client, path) for name, path in paths_of(owner).items()}
    record_property("figures", in_words("10,000 messages", p95))
    limits = {name: SEARCH_MS if "search" in name else PAGE_MS for name in p95}
    assert {name: ms for name, ms in p95.items() if ms > limits[name]} == {}
