"""How much a line may send: frames, and nonsense. Pure.

Twenty bad frames are a fault of the line that it may recover from; more are an attack or a bug.
"""

MAX_BAD_FRAMES = 20
FRAMES_AT_ONCE = 1_000
"""A line that was stuck delivers late frames in one go."""
FRAMES_PER_SECOND = 200
"""The caller's audio is 50; marks and keys come on top."""


class FrameLimits:
    """Counts the frames of one stream."""

    def __init__(self) -> None:
        self.taken = 0
        self.bad = 0

    def is_flood(self, *, seconds: float) -> bool:
        """Whether too many frames were taken in the stream's life so far."""
        return self.taken > FRAMES_AT_ONCE + FRAMES_PER_SECOND * seconds

    def is_garbage(self) -> bool:
        """Count a frame that could not be read; whether there were too many of them."""
        self.bad += 1
        return self.bad > MAX_BAD_FRAMES
