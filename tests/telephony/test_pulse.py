"""The clock that all conversations of a process share."""

import asyncio
import gc
import weakref
from collections import Counter
from contextlib import ExitStack

from telephony.pulse import TICK_SECONDS, TURNS, Pulse, pulse


async def test_each_is_called_ten_times_a_second():
    calls: Counter[int] = Counter()
    with ExitStack() as stack:
        for each in range(25):
            stack.enter_context(pulse().calling(lambda each=each: calls.update([each])))
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(10 * TICK_SECONDS)
        passed = asyncio.get_running_loop().time() - began
    most = passed / TICK_SECONDS
    assert all(most / 2 <= calls[each] <= most + 1 for each in range(25))


async def test_they_take_turns():
    loop = asyncio.get_running_loop()
    called_at: list[float] = []
    with ExitStack() as stack:
        for _ in range(TURNS):
            stack.enter_context(pulse().calling(lambda: called_at.append(loop.time())))
        await asyncio.sleep(3 * TICK_SECONDS)
    assert len(set(called_at)) > len(called_at) / 2


async def test_whoever_has_gone_is_not_called_and_the_clock_stops():
    own = Pulse()
    calls: list[str] = []
    with own.calling(lambda: calls.append("stays")):
        with own.calling(lambda: calls.append("goes")):
            pass
        await asyncio.sleep(2 * TICK_SECONDS)
    assert set(calls) == {"stays"}
    await asyncio.sleep(TICK_SECONDS)
    assert own.is_still
    with own.calling(lambda: calls.append("comes")):
        await asyncio.sleep(2 * TICK_SECONDS)
    assert "comes" in calls


async def test_one_may_go_while_it_is_called():
    own = Pulse()
    calls: list[str] = []
    with ExitStack() as others:
        turn = ExitStack()

        def leave() -> None:
            calls.append("leaves")
            turn.close()

        turn.enter_context(own.calling(leave))
        for _ in range(2 * TURNS):
            others.enter_context(own.calling(lambda: calls.append("stays")))
        await asyncio.sleep(3 * TICK_SECONDS)
    assert calls.count("leaves") == 1
    assert calls.count("stays") >= 2 * TURNS


async def test_one_that_breaks_stops_nobody_elses_clock():
    errors: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
    own = Pulse()
    calls: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(own.calling(lambda: [][0]))
        for _ in range(TURNS):
            stack.enter_context(own.calling(lambda: calls.append("goes on")))
        await asyncio.sleep(4 * TICK_SECONDS)
    assert len(errors) >= 2
    assert len(calls) >= 2 * TURNS


def test_the_clock_of_a_loop_that_is_gone_is_forgotten():
    async def use() -> weakref.ref[asyncio.AbstractEventLoop]:
        with pulse().calling(lambda: None):
            await asyncio.sleep(0.02)
        await asyncio.sleep(2 * TICK_SECONDS)
        return weakref.ref(asyncio.get_running_loop())

    loop = asyncio.run(use())
    gc.collect()
    assert loop() is None
