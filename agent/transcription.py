"""Writing down recorded speech by OpenAI's transcription endpoint; without a key nobody does."""

import io
import sys
import wave

from django.conf import settings

from agent import openai_http
from agent.errors import TranscriptionRefused, TranscriptionUnavailable
from agent.speech.mulaw import SAMPLE_RATE_HZ, decode

# One message is three minutes at most, which models write down in some seconds.
TIMEOUT_S = 30.0
MAX_CHARACTERS = 10_000

# What asking again cannot change: 408, 409 and 429 are about the moment.
_FINAL_STATUSES = frozenset(range(400, 500)) - {401, 403, 408, 409, 429}


def transcribe(speech: bytes, *, language: str = "", timeout_s: float = TIMEOUT_S) -> str:
    """The words in 8 kHz mu-law; blank when nobody spoke. `language` is a tag such as en-US.

    Raises TranscriptionUnavailable, after which one may ask again, or TranscriptionRefused.
    """
    # Here, because its import costs every other command half a second.
    import openai

    spoken = language.partition("-")[0].lower()
    try:
        with openai_http.client(timeout_s=timeout_s) as client:
            answer = client.audio.transcriptions.create(
                model=settings.OPENAI_TRANSCRIPTION_MODEL,
                file=("speech.wav", _wav(speech), "audio/wav"),
                response_format="json",
                language=spoken or openai.omit,
            )
    except openai.APIStatusError as error:
        kind = (
            TranscriptionRefused
            if error.status_code in _FINAL_STATUSES
            else TranscriptionUnavailable
        )
        raise kind(f"The transcription model answered {error.status_code}.") from error
    except openai.OpenAIError as error:
        raise TranscriptionUnavailable(f"{type(error).__name__} from the model.") from error
    words = getattr(answer, "text", None)
    if not isinstance(words, str):
        raise TranscriptionUnavailable("The transcription model's answer has another shape.")
    readable = words.replace("\0", "").encode(errors="replace").decode()  # no lone surrogates
    return " ".join(readable.split())[:MAX_CHARACTERS]


def _wav(speech: bytes) -> bytes:
    """The speech as a WAV file of 16-bit samples, which every decoder reads."""
    samples = decode(speech)
    if sys.byteorder == "big":
        samples.byteswap()
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(samples.tobytes())
    return content.getvalue()
