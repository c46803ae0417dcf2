"""From finished calls to messages."""

import os
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone

from accounts.models import User
from agent.session import Role, TranscriptSource
from agent.speech.wav import write_mulaw
from telephony import audio_spool, call_events
from telephony.audio_spool import spool_path
from telephony.call_events import EventKind
from telephony.models import CallPurpose, CallStatus, CarrierRecording, StreamState, TranscriptLine
from telephony.recording import fetch_carrier_recordings, store_recording
from tests.factories import make_call, make_number
from voicemail import processing
from voicemail.models import Message, Stage
from voicemail.reopening import fetch_put_off
from voicemail.summaries import plain_summary
from voicemail.words import words_of


@pytest.fixture
def number(owner):
    return make_number(owner)


def ended_call(number, *, seconds_ago: float = 1, **fields):
    defaults = {
        "status": CallStatus.COMPLETED,
        "ended_at": timezone.now() - timedelta(seconds=seconds_ago),
        "duration_s": 12,
        "stream_state": StreamState.CLOSED,
        "agent_outcome": "finished",
    }
    return make_call(number, **(defaults | fields))


def say(call, text="", *, start_ms=0, end_ms=4_000, role=Role.CALLER, position=0):
    TranscriptLine.objects.create(
        call=call,
        position=position,
        role=role.value,
        text=text,
        start_ms=start_ms,
        end_ms=end_ms,
        source=TranscriptSource.NONE.value,
    )


def work() -> None:
    processing.collect_messages()
    processing.advance_messages()


def test_a_finished_call_becomes_one_message(number):
    call = ended_call(number)
    store_recording(call=call, caller=b"\xff" * 8_000, agent=b"\xff" * 8_000)
    work()
    work()
    assert Message.objects.get().stage == Stage.NOTIFIED


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": CallStatus.IN_PROGRESS, "ended_at": None}, id="still running"),
        pytest.param({"purpose": CallPurpose.FORWARDING_CHECK}, id="a forwarding check"),
        pytest.param({"direction": "outbound"}, id="outbound"),
        pytest.param({"stream_state": StreamState.OPEN}, id="its stream is still closing"),
    ],
)
def test_other_calls_are_left_alone(number, fields):
    ended_call(number, **fields)
    work()
    assert not Message.objects.exists()


def test_a_call_whose_process_died_is_collected_after_a_while(number):
    ended_call(number, stream_state=StreamState.OPEN, seconds_ago=31)
    work()
    assert Message.objects.count() == 1


def test_a_message_waits_for_its_audio(number):
    ended_call(number)
    work()
    message = Message.objects.get()
    assert (message.stage, message.attempts) == (Stage.COLLECTED, 0)
    assert message.next_step_at > timezone.now()


def test_audio_left_behind_by_a_dead_process_is_stored_by_the_worker(number):
    call = ended_call(number)
    spool_path(call.id).parent.mkdir(parents=True, exist_ok=True)
    spool_path(call.id).write_bytes(b"\x20\xff" * 8_000)
    work()
    assert spool_path(call.id).exists()
    os.utime(spool_path(call.id), (0, 0))
    Message.objects.update(next_step_at=timezone.now())
    work()
    assert call.recording.duration_ms == 1_000
    assert not audio_spool.holds(call.id)
    assert Message.objects.get().stage == Stage.NOTIFIED


def test_a_message_without_audio_is_finished_in_the_end(number):
    ended_call(number, seconds_ago=11)
    work()
    assert Message.objects.get().stage == Stage.NOTIFIED


def test_a_call_whose_end_was_never_reported_becomes_a_message(number):
    started_at = timezone.now() - timedelta(hours=1)
    make_call(number, status=CallStatus.IN_PROGRESS, started_at=started_at)
    processing.work_once(all_time=True)
    assert Message.objects.count() == 1


def test_two_workers_never_claim_the_same_message(number):
    ended_call(number)
    processing.collect_messages()
    seen_by_two = [Message.objects.get(), Message.objects.get()]
    assert [processing.claim(message) for message in seen_by_two] == [True, False]


