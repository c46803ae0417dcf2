"""What the stand-in says, 20 ms at a time: sound where it speaks, else silence. Pure."""

import random
from collections import deque
from collections.abc import Callable

from agent.fake_realtime.script import Say
from agent.speech.mulaw import FRAME_BYTES, FRAME_MS, SILENCE

BETWEEN_MS = 300
QUIET = bytes([SILENCE]) * FRAME_BYTES


class Mouth:
    """`tell` gets each word with its start and end, as it is spoken."""

    def __init__(self, tell: Callable[[str, int, int], None], *, noise: bool) -> None:
        self._tell = tell
        self._dice = random.Random(1) if noise else None  # noqa: S311  # chance, always the same
        self._frames: deque[tuple[bytes, tuple[str, int] | None]] = deque()

    @property
    def is_speaking(self) -> bool:
        """Whether something is being said."""
        return bool(self._frames)

    def say(self, part: Say) -> None:
        """Speak, after what is being said."""
        if self._frames:
            self._frames.extend([(self._quiet(), None)] * (BETWEEN_MS // FRAME_MS))
        sound = part.audio
        whole = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
        words = part.text.split(" ")
        starts = {index * len(whole) // len(words): index for index in reversed(range(len(words)))}
        share_ms = len(whole) * FRAME_MS // len(words)
        for at, frame in enumerate(whole):
            index = starts.get(at)
            word = None if index is None else (words[index] + " ", share_ms)
            self._frames.append((frame.ljust(FRAME_BYTES, QUIET[:1]), word))

    def cut(self) -> None:
        """Fall silent."""
        self._frames.clear()

    def next_frame(self, now_ms: int) -> bytes:
        """The next 20 ms, which begin now."""
        if not self._frames:
            return self._quiet()
        frame, word = self._frames.popleft()
        if word is not None:
            text, length_ms = word
            self._tell(text, now_ms, now_ms + length_ms)
        return frame

    def _quiet(self) -> bytes:
        if self._dice is None:
            return QUIET
        return bytes(self._dice.choice((0xFF, 0x7F, 0xFE, 0x7E, 0xFC)) for _ in range(FRAME_BYTES))
