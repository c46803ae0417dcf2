"""A process on its way out: it takes no new streams, and hands the running ones over.

What is drained is this process, so there is one `here`. The server begins the drain and sees to
its deadline; sockets and webhooks look here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID


class OpenStream(Protocol):
    """A call's media stream that can be asked to end, so that another process takes it."""

    @property
    def call_id(self) -> UUID:
        """The call it belongs to."""

    def hand_over(self) -> None:
        """Close within a few seconds, and let the carrier open another one."""


class Drain:
    """How far one process is on its way out, and what it still holds."""

    def __init__(self) -> None:
        self._streams: set[OpenStream] = set()
        self._is_alone: Callable[[], bool] = lambda: True
        self.has_begun = False
        self.carried: set[UUID] = set()  # calls that had a stream here at or after the beginning

    @property
    def is_alone(self) -> bool:
        """On its way out, and nobody else is known to answer on its address."""
        return self.has_begun and self._is_alone()

    @property
    def stream_count(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def begin(self, *, is_alone: Callable[[], bool]) -> None:
        """From now on no new streams; `is_alone` is asked again and again, from any thread."""
        self._is_alone = is_alone
        self.carried = {stream.call_id for stream in self._streams}
        self.has_begun = True

    def hand_over_all(self) -> None:
        """Ask every open stream to end."""
        for stream in self._streams:
            stream.hand_over()

    @contextmanager
    def holding(self, stream: OpenStream) -> Iterator[None]:
        """The stream is open for the length of the block."""
        self._streams.add(stream)
        try:
            yield
        finally:
            self._streams.discard(stream)


here = Drain()
