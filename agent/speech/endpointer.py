"""Where a caller's turns begin and end, from the energy of 8 kHz mu-law alone.

Works on frames of 20 ms without decoding them: one table holds the squared value of each byte.
The rules and figures were tuned on recorded human speech with line noise; they hold down to about
10 dB between voice and steady noise, and cannot tell the caller from somebody talking behind her.
"""

import math
from collections import deque
from dataclasses import dataclass
from operator import itemgetter

from agent.speech.mulaw import FRAME_BYTES, FRAME_MS, VALUES

_SQUARES = tuple((value / 32768) ** 2 for value in VALUES)
_QUIETEST = 1e-10  # -100 dBFS: digital silence has no logarithm

SMOOTHED_FRAMES = 3
FLOOR_FRAMES = 250  # 5 s
FLOOR_EVERY_FRAMES = 5
FLOOR_RANGE_DBFS = (-72.0, -25.0)
FIRST_FRAMES = 10  # no turn starts in the first 200 ms
LEARNING_FRAMES = 25  # the floor is learned at least this long, also while the agent speaks

START_ABOVE_FLOOR_DB = 7.0
START_MIN_DBFS = -55.0
START_FRAMES, START_WINDOW = 6, 9
PRE_ROLL_MS = 200

BARGE_IN_MIN_DBFS = -40.0
"""Louder than what a line echoes of the agent's own voice."""
BARGE_IN_FRAMES, BARGE_IN_WINDOW = 15, 18  # 300 ms of speech

VOICED_ABOVE_FLOOR_DB = 4.5
VOICED_MIN_DBFS = -58.0
VOICED_FRAMES, VOICED_WINDOW = 3, 4  # a click alone is no voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The caller began to speak at `at_ms`, which allows for a soft first sound."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The caller spoke from `start_ms` to `end_ms`, where the last voice was."""

    start_ms: int
    end_ms: int


class Endpointer:
    """Finds turns in one caller's audio; its clock is the audio fed, in milliseconds.

    `hangover_ms` of silence end a turn. While `guarded` is set the agent is speaking: a turn starts
    only after 300 ms of clear speech, and the noise floor stands still, lest an echo raise it.
    """

    def __init__(self, *, hangover_ms: int) -> None:
        self.guarded = False
        self._hangover_ms = hangover_ms
        self._frames = 0
        self._smoothed: deque[float] = deque(maxlen=SMOOTHED_FRAMES)
        self._history: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._floor_dbfs = FLOOR_RANGE_DBFS[0]
        self._loud: deque[bool] = deque(maxlen=BARGE_IN_WINDOW)
        self._voiced: deque[bool] = deque(maxlen=VOICED_WINDOW)
        self._start_ms: int | None = None
        self._voice_end_ms = 0
        self._silent_ms = 0

    @property
    def clock_ms(self) -> int:
        """How much audio was fed."""
        return self._frames * FRAME_MS

    @property
    def turn_ms(self) -> int | None:
        """How long the caller's turn has lasted; None while she is silent."""
        return None if self._start_ms is None else self.clock_ms - self._start_ms

    def feed(self, frame: bytes) -> Started | Ended | None:
        """Take the next 20 ms. Raises ValueError unless `frame` has 160 bytes."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(frame)}")
        self._frames += 1
        self._smoothed.append(sum(itemgetter(*frame)(_SQUARES)) / FRAME_BYTES)
        mean_square = sum(self._smoothed) / len(self._smoothed)
        level_dbfs = 10 * math.log10(max(mean_square, _QUIETEST))
        self._learn_floor(level_dbfs)
        if self._start_ms is None:
            return self._look_for_start(level_dbfs)
        return self._look_for_end(level_dbfs)

    def cut(self) -> Ended | None:
        """End the turn here and now, whether the caller has finished or not."""
        return None if self._start_ms is None else self._end_turn(self.clock_ms)

    def _learn_floor(self, level_dbfs: float) -> None:
        if self.guarded and len(self._history) >= LEARNING_FRAMES:
            return
        self._history.append(level_dbfs)
        if self._frames % FLOOR_EVERY_FRAMES == 0:
            tenth = sorted(self._history)[len(self._history) // 10]
            lowest, highest = FLOOR_RANGE_DBFS
            self._floor_dbfs = min(max(tenth, lowest), highest)

    def _look_for_start(self, level_dbfs: float) -> Started | None:
        least = BARGE_IN_MIN_DBFS if self.guarded else START_MIN_DBFS
        needed, window = (
            (BARGE_IN_FRAMES, BARGE_IN_WINDOW) if self.guarded else (START_FRAMES, START_WINDOW)
        )
        self._loud.append(level_dbfs > max(self._floor_dbfs + START_ABOVE_FLOOR_DB, least))
        recent = list(self._loud)[-window:]
        if self._frames <= FIRST_FRAMES or sum(recent) < needed:
            return None
        onset_ms = self.clock_ms - (len(recent) - recent.index(True)) * FRAME_MS
        self._start_ms = max(onset_ms - PRE_ROLL_MS, self._voice_end_ms)
        self._voice_end_ms = self.clock_ms
        self._silent_ms = 0
        self._voiced.clear()
        return Started(at_ms=self._start_ms)

    def _look_for_end(self, level_dbfs: float) -> Ended | None:
        least = max(self._floor_dbfs + VOICED_ABOVE_FLOOR_DB, VOICED_MIN_DBFS)
        self._voiced.append(level_dbfs > least)
        if sum(self._voiced) >= VOICED_FRAMES:
            self._voice_end_ms = self.clock_ms
            self._silent_ms = 0
        else:
            self._silent_ms += FRAME_MS
        if self._silent_ms < self._hangover_ms:
            return None
        return self._end_turn(self._voice_end_ms)

    def _end_turn(self, end_ms: int) -> Ended:
        start_ms = self._start_ms or 0
        self._start_ms = None
        self._voice_end_ms = end_ms
        self._loud.clear()
        return Ended(start_ms=start_ms, end_ms=end_ms)
