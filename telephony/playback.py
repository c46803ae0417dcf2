"""What the caller has heard of the agent: a ledger of audio sent and marks returned. Pure.

The carrier buffers our audio and plays it in order. A mark comes back when everything before
it was played, and also when it was cleared: so marks carry a generation, and marks of an
older generation prove nothing.
"""

import re
from dataclasses import dataclass

MARK_EVERY_MS = 200
_OFFSET = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True)
class _Utterance:
    utterance_id: str
    start_ms: int  # on the stream's clock, when the carrier begins to play it
    sent_ms: int = 0
    marked_ms: int = 0
    acknowledged_ms: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """An utterance the caller heard, whole or up to `heard_ms`."""

    utterance_id: str
    start_ms: int
    heard_ms: int


class PlaybackLedger:
    """Times are milliseconds on the stream's clock, passed in by the caller."""

    def __init__(self) -> None:
        self._queue: list[_Utterance] = []
        self._generation = 0
        self._plays_until_ms = 0

    @property
    def is_empty(self) -> bool:
        """Nothing is waiting to be heard."""
        return not self._queue

    @property
    def plays_until_ms(self) -> int:
        """When the last audio sent so far will have been played."""
        return self._plays_until_ms

    def sent(self, utterance_id: str, duration_ms: int, *, now_ms: int) -> str | None:
        """Count audio just sent; the name of a mark to send behind it, when one is due."""
        start = max(now_ms, self._plays_until_ms)
        self._plays_until_ms = start + duration_ms
        if not self._queue or self._queue[-1].utterance_id != utterance_id:
            self._queue.append(_Utterance(utterance_id, start_ms=start))
        utterance = self._queue[-1]
        utterance.sent_ms += duration_ms
        if utterance.sent_ms - utterance.marked_ms < MARK_EVERY_MS:
            return None
        return self._mark(utterance)

    def completed(self, utterance_id: str) -> str | None:
        """No more audio comes of this utterance; the name of its last mark, if it is waiting."""
        for utterance in self._queue:
            if utterance.utterance_id == utterance_id:
                utterance.complete = True
                return self._mark(utterance)
        return None

    def _mark(self, utterance: _Utterance) -> str:
        utterance.marked_ms = utterance.sent_ms
        return f"{self._generation}:{utterance.sent_ms}:{utterance.utterance_id}"

    def mark_returned(self, name: str) -> Played | None:
        """Take a mark back; the utterance that has now been heard to its end, if one has."""
        generation, _, rest = name.partition(":")
        offset, _, utterance_id = rest.partition(":")
        if generation != str(self._generation) or not _OFFSET.fullmatch(offset):
            return None
        for utterance in self._queue:
            if utterance.utterance_id == utterance_id:
                utterance.acknowledged_ms = max(utterance.acknowledged_ms, int(offset))
                if not utterance.complete or utterance.acknowledged_ms < utterance.sent_ms:
                    return None
                self._queue.remove(utterance)
                return Played(utterance_id, utterance.start_ms, utterance.sent_ms)
        return None

    def cut(self, *, now_ms: int) -> list[Played]:
        """Forget everything not yet heard: what each waiting utterance had come to.

        Heard is never less than the last returned mark proves and never more than was sent
        or could have been played since its start.
        """
        heard = [
            Played(
                waiting.utterance_id,
                waiting.start_ms,
                min(waiting.sent_ms, max(waiting.acknowledged_ms, now_ms - waiting.start_ms, 0)),
            )
            for waiting in self._queue
        ]
        self._queue.clear()
        self._generation += 1
        self._plays_until_ms = now_ms
        return heard
