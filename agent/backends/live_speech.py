"""What the agent says, cut out of audio that never ends. Pure.

The Live API sends as much audio as it is sent, most of it silence, and tells neither where an
utterance begins nor where it ends. One begins with the first sound and ends after a pause, once
its words have come too. Silence between utterances is not passed on: the line's own is as good, and
what waits in the carrier's buffer gets no longer. Silence within one is, so that it is one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.backends.live_clock import is_loud, silence
from agent.backends.live_events import OutputWords
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import BYTES_PER_MS, Record, Spoken
from agent.session import TranscriptSource, Utterance, UtteranceEnd

PAUSE_MS = 800
"""Silence that ends an utterance."""
LAST_PAUSE_MS = 1_500
"""The same of the last words: whoever hangs up between two sentences cuts the second one off."""
WORDS_WAIT_MS = 1_500
"""Silence that ends an utterance although not all of its words have come."""
LAST_WORD_MS = 150
"""How long before the end of the sound the last word may end."""
WORDS_TOLERANCE_MS = 400
"""How far the times of words may be off from those of the audio."""
SILENCE_MS = 2_000
"""Of silence between two utterances: a server that sends so much sends all of it."""
MAX_WORDS = 2_000
"""Pieces of one utterance's words: more than anybody says at a stretch."""
ONSET_MS = 100
"""Of faint sound before the first loud one that belongs to it: consonants begin softly."""


@dataclass(frozen=True, slots=True)
class _Piece:
    audio: bytes
    duration_ms: int


class LiveSpeech:
    """The agent's side of the record. Utterances and their ends go to the outbox."""

    def __init__(self, record: Record, outbox: Outbox, *, begins: Callable[[], None]) -> None:
        """`begins` is called before the first audio of an utterance goes out."""
        self.has_begun = False
        self.says_last_words = False
        self.hears_silence = False  # the server does send it between utterances
        self._record, self._outbox, self._begins = record, outbox, begins
        self._spoken: Spoken | None = None
        self._count = 0
        self._onset: list[_Piece] = []
        self._words: list[OutputWords] = []
        self._session_bytes = 0
        self._voiced_until_ms = self._quiet_ms = 0  # in the session's time; since then
        self._silent_ms = 0  # outside of utterances

    @property
    def is_open(self) -> bool:
        """Whether an utterance is being said."""
        return self._spoken is not None

    @property
    def is_heard(self) -> bool:
        """Whether the last piece had a voice in it."""
        return self._spoken is not None and not self._quiet_ms

    def session_begins(self) -> None:
        """Another session speaks from here on, with a time of its own."""
        self.end()
        self._session_bytes = self._voiced_until_ms = 0
        self._onset.clear()
        self._words.clear()

    def hear(self, audio: bytes) -> None:
        """Take the next piece."""
        before_ms = self._now_ms
        self._session_bytes += len(audio)
        piece = _Piece(audio, self._now_ms - before_ms)
        if is_loud(audio):
            self._quiet_ms, self._silent_ms, self._voiced_until_ms = 0, 0, self._now_ms
            self._say(*self._onset, piece)
            self._onset.clear()
        elif self._spoken is None:
            self._silent_ms += piece.duration_ms
            self.hears_silence = self.hears_silence or self._silent_ms >= SILENCE_MS
            self._keep_onset(piece)
        else:
            self._quiet_ms += piece.duration_ms
            self._say(piece)
            self._end_if_over()

    def hear_nothing(self, ms: int) -> None:
        """Silence stands in for that of a server which sends none."""
        if self._spoken is not None and not self.hears_silence:
            self.hear(silence(ms))

    def write(self, words: OutputWords) -> None:
        """Keep the words of what is said; they may come before its audio, or after."""
        if len(self._words) < MAX_WORDS:
            self._words.append(words)

    def end(self) -> None:
        """Nothing more comes of the utterance that is being said, if one is."""
        spoken, self._spoken = self._spoken, None
        if spoken is None:
            return
        spoken.is_ended = True
        spoken.text = self._take_words().strip()
        source = TranscriptSource.REALTIME if spoken.text else TranscriptSource.NONE
        self._outbox.tell(
            UtteranceEnd(utterance_id=spoken.item_id, text=spoken.text, source=source)
        )

    @property
    def _now_ms(self) -> int:
        return self._session_bytes // BYTES_PER_MS

    def _keep_onset(self, piece: _Piece) -> None:
        self._onset.append(piece)
        while self._onset and sum(each.duration_ms for each in self._onset) > ONSET_MS:
            self._onset.pop(0)

    def _say(self, *pieces: _Piece) -> None:
        spoken = self._spoken
        if spoken is None:
            self._begins()
            self.has_begun = True
            self._count += 1
            spoken = self._spoken = self._record.spoken(f"utterance_{self._count}", "")
        for piece in pieces:
            spoken.sent_bytes += piece.duration_ms * BYTES_PER_MS
            self._outbox.tell(
                Utterance(
                    utterance_id=spoken.item_id,
                    audio=piece.audio,
                    duration_ms=piece.duration_ms,
                )
            )

    def _end_if_over(self) -> None:
        pause_ms = LAST_PAUSE_MS if self.says_last_words else PAUSE_MS
        if self._quiet_ms >= WORDS_WAIT_MS or (self._quiet_ms >= pause_ms and self._has_all_words):
            self.end()

    @property
    def _has_all_words(self) -> bool:
        last_ms = max((each.end_ms for each in self._words), default=0)
        return bool(self._words) and last_ms >= self._voiced_until_ms - LAST_WORD_MS

    def _take_words(self) -> str:
        """The words up to the end of what was said; all there are where the times make no sense."""
        until_ms = self._voiced_until_ms + WORDS_TOLERANCE_MS
        now = [each for each in self._words if each.start_ms < until_ms]
        later = [each for each in self._words if each.start_ms >= until_ms]
        if not now:
            now, later = later, []
        self._words = later
        return "".join(each.delta for each in now)
