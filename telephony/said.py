"""What was said and how much of it was heard: transcript lines, and what the agent is told. Pure.

Words and audio of an utterance come separately, and either may come after the caller has cut it
off. A line is written once both are known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.session import CallerStopped, Heard, Role, TranscriptSource, Utterance, UtteranceEnd
from telephony.actions import TellInterrupted, WriteLine
from telephony.heard_words import heard_chars
from telephony.playback import Played

_OWN = "aloha/"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords:
    """A sentence that we can say without the agent: mu-law with its milliseconds."""

    text: str
    pieces: tuple[tuple[bytes, int], ...]

    def ending(self, utterance_id: str) -> UtteranceEnd:
        """The words, as the agent would send them behind its own audio."""
        return UtteranceEnd(
            utterance_id=utterance_id, text=self.text, source=TranscriptSource.SCRIPTED
        )


def own_id(count: int) -> str:
    """The utterance id of the sentence that we say ourselves as number `count`."""
    return f"{_OWN}{count}"


def is_own(utterance_id: str) -> bool:
    """Whether we said this, not the agent."""
    return utterance_id.startswith(_OWN)


class Said:
    """The utterances of one call, from their first audio to their line in the transcript."""

    def __init__(self) -> None:
        self._words: dict[str, UtteranceEnd] = {}
        self._cut: dict[str, Played] = {}  # interrupted before their words had come
        self._muted: set[str] = set()
        self._dropped_ms: dict[str, int] = {}  # audio that came after the interruption
        self._turn = ""
        self._muted_turns: set[str] = set()

    @property
    def being_said(self) -> str:
        """The words that play at the moment, or next; blank when none are known yet."""
        for words in self._words.values():
            return words.text
        return ""

    @property
    def awaits_words(self) -> bool:
        """Whether the caller heard something of the agent's whose words are still to come."""
        return any(each.heard_ms > 0 for each in self._cut.values())

    def mute_turn(self) -> None:
        """Nothing more of what the agent is saying shall be heard."""
        if self._turn:
            self._muted_turns.add(self._turn)

    def lets_through(self, said: Utterance) -> bool:
        """Whether the caller shall hear this: she spoke neither over it nor over its turn."""
        if said.utterance_id in self._muted or said.turn_id in self._muted_turns:
            self.dropped(said)
            return False
        self._turn = said.turn_id
        return True

    def dropped(self, said: Utterance) -> None:
        """Count audio that was not sent."""
        before_ms = self._dropped_ms.get(said.utterance_id, 0)
        self._dropped_ms[said.utterance_id] = before_ms + said.duration_ms

    def heard(self, played: Played) -> Iterator[WriteLine]:
        """The line of an utterance that was heard to its end."""
        words = self._words.pop(played.utterance_id, None)
        if words is not None:
            yield self._line(words, played)

    def cut(self, cut: list[Played]) -> list[TellInterrupted | WriteLine]:
        """What the agent is to be told of an interruption, and the lines that are ready."""
        told: list[TellInterrupted | WriteLine] = []
        heard = [each for each in cut if not is_own(each.utterance_id)]
        if heard:
            parts = (Heard(utterance_id=p.utterance_id, heard_ms=p.heard_ms) for p in heard)
            told.append(TellInterrupted(tuple(parts)))
        for played in cut:
            self._muted.add(played.utterance_id)
            words = self._words.pop(played.utterance_id, None)
            if words is None:
                self._cut[played.utterance_id] = played
            elif played.heard_ms > 0:
                told.append(self._line(words, played))
        return told

    def finished(self, end: UtteranceEnd) -> list[TellInterrupted | WriteLine]:
        """The words of an utterance; when it was interrupted before, what comes of them now."""
        played = self._cut.pop(end.utterance_id, None)
        if played is not None:
            return [self._line(end, played)] if played.heard_ms > 0 else []
        if end.utterance_id in self._dropped_ms:
            # It began after the interruption: the agent does not know that nobody heard it.
            del self._dropped_ms[end.utterance_id]
            return [TellInterrupted((Heard(utterance_id=end.utterance_id, heard_ms=0),))]
        if end.utterance_id not in self._muted:
            self._words[end.utterance_id] = end
        return []

    def _line(self, words: UtteranceEnd, played: Played) -> WriteLine:
        spoken_ms = played.sent_ms + self._dropped_ms.pop(played.utterance_id, 0)
        return WriteLine(
            role=Role.AGENT,
            text=words.text,
            start_ms=played.start_ms,
            end_ms=played.start_ms + played.heard_ms,
            source=words.source,
            heard_chars=heard_chars(words.text, heard_ms=played.heard_ms, spoken_ms=spoken_ms),
            in_agents_place=is_own(played.utterance_id),
        )


def caller_line(turn: CallerStopped, *, later_ms: int = 0) -> WriteLine:
    """The line of a caller's turn; the agent's clock began `later_ms` after the stream's."""
    return WriteLine(
        role=Role.CALLER,
        text=turn.text,
        start_ms=turn.start_ms + later_ms,
        end_ms=turn.end_ms + later_ms,
        source=turn.source,
    )
