"""Who said what in one conversation with a server, as far as it was heard. Pure.

Both sides are items, as the server has them or as we cut them. The agent's are kept by what was
passed on to the line; the caller's by her turns, whose words may come after the agent's answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.session import CallerStopped, TranscriptSource

BYTES_PER_MS = 8
KEYS = frozenset("0123456789*#ABCD")
WORDS_WAIT_MS = 5_000
"""How long, by the caller's audio, a turn waits to be written down."""


@dataclass(slots=True)
class Spoken:
    """One item of what the agent says."""

    item_id: str
    response_id: str
    text: str = ""
    sent_bytes: int = 0
    heard_ms: int | None = None  # where it was cut
    was_withheld: bool = False  # some of its audio was not passed on
    is_ended: bool = False

    @property
    def sent_ms(self) -> int:
        """How much of it went to the line."""
        return self.sent_bytes // BYTES_PER_MS

    @property
    def heard_text(self) -> str:
        """Its words up to where it was cut, by their share of the time."""
        if self.heard_ms is None or self.heard_ms >= self.sent_ms:
            return self.text
        return self.text[: len(self.text) * self.heard_ms // max(self.sent_ms, 1)]


@dataclass(slots=True)
class Turn:
    """One turn of the caller, on the clock of the call's audio."""

    item_id: str
    start_ms: int
    end_ms: int | None = None
    text: str = ""
    is_settled: bool = False  # written down, or never will be


@dataclass(frozen=True, slots=True)
class Key:
    """A key that the caller pressed."""

    text: str


class Record:
    """Both sides, in the order in which they began."""

    def __init__(self) -> None:
        self._items: dict[str, Spoken | Turn | Key] = {}
        self.open_turns: list[Turn] = []  # said, and not written down yet

    def spoken(self, item_id: str, response_id: str) -> Spoken:
        """The agent's item of this id, new when it is first heard of."""
        known = self._items.get(item_id)
        if isinstance(known, Spoken):
            return known
        spoken = Spoken(item_id, response_id)
        self._items[item_id] = spoken
        return spoken

    def find_spoken(self, item_id: str) -> Spoken | None:
        """The agent's item of this id."""
        known = self._items.get(item_id)
        return known if isinstance(known, Spoken) else None

    def unfinished(self, response_id: str | None = None) -> list[Spoken]:
        """What the agent has begun to say and not ended, in one answer or in any."""
        return [
            item
            for item in self._items.values()
            if isinstance(item, Spoken)
            and not item.is_ended
            and response_id in {None, item.response_id}
        ]

    def key_pressed(self, digit: str) -> None:
        """The caller presses a key."""
        self._items[f"key {len(self._items)}"] = Key(f"(pressed the key {digit})")

    def turn_started(self, item_id: str, start_ms: int) -> None:
        """The caller begins to speak."""
        if item_id not in self._items:
            turn = Turn(item_id, start_ms)
            self._items[item_id] = turn
            self.open_turns.append(turn)

    def turn_stopped(self, item_id: str, end_ms: int) -> None:
        """The caller has fallen silent."""
        turn = self._turn(item_id)
        if turn is not None:
            turn.end_ms = max(end_ms, turn.start_ms)

    def turn_written(self, item_id: str, text: str) -> int:
        """These were the caller's words, or nobody knows them; how long the turn was."""
        turn = self._turn(item_id)
        if turn is None:
            return 0
        turn.text, turn.is_settled = text.strip(), True
        return (turn.end_ms or turn.start_ms) - turn.start_ms

    def finished_turns(self, now_ms: int, *, all_of_them: bool = False) -> Iterator[CallerStopped]:
        """Turns that are settled or have waited too long, each once, in order."""
        while self.open_turns:
            turn = self.open_turns[0]
            waited = turn.end_ms is not None and now_ms - turn.end_ms >= WORDS_WAIT_MS
            if not (turn.is_settled or waited or all_of_them):
                return
            self.open_turns.pop(0)
            turn.end_ms = now_ms if turn.end_ms is None else turn.end_ms
            yield CallerStopped(
                start_ms=turn.start_ms,
                end_ms=turn.end_ms,
                text=turn.text,
                source=TranscriptSource.REALTIME if turn.text else TranscriptSource.NONE,
            )

    def lines(self) -> list[tuple[str, str]]:
        """The conversation in words."""
        lines = [
            ("You", item.heard_text) if isinstance(item, Spoken) else ("Caller", item.text)
            for item in self._items.values()
        ]
        return [(who, text) for who, text in lines if text]

    def _turn(self, item_id: str) -> Turn | None:
        known = self._items.get(item_id)
        return known if isinstance(known, Turn) else None
