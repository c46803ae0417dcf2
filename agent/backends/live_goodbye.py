"""The last words of a call with the Live API: asked for, said, and over. Pure.

The model is told to take leave and does so when it likes, maybe after the end of another sentence;
no event says which of its words were the goodbye. So it is the next utterance that begins after the
request, or what was being said already when nothing follows it.
"""

from agent.session import AgentOutcome

NOTHING_FOLLOWS_MS = 1_500
"""After the end of what was being said when the goodbye was asked for."""
UNSAID_MS = 10_000
"""After which a goodbye that nobody else waits for counts as said."""


class Goodbye:
    """Times are those of the call's clock."""

    def __init__(self) -> None:
        self.outcome: AgentOutcome | None = None
        self.is_spoken_into = False  # by the caller
        self._was_speaking = False
        self._asked_ms = 0
        self._over_by_ms: int | None = None

    @property
    def is_asked(self) -> bool:
        """Whether the agent is to take leave, or does."""
        return self.outcome is not None

    def ask(self, outcome: AgentOutcome, *, now_ms: int, is_speaking: bool, must_end: bool) -> None:
        """The agent is told to take leave; `must_end` where the bridge does not see to it."""
        self.outcome = outcome
        self.is_spoken_into, self._asked_ms = False, now_ms
        self._was_speaking = is_speaking
        self._over_by_ms = now_ms + UNSAID_MS if must_end else None

    def hear_caller(self, end_ms: int) -> None:
        """Take notice of words that she ended at this moment: late ones are none of it."""
        self.is_spoken_into = self.is_spoken_into or (self.is_asked and end_ms > self._asked_ms)

    def utterance_ended(self, now_ms: int) -> bool:
        """Whether this was the goodbye."""
        if self._was_speaking:
            self._was_speaking = False
            self._over_by_ms = now_ms + NOTHING_FOLLOWS_MS
            return False
        return self.is_asked

    def is_overdue(self, now_ms: int) -> bool:
        """Whether nothing is waited for any more."""
        return self._over_by_ms is not None and now_ms >= self._over_by_ms

    def take_back(self) -> None:
        """The caller has something to add."""
        self.outcome = self._over_by_ms = None
        self._was_speaking = False
