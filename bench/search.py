"""Finds how many calls a candidate carries, in few steps. Pure."""

STEP = 1.25
"""To the next level while no bound is known on that side."""


class Search:
    """Between the most calls that held and the fewest that did not; begins at a guess.

    A level fails when it was measured twice and did not hold either time.
    """

    def __init__(self, guess: int, *, precision: float, most_levels: int) -> None:
        self.holds = 0
        self.fails: int | None = None
        self._guess = max(guess, 1)
        self._precision = precision
        self._levels_left = most_levels
        self._failed_once: int | None = None

    def next_level(self) -> int | None:
        """How many calls to try next; None when the answer is near enough."""
        if self._levels_left <= 0:
            return None
        if self._failed_once is not None:
            return self._failed_once
        if not self.holds and self.fails is None:
            return self._guess
        if self.fails is None:
            return max(int(self.holds * STEP), self.holds + 1)
        if not self.holds:
            return int(self.fails / STEP) or None
        if self.fails <= self.holds * self._precision or self.fails - self.holds <= 1:
            return None
        return int((self.holds * self.fails) ** 0.5)

    def took(self, calls: int, *, holds: bool) -> None:
        """Whether that level held."""
        self._levels_left -= 1
        if holds:
            self.holds, self._failed_once = max(self.holds, calls), None
        elif self._failed_once == calls:
            self.fails, self._failed_once = calls, None
        else:
            self._failed_once = calls
            self._levels_left += 1  # the second try is part of the same level
