"""How long a page takes the server, as it is served."""

import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.test import Client

from aloha_site.management.commands.serve import spare_the_collector

ROUNDS = 60


def p95_ms(client: Client, path: str) -> float:
    """The 95th percentile of ROUNDS answers, in milliseconds, after one that is not counted."""
    with _served():
        return statistics.quantiles(
            [_answer_ms(client, path) for _ in range(ROUNDS + 1)][1:], n=20
        )[-1]


def in_words(beside: str, p95: dict[str, float]) -> str:
    """A line of figures for a soak's page: what it was beside, and each page's time."""
    times = ", ".join(f"{name} {figure:.0f} ms" for name, figure in p95.items())
    return f"postgresql: p95 beside {beside}: {times}"


def _answer_ms(client: Client, path: str) -> float:
    began = time.perf_counter()
    assert client.get(path).status_code == 200
    return (time.perf_counter() - began) * 1_000


@contextmanager
def _served() -> Iterator[None]:
    """The garbage collector looks after what requests leave alone, as `serve` has it."""
    usual = gc.get_threshold()
    spare_the_collector()
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