@pytest.mark.parametrize(
    ("turns", "gist"),
    [
        pytest.param([], "Stayed on the line and said nothing.", id="nobody spoke"),
        pytest.param([""], "Left a spoken message of 4 seconds.", id="no words written down"),
        pytest.param(["My boiler leaks."], "My boiler leaks.", id="words"),
        pytest.param(["One.", "Two."], "One. Two.", id="several turns"),
    ],
)
def test_the_gist_says_what_was_left(number, turns, gist):
    call = ended_call(number)
    for position, text in enumerate(turns):
        say(call, text, position=position)
    say(call, "Please leave a message.", role=Role.AGENT, position=99)
    assert plain_summary(words_of(call)).reason == gist


def test_a_caller_who_hangs_up_at_once_is_said_to_have(number):
    call = ended_call(number, agent_outcome="caller_left")
    assert plain_summary(words_of(call)).reason == "Hung up before saying anything."


def test_a_long_message_is_cut_at_a_word(number):
    call = ended_call(number)
    say(call, "word " * 100)
    gist = plain_summary(words_of(call)).reason
    assert len(gist) <= 160
    assert gist.endswith("word ...")


def announce_recording(call, audio: bytes | None) -> CarrierRecording:
    """Put audio where the simulator keeps what it recorded, if any, and announce it."""
    sid = f"SIMULATED_RECORDING_{uuid.uuid4().hex}"
    folder = settings.VAR_DIR / "calls" / call.call_sid
    folder.mkdir(parents=True, exist_ok=True)
    if audio is not None:
        write_mulaw(folder / f"{sid}.wav", audio)
    return CarrierRecording.objects.create(call=call, sid=sid)


