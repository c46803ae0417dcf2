"""What callers said last before the process that carried their call died.

Their words became no line; the audio was kept. What of it is voice gets a line without words, as
what nobody wrote down has, and then its words like those.
"""

import logging
from collections.abc import Iterator

from django.db.models import Max, Min

from accounts.row_security import service_scope
from agent.session import AgentOutcome, Role, TranscriptSource
from agent.speech.endpointer import Ended, Endpointer
from agent.speech.mulaw import FRAME_BYTES
from telephony import kept_endings, recording
from telephony.call_events import EventKind
from telephony.models import Call, StreamState, TranscriptLine

logger = logging.getLogger(__name__)

CUT_OFF_LINE = recording.MESSAGE_LINE - 1
"""Its position: behind the lines of all streams, before the messages after the tone."""
NO_GOODBYE = (None, "", AgentOutcome.FAILED.value)
HANGOVER_MS = 700
LISTENED_BEFORE_MS = 5_000
"""From so long before the last line on the line's noise is learned."""


def note_cut_off_words(call: Call) -> bool:
    """Give what the caller said behind the last line of a broken stream a line; whether it did.

    A repeat finds that line. A recording that cannot be read has no voice.
    """
    had_stream = call.stream_state in {StreamState.OPEN, StreamState.CLOSED}
    may_be_cut = had_stream and call.agent_outcome in NO_GOODBYE
    if not may_be_cut or _is_told_elsewhere(call):
        return False
    with service_scope():
        said_ms, stream_ms = _behind_last_line(call)
    spoken = _spoken(call, said_ms, stream_ms)
    if not spoken:
        return False
    line = TranscriptLine(
        call=call,
        position=CUT_OFF_LINE,
        role=Role.CALLER.value,
        start_ms=spoken[0].start_ms,
        end_ms=spoken[-1].end_ms,
        source=TranscriptSource.NONE.value,
    )
    if _is_told_elsewhere(call):  # since, while the storage took its time
        return False
    with service_scope():
        TranscriptLine.objects.bulk_create([line], ignore_conflicts=True)
    return True


def _is_told_elsewhere(call: Call) -> bool:
    """Whether its stream's process wrote down all lines, or keeps them on the disk until then."""
    if kept_endings.holds(call.id):  # asked first: it goes from there to the database
        return True
    with service_scope():
        return call.events.filter(kind=EventKind.AGENT_CLOSED).exists()


def _behind_last_line(call: Call) -> tuple[int, int | None]:
    """Where the last line of the call's stream ends, and where the stream itself did."""
    lines = TranscriptLine.objects.filter(call=call)
    said = lines.filter(position__lt=recording.MESSAGE_LINE)
    messages = lines.filter(position__gte=recording.MESSAGE_LINE)
    said_ms = said.aggregate(last=Max("end_ms"))["last"] or 0
    return said_ms, messages.aggregate(first=Min("start_ms"))["first"]


def _spoken(call: Call, said_ms: int, stream_ms: int | None) -> list[Ended]:
    """When the caller spoke between the two, by the recording."""
    from_ms = max(0, said_ms - LISTENED_BEFORE_MS)
    try:
        audio = recording.caller_audio(call.id, start_ms=from_ms, end_ms=stream_ms)
    except OSError as error:
        extra = {"call": str(call.id), "reason": type(error).__name__}
        logger.warning("last words not looked for", extra=extra)
        return []
    return [
        Ended(start_ms=max(from_ms + turn.start_ms, said_ms), end_ms=from_ms + turn.end_ms)
        for turn in _turns(audio)
        if from_ms + turn.end_ms > said_ms
    ]


def _turns(audio: bytes) -> Iterator[Ended]:
    """When somebody speaks in it, in milliseconds from its beginning."""
    listener = Endpointer(hangover_ms=HANGOVER_MS)
    for at in range(0, len(audio) - FRAME_BYTES + 1, FRAME_BYTES):
        heard = listener.feed(audio[at : at + FRAME_BYTES])
        if isinstance(heard, Ended):
            yield heard
    if cut := listener.cut():
        yield cut
