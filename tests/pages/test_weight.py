"""What a page weighs and what it asks of the database."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent
from aloha_site import demo
from telephony.models import Campaign
from tests.factories import make_number
from tests.pages.every_page import Rows, states
from tests.voicemail.messages import leave_message
from voicemail.models import Message

LIMIT_BYTES = 150 * 1024


def weight(client, path: str) -> int:
    """The page with all that it loads but sounds, uncompressed, nothing cached."""
    page = client.get(path, follow=True).content
    files, waiting = set(), re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode())
    while waiting:
        name = waiting.pop()
        if name in files or not name.endswith((".css", ".js", ".svg")):
            continue
        files.add(name)
        if name.endswith(".js"):
            source = Path(str(finders.find(name))).read_text(encoding="utf-8")
            waiting += [f"js/{each}" for each in re.findall(r'from "\./([^"]+)"', source)]
    return len(page) + sum(Path(str(finders.find(name))).stat().st_size for name in files)


@pytest.fixture
def demo_owner(client, db):
    owner = demo.seed(now=timezone.now()).user
    client.force_login(owner)
    return owner


def test_no_page_weighs_more_than_150_kb(client, demo_owner):
    message = Message.objects.filter(call__owner=demo_owner).latest("created_at")
    rows = Rows(
        message=message,
        call=message.call,
        running=message.call,
        campaign=Campaign.objects.create(owner=demo_owner, name="Visits", purpose="Confirm."),
        look=AuditEvent(pk=1),
        reset_path="",
    )
    paths = {state.path for state in states(rows) if state.who == "owner"}
    weights = {path: weight(client, path) for path in sorted(paths)}
    assert len(weights) > 20
    assert {path: size for path, size in weights.items() if size > LIMIT_BYTES} == {}


@pytest.mark.parametrize("path", ["/", "/aloha/settings"])
def test_more_messages_cost_no_more_queries(client, owner, path):
    client.force_login(owner)
    number = make_number(owner)
    leave_message(number)
    few = queries(client, path)
    for minutes in range(6, 14):
        leave_message(number, minutes_ago=minutes)
    assert queries(client, path) == few


def queries(client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)
