"""What the agent says: passed on to the line, and kept in step with what the model believes. Pure.

The model believes that all of its words were heard, unless it is told. So an item of which audio
was held back or cut off by the caller is truncated to what was heard, and one that was never
heard is deleted, as soon as it is complete: the server refuses that before.
"""

from agent.backends import realtime_commands as commands
from agent.backends.realtime_events import AudioDelta, TranscriptDelta, TranscriptDone
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import BYTES_PER_MS, Record, Spoken
from agent.session import Heard, TranscriptSource, Utterance, UtteranceEnd


class AgentSpeech:
    """The agent's side of the record."""

    def __init__(self, record: Record, outbox: Outbox) -> None:
        self.has_begun = False
        self._record = record
        self._outbox = outbox
        self.unreported: list[Spoken] = []  # cut off, and the line has not said where
        self._latest: Spoken | None = None

    def say(self, delta: AudioDelta) -> Utterance:
        """Pass audio on."""
        self.has_begun = True
        spoken = self._latest
        if spoken is None or spoken.item_id != delta.item_id:
            spoken = self._latest = self._record.spoken(delta.item_id, delta.response_id)
        before_ms = spoken.sent_bytes // BYTES_PER_MS
        spoken.sent_bytes += len(delta.delta)
        return Utterance(
            utterance_id=delta.item_id,
            turn_id=delta.response_id,
            audio=delta.delta,
            duration_ms=spoken.sent_bytes // BYTES_PER_MS - before_ms,
        )

    def withhold(self, delta: AudioDelta) -> None:
        """Keep audio from a caller who has begun to speak."""
        self._record.spoken(delta.item_id, delta.response_id).was_withheld = True

    def write(self, words: TranscriptDelta | TranscriptDone) -> None:
        """Keep the words of what is said."""
        spoken = self._record.spoken(words.item_id, words.response_id)
        if isinstance(words, TranscriptDone):
            spoken.text = words.transcript
        else:
            spoken.text += words.delta

    def end_item(self, item_id: str) -> None:
        """Nothing more comes of this item."""
        spoken = self._record.find_spoken(item_id)
        if spoken is not None:
            self._end(spoken)

    def end_answer(self, response_id: str | None = None) -> None:
        """Nothing more comes of this answer; without an id, of any."""
        for spoken in self._record.unfinished(response_id):
            self._end(spoken)

    def cut(self, heard: Heard) -> str | None:
        """The line plays no more of this; the id of the answer it belongs to."""
        spoken = self._record.find_spoken(heard.utterance_id)
        if spoken is None:
            return None
        spoken.heard_ms = max(0, min(heard.heard_ms, spoken.sent_ms))
        if spoken.heard_ms == 0:
            if spoken.is_ended:
                self._outbox.send(commands.delete_item, spoken.item_id)
        elif spoken.heard_ms < spoken.sent_ms or spoken.was_withheld:
            self._outbox.send(commands.truncate_item, spoken.item_id, spoken.heard_ms)
        return spoken.response_id

    def settle(self) -> None:
        """Cut what the line did not report: it had been played as far as it went there.

        To be called a moment after an item has ended; an earlier cut would be a second one.
        """
        unreported, self.unreported = self.unreported, []
        for spoken in unreported:
            if spoken.heard_ms is None:
                self._outbox.send(commands.truncate_item, spoken.item_id, spoken.sent_ms)

    def _end(self, spoken: Spoken) -> None:
        if spoken.is_ended:
            return
        spoken.is_ended = True
        if spoken.sent_bytes:
            text, source = spoken.text.strip(), TranscriptSource.REALTIME
            end = UtteranceEnd(utterance_id=spoken.item_id, text=text, source=source)
            self._outbox.tell(end)
        was_never_heard = spoken.was_withheld and not spoken.sent_ms
        if spoken.heard_ms == 0 or was_never_heard:
            self._outbox.send(commands.delete_item, spoken.item_id)
        elif spoken.was_withheld and spoken.heard_ms is None:
            self.unreported.append(spoken)
