"""A carrier without sockets that knows what the caller heard: the oracle for the bridge.

It shares no code and no rule with the bridge's ledger: it plays what arrives, when it arrives, and
counts. Frames and marks take their time on the way, in order, like on one TCP connection.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator

from telephony.actions import Action, SendAudio, SendClear, SendMark


class IdealCarrier:
    """Plays what the bridge sends; its audio is `utterance:milliseconds`.

    `delays_ms` says how long the next frame travels, whichever way it goes.
    """

    def __init__(self, delays_ms: Iterator[int]) -> None:
        self.heard_ms: Counter[str] = Counter()
        self.sent_ms: Counter[str] = Counter()
        self.clears = 0
        self._delays_ms = delays_ms
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        self._order = itertools.count()
        self._arrived_ms = self._returned_ms = 0
        self._playing: list[tuple[int, int, str]] = []  # start, end, utterance
        self._marks: list[tuple[int, str]] = []  # when due, name
        self._give_back: Callable[[str, int], None] = lambda name, now_ms: None

    def returns_marks_to(self, give_back: Callable[[str, int], None]) -> None:
        self._give_back = give_back

    def at(self, time_ms: int, do: Callable[[int], None]) -> None:
        """Do something at a time, in the order asked for."""
        heapq.heappush(self._events, (time_ms, next(self._order), do))

    def run(self) -> None:
        """Let time pass until nothing is left to happen, and everything was played."""
        while self._events:
            now_ms, _, do = heapq.heappop(self._events)
            do(now_ms)
        self._play_until(10**9)

    def take(self, actions: list[Action], now_ms: int) -> None:
        """The bridge sends frames."""
        for action in actions:
            if isinstance(action, SendAudio | SendMark | SendClear):
                arrives_ms = max(self._arrived_ms, now_ms + next(self._delays_ms))
                self._arrived_ms = arrives_ms
                self.at(arrives_ms, lambda at_ms, frame=action: self._arrive(frame, at_ms))

    def _arrive(self, frame: Action, now_ms: int) -> None:
        self._play_until(now_ms)
        buffer_ends_ms = self._playing[-1][1] if self._playing else now_ms
        match frame:
            case SendAudio(audio):
                utterance, _, duration = audio.decode().partition(":")
                self.sent_ms[utterance] += int(duration)
                self._playing.append((buffer_ends_ms, buffer_ends_ms + int(duration), utterance))
            case SendMark(name):
                self._marks.append((buffer_ends_ms, name))
                self.at(buffer_ends_ms, self._play_until)
            case SendClear():
                self.clears += 1
                self._playing.clear()
                self._marks = [(now_ms, name) for _, name in self._marks]
        self._return_marks(now_ms)

    def _play_until(self, now_ms: int) -> None:
        still_playing = []
        for start_ms, end_ms, utterance in self._playing:
            self.heard_ms[utterance] += max(min(now_ms, end_ms) - start_ms, 0)
            if end_ms > now_ms:
                still_playing.append((max(start_ms, now_ms), end_ms, utterance))
        self._playing = still_playing
        self._return_marks(now_ms)

    def _return_marks(self, now_ms: int) -> None:
        while self._marks and self._marks[0][0] <= now_ms:
            _, name = self._marks.pop(0)
            self._returned_ms = max(self._returned_ms, now_ms + next(self._delays_ms))
            self.at(self._returned_ms, lambda at_ms, name=name: self._give_back(name, at_ms))
