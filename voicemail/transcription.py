"""The words of what callers said and nobody wrote down: messages after the tone, embedded agent.

A step of the worker's: every line is written as soon as its words are known, so that a step that
was cut short goes on where it stopped.
"""

import logging

from accounts.row_security import service_scope
from agent import openai_http, profiles, transcription
from agent.errors import TranscriptionRefused, TranscriptionUnavailable
from agent.session import Role, TranscriptSource
from telephony import recording
from telephony.models import Call, TranscriptLine

logger = logging.getLogger(__name__)

# Shorter sounds hold no word; models then invent one.
SHORTEST_MS = 300


def transcribe_call(call: Call, *, give_up: bool = False) -> int:
    """Write down what the caller said without words yet; how many lines got some.

    Does nothing without a key. Raises TranscriptionUnavailable or OSError to be called again
    later; with `give_up` the line stays without words instead.
    """
    if not openai_http.is_configured():
        return 0
    with service_scope():
        spoken = TranscriptLine.objects.filter(
            call=call, role=Role.CALLER.value, source=TranscriptSource.NONE.value, text=""
        )
        lines = [line for line in spoken if line.end_ms - line.start_ms >= SHORTEST_MS]
        language = profiles.language_of(call.owner_id)
    return sum(_transcribe(line, language=language, give_up=give_up) for line in lines)


def _transcribe(line: TranscriptLine, *, language: str, give_up: bool) -> bool:
    try:
        speech = recording.caller_audio(line.call_id, start_ms=line.start_ms, end_ms=line.end_ms)
        if not speech:
            return False
        words = transcription.transcribe(speech, language=language)
    except (TranscriptionUnavailable, OSError) as error:
        # The model is away, or the storage of the recording.
        if not give_up:
            raise
        return _left_without_words(line, error)
    except TranscriptionRefused as error:
        return _left_without_words(line, error)
    if not words:
        return False
    with service_scope():
        # Somebody else's words stay: another worker may have been faster.
        TranscriptLine.objects.filter(id=line.id, text="").update(
            text=words, source=TranscriptSource.RECOGNISED.value
        )
    return True


def _left_without_words(line: TranscriptLine, error: Exception) -> bool:
    logger.error("speech not written down", extra={"call": str(line.call_id), "reason": str(error)})
    return False
