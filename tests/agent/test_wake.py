"""What a task waits for until somebody sets it."""

import asyncio

import pytest

from agent.wake import Wake


async def test_all_who_wait_go_on_even_if_it_is_cleared_at_once():
    wake = Wake()
    waiting = [asyncio.create_task(wake.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    wake.set()
    wake.clear()
    await asyncio.wait_for(asyncio.gather(*waiting), 1)


async def test_once_set_nobody_waits_until_it_is_cleared():
    wake = Wake()
    wake.set()
    await asyncio.wait_for(wake.wait(), 1)
    wake.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wake.wait(), 0.01)


async def test_who_gives_up_takes_nobody_along():
    wake = Wake()
    patient, hasty = (asyncio.create_task(wake.wait()) for _ in range(2))
    await asyncio.sleep(0)
    hasty.cancel()
    await asyncio.sleep(0)
    assert not patient.done()
    wake.set()
    await asyncio.wait_for(patient, 1)
    assert hasty.cancelled()
