"""Whether an owner is told now, later or never."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from voicemail.quiet_hours import Told, Wishes, decide

HOME = ZoneInfo("America/Los_Angeles")
NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}
NOON_REST = {"quiet_from": time(12), "quiet_until": time(14)}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HOME)


@pytest.mark.parametrize(
    ("wishes", "urgent", "now", "told", "since"),
    [
        pytest.param({}, False, at(1, 12), Told.NOW, at(1, 12), id="everything"),
        pytest.param({"all_messages": False}, False, at(1, 12), Told.NEVER, None, id="urgent only"),
        pytest.param({"all_messages": False}, True, at(1, 12), Told.NOW, None, id="and it is"),
        pytest.param(
            {"all_messages": False, "urgent_messages": False},
            *(True, at(1, 12), Told.NEVER, None),
            id="nothing",
        ),
        pytest.param(NIGHT, False, at(1, 21, 59), Told.NOW, None, id="before the night"),
        pytest.param(NIGHT, False, at(1, 22), Told.LATER, at(2, 7), id="as it begins"),
        pytest.param(NIGHT, False, at(2, 3), Told.LATER, at(2, 7), id="after midnight"),
        pytest.param(NIGHT, False, at(2, 7), Told.NOW, None, id="as it ends"),
        pytest.param(NIGHT, True, at(2, 3), Told.NOW, None, id="urgent passes"),
        pytest.param(
            NIGHT | {"urgent_passes": False},
            *(True, at(2, 3), Told.LATER, at(2, 7)),
            id="unless she sleeps",
        ),
        pytest.param(NOON_REST, False, at(1, 13), Told.LATER, at(1, 14), id="by day"),
        pytest.param(NOON_REST, False, at(1, 15), Told.NOW, None, id="after it"),
        pytest.param(
            {"quiet_from": time(9), "quiet_until": time(9)},
            *(False, at(1, 9), Told.NOW, None),
            id="no length",
        ),
    ],
)
def test_the_owner_is_told_when_she_wants_to_be(wishes, urgent, now, told, since):
    decision, moment = decide(Wishes(**wishes), is_urgent=urgent, now=now)
    assert decision is told
    assert since is None or moment == since
