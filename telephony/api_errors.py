"""Errors that only the API tells apart from their kin.

NumberError
├── NotBought              a purchase that failed, with other numbers to take
└── NoNumber
    └── NoActiveNumber     there is nothing to set up, whatever there once was
"""

from typing import Any

from telephony.errors import NoNumber, NumberError, TelephonyError


class NotBought(NumberError):
    """The number was not to be had. Nothing was charged.

    `members` stand beside the problem's own: other numbers, as a search gives them.
    """

    def __init__(self, cause: TelephonyError, *, offers: list[dict[str, Any]]) -> None:
        super().__init__(str(cause))
        self.code = cause.code
        self.field = cause.field
        self.members = {"offers": offers}


class NoActiveNumber(NoNumber):
    """You have no active number; choose one first."""
