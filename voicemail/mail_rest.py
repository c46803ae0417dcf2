"""A mail server that cannot be reached is left alone for a while, or waiting fills the worker."""

import time

REST_SECONDS = 30.0


class MailRest:
    """Of one process."""

    def __init__(self) -> None:
        self._until = float("-inf")

    @property
    def seconds_left(self) -> float:
        """How long nobody should ask the mail server; 0 when one may."""
        return max(0.0, self._until - time.monotonic())

    def begin(self) -> None:
        """It could not be reached."""
        self._until = time.monotonic() + REST_SECONDS

    def end(self) -> None:
        """It may be asked again."""
        self._until = float("-inf")


mail_rest = MailRest()
