"""What the caller has heard of the agent: a ledger of audio sent and marks returned. Pure.

The carrier buffers our audio and plays it in order, from the moment it arrives. So the ledger
plays along: it knows when each piece begins, pauses included. Audio and `clear` take the same way,
so the time between them is what was heard, whatever the way takes: the error is at most its delay.

Marks correct it. One comes back when everything before it was played: that much was heard. One
that comes back much later than the others shows a line that stood still. A mark also comes back
when it was cleared: so marks carry a generation, and those of an older generation prove nothing.
"""

import re
from dataclasses import dataclass

MARK_EVERY_MS = 200
STOOD_STILL_MS = 400
"""How much later than the quickest mark one must return to show more than an uneven network.

A way that grows longer by 150 ms delays a mark by twice that: audio there, mark back.
"""
LOST_MARK_MS = 2_000
"""Audio counts as heard this long after it should have been, if no mark says so."""
_OFFSET = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True)
class _Utterance:
    utterance_id: str
    start_ms: int  # on the stream's clock, when the carrier begins to play it
    sent_ms: int = 0
    marked_ms: int = 0
    acknowledged_ms: int = 0
    complete: bool = False


@dataclass(slots=True)
class _Piece:
    """Audio that plays without a pause and that no mark has acknowledged yet."""

    utterance: _Utterance
    start_ms: int
    duration_ms: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class Played:
    """An utterance the caller heard, whole or up to `heard_ms` of the `sent_ms` sent."""

    utterance_id: str
    start_ms: int
    heard_ms: int
    sent_ms: int


class PlaybackLedger:
    """Times are milliseconds on the stream's clock, passed in by the caller."""

    def __init__(self) -> None:
        self._utterances: dict[str, _Utterance] = {}  # those not heard to their end, in order
        self._pieces: list[_Piece] = []
        self._generation = 0
        self._plays_until_ms = 0
        self._quickest_return_ms: int | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is waiting to be heard."""
        return not self._utterances

    @property
    def plays_until_ms(self) -> int:
        """When the last audio sent so far will have been played."""
        return self._plays_until_ms

    def has_run_dry(self, *, now_ms: int) -> bool:
        """All audio sent was played, and more of it must come: in the middle of an utterance."""
        if now_ms <= self._plays_until_ms:
            return False
        return any(not utterance.complete for utterance in self._utterances.values())

    def sent(
        self, utterance_id: str, duration_ms: int, *, now_ms: int, mark_every_ms: int | None
    ) -> str | None:
        """Count audio just sent; the name of a mark to send behind it, when one is due."""
        start = max(now_ms, self._plays_until_ms)
        self._plays_until_ms = start + duration_ms
        utterance = self._utterances.get(utterance_id)
        if utterance is None:
            utterance = self._utterances[utterance_id] = _Utterance(utterance_id, start)
        last = self._pieces[-1] if self._pieces else None
        if last and last.utterance is utterance and last.start_ms + last.duration_ms == start:
            last.duration_ms += duration_ms
        else:
            self._pieces.append(_Piece(utterance, start, duration_ms))
        utterance.sent_ms += duration_ms
        if mark_every_ms is None or utterance.sent_ms - utterance.marked_ms < mark_every_ms:
            return None
        return self._mark(utterance)

    def completed(self, utterance_id: str) -> str | None:
        """No more audio comes of this utterance; the name of its last mark, if one is due."""
        utterance = self._utterances.get(utterance_id)
        if utterance is None:
            return None
        utterance.complete = True
        last_mark_is_on_its_way = utterance.acknowledged_ms < utterance.marked_ms
        if last_mark_is_on_its_way and utterance.marked_ms == utterance.sent_ms:
            return None
        return self._mark(utterance)

    def _mark(self, utterance: _Utterance) -> str:
        utterance.marked_ms = utterance.sent_ms
        return f"{self._generation}:{utterance.sent_ms}:{utterance.utterance_id}"

    def mark_returned(self, name: str, *, now_ms: int) -> Played | None:
        """Take a mark back; the utterance that has now been heard to its end, if one has."""
        generation, _, rest = name.partition(":")
        offset, _, utterance_id = rest.partition(":")
        utterance = self._utterances.get(utterance_id)
        if generation != str(self._generation) or not _OFFSET.fullmatch(offset) or not utterance:
            return None
        self._acknowledge(utterance, min(int(offset), utterance.sent_ms), now_ms)
        if not utterance.complete or utterance.acknowledged_ms < utterance.sent_ms:
            return None
        return self._heard_out(utterance)

    def overdue(self, *, now_ms: int) -> list[Played]:
        """Finished utterances whose last mark must have been lost: the caller has heard them."""
        if now_ms < self._plays_until_ms + LOST_MARK_MS:
            return []
        finished = [each for each in self._utterances.values() if each.complete]
        return [self._heard_out(utterance) for utterance in finished]

    def cut(self, *, now_ms: int) -> list[Played]:
        """Forget everything not yet heard: what each waiting utterance had come to.

        Heard is never less than the last returned mark proves and never more than was sent.
        """
        heard = {name: each.acknowledged_ms for name, each in self._utterances.items()}
        for piece in self._pieces:
            played_ms = min(max(now_ms - piece.start_ms, 0), piece.duration_ms)
            heard[piece.utterance.utterance_id] += played_ms
        cut = [
            Played(each.utterance_id, each.start_ms, heard[each.utterance_id], each.sent_ms)
            for each in self._utterances.values()
        ]
        self._utterances.clear()
        self._pieces.clear()
        self._generation += 1
        self._plays_until_ms = now_ms
        return cut

    def _heard_out(self, utterance: _Utterance) -> Played:
        del self._utterances[utterance.utterance_id]
        self._pieces = [each for each in self._pieces if each.utterance is not utterance]
        sent_ms = utterance.sent_ms
        return Played(utterance.utterance_id, utterance.start_ms, sent_ms, sent_ms)

    def _acknowledge(self, utterance: _Utterance, offset_ms: int, now_ms: int) -> None:
        """Drop the pieces up to a mark, and move those behind it if the line stood still."""
        due_ms = self._drop_played(utterance, offset_ms)
        if due_ms is None:
            return
        late_ms = max(now_ms - due_ms, 0)
        if self._quickest_return_ms is None or late_ms < self._quickest_return_ms:
            self._quickest_return_ms = late_ms
        stood_still_ms = late_ms - self._quickest_return_ms
        resumes_ms = due_ms + stood_still_ms if stood_still_ms > STOOD_STILL_MS else due_ms
        for piece in self._pieces:
            piece.start_ms = max(piece.start_ms, resumes_ms)
            resumes_ms = piece.end_ms
        self._plays_until_ms = max(self._plays_until_ms, resumes_ms)

    def _drop_played(self, utterance: _Utterance, offset_ms: int) -> int | None:
        """Forget the pieces before a mark; when the last of them should have been played."""
        due_ms = None
        while self._pieces and utterance.acknowledged_ms < offset_ms:
            piece = self._pieces[0]
            played_ms = piece.duration_ms
            if piece.utterance is utterance:
                played_ms = min(played_ms, offset_ms - utterance.acknowledged_ms)
            piece.utterance.acknowledged_ms += played_ms
            piece.start_ms += played_ms
            piece.duration_ms -= played_ms
            due_ms = piece.start_ms
            if piece.duration_ms == 0:
                del self._pieces[0]
        return due_ms
