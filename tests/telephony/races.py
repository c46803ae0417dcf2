"""Requests that are made at the same moment, each in a thread of its own."""

import threading
from collections.abc import Callable

from django.db import connection

from telephony.errors import TelephonyError
from telephony.models import UserPhoneNumber

Request = Callable[[], UserPhoneNumber]


def at_once(*requests: Request) -> list[str]:
    """What each came to: the row's status, or the code of the error that refused it."""
    gate = threading.Barrier(len(requests))
    outcomes: list[str] = []

    def run(request: Request) -> None:
        gate.wait(30)
        try:
            outcomes.append(request().status)
        except TelephonyError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[request]) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return outcomes
