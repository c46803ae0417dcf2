"""Ids that are the same in every run. Pure."""

from collections import Counter


class Ids:
    """Counts per kind: item_1, item_2, resp_1. `prefix` tells sessions apart."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._counts: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """The next id of this kind, like item_A1."""
        self._counts[kind] += 1
        return f"{kind}_{self._prefix}{self._counts[kind]}"