def test_a_message_after_the_tone_is_fetched_from_the_carrier(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    announce_recording(call, b"\x10" * 16_000)
    work()
    call.refresh_from_db()
    line = call.transcript.get()
    assert call.recording.duration_ms == 2_000
    assert (line.role, line.start_ms, line.end_ms) == ("caller", 0, 2_000)
    assert Message.objects.get().summary == "Left a spoken message of 2 seconds."


def test_a_message_after_the_tone_follows_what_was_said_to_the_agent(number):
    call = ended_call(number, agent_outcome="failed")
    call_events.note(call.id, kind=EventKind.AGENT_CLOSED)
    store_recording(call=call, caller=b"\x20" * 8_000, agent=b"\x30" * 8_000)
    announce_recording(call, b"\x10" * 16_000)
    work()
    call.refresh_from_db()
    assert call.recording.duration_ms == 3_000
    assert call.transcript.get().start_ms == 1_000


def test_a_message_after_the_tone_is_fetched_once(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    announce_recording(call, b"\x10" * 16_000)
    for _ in range(2):
        fetch_carrier_recordings(call)
    assert call.recording.duration_ms == 2_000
    assert call.transcript.count() == 1


def test_a_call_the_agent_failed_waits_for_the_carriers_recording(number):
    ended_call(number, stream_state=StreamState.NONE, agent_outcome="", carrier_records=True)
    work()
    assert Message.objects.get().stage == Stage.COLLECTED


def test_a_recording_that_comes_late_is_added_to_the_message(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="", seconds_ago=16)
    work()
    assert Message.objects.get().summary == "Hung up before saying anything."
    announce_recording(call, b"\x10" * 16_000)
    processing.reopen_messages()
    work()
    assert Message.objects.get().summary == "Left a spoken message of 2 seconds."


def test_two_messages_after_the_tone_are_both_kept(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    announce_recording(call, b"\x10" * 16_000)
    announce_recording(call, b"\x20" * 8_000)
    work()
    assert call.recording.duration_ms == 3_000
    assert [line.end_ms - line.start_ms for line in call.transcript.all()] == [2_000, 1_000]


def test_a_recording_the_carrier_does_not_have_yet_is_asked_for_again(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    announce_recording(call, None)
    work()
    message = Message.objects.get()
    assert (message.stage, message.attempts) == (Stage.COLLECTED, 1)
    assert message.next_step_at > timezone.now()


def look_in(hours: float) -> None:
    """What the worker does in so many hours."""
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        fetch_put_off()
        processing.work_once(all_time=True)
        processing.work_once(all_time=False)


def put_off(number) -> CarrierRecording:
    """A recording at a carrier that could not be reached for two hours."""
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    recording = announce_recording(call, None)
    processing.collect_messages()
    Message.objects.update(attempts=processing.FETCH_ATTEMPTS)
    work()
    return recording


def test_a_recording_that_does_not_come_does_not_hold_the_message(number):
    put_off(number)
    message = Message.objects.get()
    assert message.stage == Stage.NOTIFIED
    assert message.summary == "Left a message that the phone provider has not handed out yet."
    assert "has not handed out" in mail.outbox[0].subject


def test_a_recording_that_was_put_off_is_had_when_the_carrier_is_back(number, owner):
    recording = put_off(number)
    Message.objects.update(read_at=timezone.now())
    look_in(0.5)
    look_in(1.5)
    assert Message.objects.get().read_at is not None
    folder = settings.VAR_DIR / "calls" / recording.call.call_sid
    write_mulaw(folder / f"{recording.sid}.wav", b"\x10" * 16_000)
    look_in(3)
    message = Message.objects.get()
    assert (message.summary, message.read_at) == ("Left a spoken message of 2 seconds.", None)
    assert recording.call.transcript.count() == 1
    assert len(mail.outbox) == 1


def test_a_recording_is_not_asked_for_for_ever(number):
    recording = put_off(number)
    look_in(24 * 31)
    recording.refresh_from_db()
    assert recording.lost_because


def test_a_recording_that_is_no_audio_does_not_hold_the_message(number):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="")
    broken = announce_recording(call, b"\x10" * 16_000)
    path = settings.VAR_DIR / "calls" / call.call_sid / f"{broken.sid}.wav"
    path.write_bytes(b"<html>not found</html>")
    work()
    broken.refresh_from_db()
    assert "WAV" in broken.lost_because
    assert Message.objects.get().stage == Stage.NOTIFIED


@pytest.mark.parametrize("attempts", [0, 47, 5_000])
def test_a_message_that_keeps_failing_does_not_hold_up_others(number, stranger, attempts):
    call = ended_call(number)
    User.objects.filter(pk=number.user_id).update(time_zone="Nowhere/Never")
    processing.collect_messages()
    Message.objects.update(stage=Stage.SUMMARISED, attempts=attempts)
    healthy = ended_call(make_number(stranger), stream_state=StreamState.NONE)
    work()
    assert healthy.message.stage == Stage.NOTIFIED
    assert "ZoneInfoNotFoundError" in Message.objects.get(call=call).last_error


def test_a_message_whose_recording_came_late_is_unread_again(number):
    call = ended_call(number, stream_state=StreamState.NONE)
    work()
    Message.objects.update(read_at=timezone.now())
    announce_recording(call, b"\x10" * 16_000)
    processing.reopen_messages()
    work()
    assert Message.objects.get().is_unread


def test_an_agent_part_without_audio_leaves_no_click_before_the_message(number):
    call = ended_call(number, agent_outcome="failed", seconds_ago=11)
    announce_recording(call, b"\x10" * 16_000)
    work()
    assert call.recording.duration_ms == 2_000


@pytest.mark.V4
@pytest.mark.parametrize("put_away", ["archived_at", "deleted_at"])
def test_a_message_put_away_comes_back_when_its_recording_comes_late(number, owner, put_away):
    call = ended_call(number, stream_state=StreamState.NONE, agent_outcome="", seconds_ago=16)
    work()
    Message.objects.update(read_at=timezone.now(), **{put_away: timezone.now()})
    announce_recording(call, b"\x10" * 16_000)
    processing.reopen_messages()
    work()
    message = Message.objects.for_user(owner).unread().get()
    assert message.summary == "Left a spoken message of 2 seconds."
