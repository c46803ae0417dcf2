"""When the carrier's requests stop asking the database, and when one of them tries again."""

import pytest

from telephony.circuit_breaker import CircuitBreaker, State

REST_S = 5.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, rest_s=REST_S, clock=clock)


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    for _ in range(3):
        breaker.failed()
    return breaker


def test_it_opens_with_the_third_failure_in_a_row_and_says_so_once(breaker):
    assert [breaker.failed() for _ in range(4)] == [False, False, True, False]
    assert not breaker.allows()


def test_a_success_in_between_starts_the_count_again(breaker):
    for outcome in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed):
        outcome()
    assert breaker.allows()


def test_after_its_rest_one_asks_and_the_others_wait(breaker, clock):
    opened(breaker)
    clock.now += REST_S - 0.1
    assert not breaker.allows()
    clock.now += 0.1
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    assert breaker.state is State.HALF_OPEN


def test_the_probes_success_closes_it(breaker, clock):
    opened(breaker)
    clock.now += REST_S
    breaker.allows()
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_the_probes_failure_begins_another_rest(breaker, clock):
    opened(breaker)
    clock.now += REST_S
    breaker.allows()
    assert not breaker.failed()
    clock.now += REST_S - 0.1
    assert not breaker.allows()


def test_a_probe_that_never_reports_is_followed_by_another(breaker, clock):
    opened(breaker)
    clock.now += REST_S
    breaker.allows()
    clock.now += REST_S
    assert breaker.allows()
