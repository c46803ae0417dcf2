"""kill -9 at every stage of a message: nothing is lost, nothing mailed twice."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from agent.session import Role
from telephony import audio_spool, unnamed_files
from telephony.audio_spool import spool_path
from telephony.models import Recording, StreamState
from telephony.recording_check import verify
from tests.factories import make_number
from tests.peers.mail_server import MailServer, mail_server
from tests.peers.openai_responses import GOOD, responses_api
from tests.peers.processes import Process, started
from tests.voicemail.messages import ended_call
from tests.voicemail.test_processing import say
from voicemail.models import Message, Stage
from voicemail.processing import SPOOL_RESTS_SECONDS

pytestmark = [pytest.mark.check, pytest.mark.V4]
DEADLINE_S = 30
MAIL_MOMENTS = ["connect", "MAIL", "RCPT", "kept"]


@pytest.fixture
def call(owner, transactional_db):
    call = ended_call(
        make_number(owner), 1, stream_state=StreamState.CLOSED, agent_outcome="finished"
    )
    say(call, "My boiler leaks.", role=Role.CALLER)
    path = spool_path(call.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x20\xff" * 80_000)
    # The worker takes it up for the message: what rests for minutes it stores before there is one.
    rested_since = time.time() - 2 * SPOOL_RESTS_SECONDS
    os.utime(path, (rested_since, rested_since))
    return call


@pytest.fixture
def peers(monkeypatch):
    with mail_server() as mails, responses_api() as api:
        monkeypatch.setenv("EMAIL_URL", mails.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", api.base_url)
        yield mails, api


def run_worker(folder: Path, url: str, name: str, until: Callable[[], bool]) -> int | None:
    """Let a worker run until something holds or it has died; its exit code if it died."""
    worker = Process(folder, name, "work", url=url)
    with started(worker):
        deadline = time.monotonic() + DEADLINE_S
        while not until() and worker.popen.poll() is None:
            assert time.monotonic() < deadline, worker.log.read_text()
            time.sleep(0.05)
        return worker.popen.poll()


def victim_of(folder: Path, url: str, arm: Callable[[int], None]) -> int:
    """Start a worker that `arm` will have killed; its exit code."""
    worker = Process(folder, "victim", "work", url=url)
    arm(worker.popen.pid)
    with started(worker):
        return worker.popen.wait(DEADLINE_S)


def is_told() -> bool:
    return Message.objects.filter(stage=Stage.NOTIFIED).exists()


def finish(folder: Path, url: str) -> Message:
    """Another worker, once the dead one's lease is over."""
    Message.objects.update(next_step_at=timezone.now())
    assert run_worker(folder, url, "heir", is_told) is None
    return Message.objects.get()


def is_whole(message: Message, mails: MailServer) -> bool:
    recording = Recording.objects.get(call=message.call)
    verify(recording)
    return (
        recording.duration_ms == 10_000
        and message.reason == GOOD["reason"]
        and len(mails.mails) == 1
        and not audio_spool.holds(message.call_id)
    )


@pytest.mark.parametrize("moment", MAIL_MOMENTS)
def test_a_kill_while_the_owner_is_told(call, peers, settings, tmp_path, moment):
    mails, _ = peers

    def arm(pid: int) -> None:
        mails.at = lambda reached: reached == moment and os.kill(pid, signal.SIGKILL)

    assert victim_of(tmp_path, settings.PUBLIC_BASE_URL, arm) == -signal.SIGKILL
    mails.at = lambda reached: None
    assert is_whole(finish(tmp_path, settings.PUBLIC_BASE_URL), mails)


def test_a_kill_while_the_summary_is_written(call, peers, settings, tmp_path):
    mails, api = peers

    def arm(pid: int) -> None:
        api.on_request = lambda: os.kill(pid, signal.SIGKILL)

    assert victim_of(tmp_path, settings.PUBLIC_BASE_URL, arm) == -signal.SIGKILL
    api.on_request = lambda: None
    assert Message.objects.get().stage == Stage.TRANSCRIBED
    assert is_whole(finish(tmp_path, settings.PUBLIC_BASE_URL), mails)


def stored_files() -> set[str]:
    folder = Path(default_storage.location)
    return {str(path.relative_to(folder)) for path in folder.rglob("*.wav")}


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_a_kill_while_the_audio_is_stored(call, peers, settings, tmp_path, percent):
    """Before the file is there, in the middle of it, and while no row names it yet."""
    mails, _ = peers
    others = stored_files()
    changes = {"DJANGO_SETTINGS_MODULE": "tests.peers.deadly_settings"}
    changes |= {"DIES_AT_PERCENT": str(percent)}
    url = settings.PUBLIC_BASE_URL
    victim = Process(tmp_path, "victim", "work", url=url, changes=changes)
    with started(victim):
        assert victim.popen.wait(DEADLINE_S) == -signal.SIGKILL, victim.log.read_text()
    assert Message.objects.get().stage == Stage.COLLECTED
    assert audio_spool.holds(call.id)
    assert len(stored_files() - others) == (percent > 0)
    assert is_whole(finish(tmp_path, url), mails)
    unnamed_files.delete_left(now=timezone.now() + timedelta(hours=2))
    assert stored_files() - others == {Recording.objects.get().file.name}
