"""The keys a caller has pressed and nobody has taken yet. Pure."""

from collections import deque

KEYS = "0123456789*#"


class Keypad:
    """A queue of keys: pressed by the caller, taken by the verb that waits for them."""

    def __init__(self) -> None:
        self._pressed: deque[str] = deque()

    def press(self, key: str) -> None:
        """The caller presses one key. Raises ValueError for one that no keypad has."""
        if len(key) != 1 or key not in KEYS:
            raise ValueError(f"{key!r} is on no keypad")
        self._pressed.append(key)

    def take(self) -> str:
        """The oldest key not taken yet; empty when there is none."""
        return self._pressed.popleft() if self._pressed else ""

    def has_keys(self) -> bool:
        """A key waits to be taken."""
        return bool(self._pressed)

    def forget(self) -> None:
        """What was pressed before anybody asked counts for nothing."""
        self._pressed.clear()
