"""What callers said is written down where there is a key, and honestly not where there is none."""

import io
import wave
from collections.abc import Iterator

import pytest

from agent import profiles, transcription
from agent.errors import TranscriptionRefused, TranscriptionUnavailable
from agent.speech import prompts
from agent.speech.mulaw import SILENCE, decode
from telephony.models import Call, TranscriptLine
from telephony.recording import store_recording
from tests.factories import make_call, make_number
from tests.peers.openai_http import KEY, Transcriptions, transcriptions
from voicemail.transcription import transcribe_call

SPEECH = prompts.load("goodbye")
SPEECH_MS = len(SPEECH) // 8

pytestmark = pytest.mark.M12


@pytest.fixture
def api(settings) -> Iterator[Transcriptions]:
    with transcriptions() as api:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = KEY, api.base_url
        yield api


@pytest.fixture
def call(owner) -> Call:
    """A call whose caller said something twice, with silence in between."""
    call = make_call(make_number(owner))
    caller = SPEECH + bytes([SILENCE]) * 8_000 + SPEECH
    store_recording(call=call, caller=caller, agent=bytes([SILENCE]) * len(caller))
    add_line(call, 0, 0, SPEECH_MS)
    add_line(call, 1, SPEECH_MS + 1_000, 2 * SPEECH_MS + 1_000)
    return call


def add_line(call: Call, position: int, start_ms: int, end_ms: int, **fields) -> None:
    defaults = {"role": "caller", "source": "none"}
    TranscriptLine.objects.create(
        call=call, position=position, start_ms=start_ms, end_ms=end_ms, **(defaults | fields)
    )


def written(call: Call) -> list[tuple[str, str]]:
    return list(call.transcript.values_list("text", "source"))


def test_every_line_gets_its_words_and_their_source(api, call):
    api.words = ["Hello, this is Hana.", "Call me back."]
    assert transcribe_call(call) == 2
    assert written(call) == [
        ("Hello, this is Hana.", "recognised"),
        ("Call me back.", "recognised"),
    ]


def test_only_the_callers_own_part_is_sent_as_samples_anybody_can_decode(api, call):
    transcribe_call(call)
    assert [form["model"] for form in api.requests] == [b"gpt-transcribe"] * 2
    for form in api.requests:
        with wave.open(io.BytesIO(form["file"])) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            assert file.readframes(10**6) == decode(SPEECH).tobytes()


def test_the_owners_language_is_told(api, call, owner):
    profiles.profile_of(owner)
    transcribe_call(call)
    assert api.requests[0]["language"] == b"en"


def test_without_a_key_nothing_is_sent_and_nothing_is_claimed(api, call, settings):
    settings.OPENAI_API_KEY = ""
    assert transcribe_call(call) == 0
    assert api.requests == []
    assert written(call) == [("", "none")] * 2


def test_a_second_time_nothing_is_sent_again(api, call):
    transcribe_call(call)
    assert transcribe_call(call) == 0
    assert len(api.requests) == 2


def test_what_was_written_down_by_somebody_else_is_left(api, call):
    add_line(call, 2, 0, 5_000, text="I am Aloha.", role="agent", source="scripted")
    add_line(call, 3, 0, 5_000, text="Hi.", source="realtime")
    transcribe_call(call)
    assert ("Hi.", "realtime") in written(call)
    assert len(api.requests) == 2


def test_sounds_too_short_for_a_word_are_not_sent(api, call):
    call.transcript.update(end_ms=100, start_ms=0)
    assert transcribe_call(call) == 0
    assert api.requests == []


def test_silence_stays_without_words(api, call):
    api.words = [""]
    assert transcribe_call(call) == 0
    assert written(call) == [("", "none")] * 2


@pytest.mark.parametrize("fault", [401, 408, 429, 500, 503, "drop", "garbled"])
def test_a_model_that_fails_now_is_asked_again_later(api, call, fault):
    api.fault = fault
    with pytest.raises(TranscriptionUnavailable):
        transcribe_call(call)
    api.fault = 0
    assert transcribe_call(call) == 2


def test_a_model_that_never_answers_is_given_up_in_time(api, call, settings):
    api.fault = "hang"
    with pytest.raises(TranscriptionUnavailable, match="APITimeoutError"):
        transcription.transcribe(SPEECH, timeout_s=0.2)


@pytest.mark.parametrize("fault", [400, 413])
def test_speech_that_is_refused_stays_without_words_and_is_told(api, call, caplog, fault):
    api.fault = fault
    with pytest.raises(TranscriptionRefused):
        transcription.transcribe(SPEECH)
    assert transcribe_call(call) == 0
    assert "speech not written down" in caplog.text


def test_in_the_end_a_call_goes_on_without_words(api, call, caplog):
    api.fault = 503
    assert transcribe_call(call, give_up=True) == 0
    assert "speech not written down" in caplog.text


def test_a_step_that_was_cut_short_goes_on_where_it_stopped(api, call):
    first = call.transcript.first()
    TranscriptLine.objects.filter(id=first.id).update(text="Hello.", source="recognised")
    api.words = ["Call me back."]
    assert transcribe_call(call) == 1
    assert written(call) == [("Hello.", "recognised"), ("Call me back.", "recognised")]


def test_words_that_no_database_can_hold_are_cleaned(api, call):
    api.words = ["a\0b\nc " + "x" * 20_000]
    transcribe_call(call)
    text = written(call)[0][0]
    assert text.startswith("ab c xxx")
    assert len(text) == transcription.MAX_CHARACTERS


def test_no_word_and_no_key_reach_the_log(api, call, caplog):
    api.fault = 400
    transcribe_call(call)
    api.fault = 0
    transcribe_call(call)
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert "Hana" not in logged
    assert KEY not in logged


def test_what_no_database_takes_is_left_out_of_the_words(api, call):
    api.words = ["Hello\0, \ud800Hana.", ""]
    transcribe_call(call)
    assert written(call)[0][0] == "Hello, ?Hana."
