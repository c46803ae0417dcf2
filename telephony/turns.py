"""Turns: of those who decide by the same rows, one after another reads them and writes its own.

A count that several read at once lets all of them in, whatever it is compared with.
"""

from hashlib import sha256

from django.db import connection


def wait_for_turn(name: str) -> None:
    """Wait for the transactions that took this turn earlier; ours ends with its transaction.

    SQLite lets one transaction at a time write, and ours begin by that.
    """
    if connection.vendor != "postgresql":
        return
    key = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
