"""Several workers on one queue: each message is handled by one of them."""

import threading

import pytest
from django.db import connection, connections

from telephony.models import StreamState
from tests.factories import make_number
from tests.peers.mail_server import mail_server
from tests.peers.processes import Process, started
from tests.voicemail.messages import ended_call
from voicemail import processing
from voicemail.models import MailState, Message, Stage

pytestmark = [pytest.mark.V4, pytest.mark.P7]
MESSAGES, WORKERS = 40, 4


@pytest.fixture
def queue(owner, transactional_db):
    number = make_number(owner)
    for _ in range(MESSAGES):
        ended_call(number, 1, stream_state=StreamState.NONE)


def drain() -> None:
    try:
        while processing.work_once(all_time=False):
            pass
    finally:
        connections.close_all()


def test_no_message_is_handled_by_two_threads(queue, mailoutbox):
    workers = [threading.Thread(target=drain) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    subjects = [mail.extra_headers["Message-ID"] for mail in mailoutbox]
    assert len(subjects) == len(set(subjects)) == MESSAGES
    assert set(Message.objects.values_list("stage", "mail_state")) == {
        (Stage.NOTIFIED, MailState.SENT)
    }


@pytest.mark.check
def test_two_worker_processes_share_the_queue(queue, settings, tmp_path, monkeypatch):
    url = settings.PUBLIC_BASE_URL
    with mail_server() as mails:
        monkeypatch.setenv("EMAIL_URL", mails.url)
        workers = [Process(tmp_path, f"worker{n}", "work", url=url) for n in range(2)]
        with started(*workers):
            for worker in workers:
                worker.wait_for("worker started")
            for _ in range(300):
                if not Message.objects.exclude(stage=Stage.NOTIFIED).exists() and mails.mails:
                    break
                threading.Event().wait(0.1)
        ids = [mail["Message-ID"] for mail in mails.mails]
        assert len(ids) == len(set(ids)) == MESSAGES
        told = [worker.log.read_text().count("owner told") for worker in workers]
        print(f"{connection.vendor}: {told[0]} and {told[1]} messages")
        assert sum(told) == MESSAGES
