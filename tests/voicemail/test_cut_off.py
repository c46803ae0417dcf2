"""The last words of a caller whose stream broke off: recorded, and written down by nobody."""

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection

from agent.speech import prompts
from agent.speech.mulaw import SILENCE
from telephony import call_events, kept_endings
from telephony.call_events import EventKind
from telephony.models import Call, StreamState, TranscriptLine
from telephony.recording import MESSAGE_LINE, store_recording
from tests.factories import make_call, make_number
from tests.telephony.test_kept_endings import ending_of, line_of
from voicemail.cut_off import note_cut_off_words

pytestmark = pytest.mark.A4

SPEECH = prompts.load("goodbye")
SPEECH_MS = len(SPEECH) // 8
GREETING_MS = 2_000
PAUSE_MS = 1_000
BEGAN_MS = GREETING_MS + PAUSE_MS


def silence(ms: int) -> bytes:
    return bytes([SILENCE]) * 8 * ms


def broken_call(owner, *, spoken: bytes = SPEECH, state=StreamState.CLOSED) -> Call:
    """The agent greeted, the caller spoke, the process died, and she left a message after it."""
    call = make_call(make_number(owner), stream_state=state, agent_outcome="failed")
    stream = silence(BEGAN_MS) + spoken
    audio = stream + SPEECH
    store_recording(call=call, caller=audio, agent=bytes([SILENCE]) * len(audio))
    add_line(call, 0, 0, GREETING_MS, role="agent", text="Hello.", source="scripted")
    add_line(call, MESSAGE_LINE, len(stream) // 8, len(audio) // 8)
    return call


def add_line(call: Call, position: int, start_ms: int, end_ms: int, **fields) -> None:
    defaults = {"role": "caller", "source": "none"}
    TranscriptLine.objects.create(
        call=call, position=position, start_ms=start_ms, end_ms=end_ms, **(defaults | fields)
    )


@pytest.mark.parametrize("state", [StreamState.OPEN, StreamState.CLOSED])
def test_what_she_said_last_gets_a_line_between_the_others(owner, state):
    call = broken_call(owner, state=state)
    assert note_cut_off_words(call)
    greeting, line, message = call.transcript.all()
    assert (line.role, line.text, line.source) == ("caller", "", "none")
    assert greeting.end_ms <= line.start_ms <= BEGAN_MS + 300
    assert BEGAN_MS + SPEECH_MS - 500 <= line.end_ms <= message.start_ms


def test_a_repeat_changes_nothing(owner):
    call = broken_call(owner)
    note_cut_off_words(call)
    before = list(call.transcript.values())
    note_cut_off_words(call)
    assert list(call.transcript.values()) == before


def test_silence_gets_no_line(owner):
    assert not note_cut_off_words(broken_call(owner, spoken=silence(3_000)))


def test_a_stream_that_was_closed_by_its_process_has_all_its_lines(owner):
    call = broken_call(owner)
    call_events.note(call.id, kind=EventKind.AGENT_CLOSED)
    assert not note_cut_off_words(call)


def test_without_a_recording_there_is_nothing_to_add(owner):
    call = make_call(make_number(owner), stream_state=StreamState.OPEN)
    assert not note_cut_off_words(call)


class Watched(FileSystemStorage):
    """Notes whether a transaction was open each time it was read."""

    opened_inside: list[bool] = []

    def open(self, name, mode="rb"):
        self.opened_inside.append(connection.in_atomic_block)
        return super().open(name, mode)


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_takes_its_time_holds_up_nobody_at_the_database(owner, settings):
    call = broken_call(owner)
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": f"{__name__}.Watched"}}
    Watched.opened_inside.clear()
    note_cut_off_words(call)
    assert Watched.opened_inside == [False]


class Late(FileSystemStorage):
    """While it is read, the process of the call's stream keeps what it knows of it."""

    def open(self, name, mode="rb"):
        call = Call.objects.get()
        kept_endings.keep(ending_of(call, line_of(call, "It is Tom.", position=1)))
        return super().open(name, mode)


def test_an_ending_that_is_kept_meanwhile_has_all_lines(owner, settings):
    call = broken_call(owner)
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": f"{__name__}.Late"}}
    assert not note_cut_off_words(call)
    kept_endings.write_down_endings()
    assert [line.text for line in call.transcript.all()] == ["Hello.", "It is Tom.", ""]
