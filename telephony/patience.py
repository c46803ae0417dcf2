"""How long a caller is left in silence: one who waits for the agent, one who does not answer. Pure.

Whoever waits for the agent hears "one moment, please" after 1.5 s and is handed over after 4 s.
Whoever does not answer is asked twice; the third time the agent says goodbye. An agent that does
not notice that the caller has spoken is asked to speak too, only sooner.

Times are milliseconds on the stream's clock.
"""

from enum import Enum

FILLER_AFTER_MS = 1_500
GIVE_UP_AFTER_MS = 4_000
ASK_AFTER_MS = 6_000
UNNOTICED_AFTER_MS = 2_000
"""From the end of the caller's words: an agent that heard them has noticed the pause before."""
UNHEARD_AFTER_MS = 20_000
"""How long the agent may take silence for the caller's voice: hers may be too soft for the line."""
VOICE_LASTS_MS = 1_000
"""A caller whom only the line hears may be between two words for so long."""
TIMES_ASKED = 2


class Due(Enum):
    """What the silence calls for now."""

    NOTHING = "nothing"
    FILLER = "filler"
    GIVE_UP = "give up"
    ASK = "ask"
    GOODBYE = "goodbye"


class Patience:
    """The silence of one call. The caller waits from the start: the agent speaks first."""

    def __init__(self) -> None:
        self._waits_since_ms: int | None = 0
        self._waits_for_rest = False  # of a sentence that the agent has begun
        self._filler_said = False
        self._quiet_since_ms = 0
        self._caller_speaks = False  # as far as the agent knows
        self._voice_unanswered = False  # heard by the line
        self._voice_until_ms = 0
        self._voice_since_asked = False
        self.times_asked = 0

    def agent_speaks(self) -> None:
        """Audio of the agent has come."""
        self._waits_since_ms = None  # written out: 50 times a second
        self._waits_for_rest = self._filler_said = self._voice_unanswered = False

    def agent_owes_words(self, since_ms: int) -> None:
        """The caller has been waiting since then, if she was not waiting already."""
        if self._waits_since_ms is None:
            self._waits_since_ms = since_ms

    def agent_broke_off(self, since_ms: int) -> None:
        """What the agent has begun to say goes on no further; the caller waits for the rest."""
        if self._waits_since_ms is None:
            self._waits_since_ms = since_ms
            self._waits_for_rest = True

    def agent_finished(self) -> None:
        """The agent has said that there is no rest."""
        if self._waits_for_rest:
            self._waits_no_more()

    def everything_heard(self, now_ms: int) -> None:
        """Nothing of the agent plays any more: it is the caller's turn."""
        self._quiet_since_ms = now_ms

    def caller_began(self, now_ms: int) -> None:
        """The agent has noticed that the caller speaks."""
        self._caller_speaks = True
        self.caller_is_there(now_ms)
        self._waits_no_more()

    def caller_ended(self, now_ms: int) -> None:
        """The agent has noticed that the caller's turn is over."""
        self._caller_speaks = False
        self.caller_is_there(now_ms)
        self._waits_for_rest = False
        self.agent_owes_words(now_ms)

    def caller_is_there(self, now_ms: int) -> None:
        """The caller has done something that needs no answer."""
        self._quiet_since_ms = now_ms
        self._voice_unanswered = self._voice_since_asked = False
        self.times_asked = 0

    def voice_heard(self, now_ms: int) -> None:
        """The line itself heard the caller's voice, whether or not the agent did."""
        self._quiet_since_ms = now_ms
        self._voice_until_ms = now_ms + VOICE_LASTS_MS
        self._voice_unanswered = self._voice_since_asked = True

    def caller_speaks(self, now_ms: int) -> bool:
        """Whether she does as far as the agent or the line knows."""
        return self._caller_speaks or now_ms < self._voice_until_ms

    def due(self, *, now_ms: int, agent_plays: bool, asks_itself: bool) -> Due:
        """What is due now, told once: the caller hears it or the agent is told of it."""
        if self._waits_since_ms is not None:
            return self._due_while_waiting(now_ms - self._waits_since_ms)
        quiet_ms = now_ms - self._quiet_since_ms
        if asks_itself or agent_plays or quiet_ms < self._patience_ms():
            return Due.NOTHING
        self._waits_since_ms = now_ms
        if self.times_asked < TIMES_ASKED:
            self.times_asked += 1
            self._voice_unanswered = False
            return Due.ASK
        # An agent that is deaf to her must not say goodbye to a caller who speaks.
        return Due.GIVE_UP if self._voice_since_asked else Due.GOODBYE

    def _waits_no_more(self) -> None:
        self._waits_since_ms = None
        self._waits_for_rest = self._filler_said = False

    def _due_while_waiting(self, waited_ms: int) -> Due:
        if waited_ms >= GIVE_UP_AFTER_MS:
            return Due.GIVE_UP
        if waited_ms >= FILLER_AFTER_MS and not self._filler_said:
            self._filler_said = True
            return Due.FILLER
        return Due.NOTHING

    def _patience_ms(self) -> int:
        if self._voice_unanswered:
            return UNNOTICED_AFTER_MS
        return UNHEARD_AFTER_MS if self._caller_speaks else ASK_AFTER_MS
