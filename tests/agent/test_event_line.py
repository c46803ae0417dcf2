"""Events of an agent come in order, whether they are taken at once or wait."""

import asyncio

from agent.event_line import EventLine
from agent.session import AgentEvent, CallerStarted


def event(at_ms: int) -> AgentEvent:
    return CallerStarted(at_ms=at_ms)


def times(events: list[AgentEvent]) -> list[int]:
    return [each.at_ms for each in events if isinstance(each, CallerStarted)]


class Follower:
    """Takes events at once while it may, and the others from `events`."""

    def __init__(self, line: EventLine) -> None:
        self.line = line
        self.taken: list[AgentEvent] = []
        self.takes = True
        line.listen(self.take)

    def take(self, each: AgentEvent) -> bool:
        if self.takes:
            self.taken.append(each)
        return self.takes

    async def follow(self) -> None:
        async for each in self.line.events():
            self.taken.append(each)


async def test_events_are_taken_when_they_come():
    line = EventLine()
    follower = Follower(line)
    line.put(event(1), event(2))
    assert times(follower.taken) == [1, 2]
    assert len(line) == 0


async def test_what_came_before_anybody_listened_comes_first():
    line = EventLine()
    line.put(event(1))
    follower = Follower(line)
    line.put(event(2))
    assert times(follower.taken) == [1, 2]


async def test_what_is_refused_waits_and_nothing_overtakes_it():
    line = EventLine()
    follower = Follower(line)
    follower.takes = False
    line.put(event(1))
    line.put(event(2))
    following = asyncio.create_task(follower.follow())
    await asyncio.sleep(0)
    follower.takes = True
    line.put(event(3))
    line.end()
    await following
    assert times(follower.taken) == [1, 2, 3]


async def test_nothing_is_offered_while_an_event_from_the_line_is_being_taken():
    line = EventLine()
    offered: list[AgentEvent] = []
    line.put(event(1))
    events = line.events()
    assert times([await anext(events)]) == [1]
    line.listen(lambda each: not offered.append(each))
    line.put(event(2))
    assert offered == []
    assert times([await anext(events)]) == [2]


async def test_what_taking_an_event_brings_about_stands_behind_those_that_came_with_it():
    line = EventLine()
    taken: list[AgentEvent] = []

    def take(each: AgentEvent) -> bool:
        taken.append(each)
        if times([each]) == [1]:
            line.put(event(3))
        return True

    line.listen(take)
    line.put(event(1), event(2))
    assert times(taken) == [1, 2, 3]


async def test_after_the_end_what_was_not_taken_is_given_once():
    line = EventLine()
    line.put(event(1), event(2))
    line.end()
    async for _ in line.events():
        break
    assert times([each async for each in line.events()]) == [2]
    assert [each async for each in line.events()] == []
