"""When people may be called: by the clock where their phone belongs."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone as phone_zones


def is_quiet(phone_number: str, *, now: datetime, first_hour: int, last_hour: int) -> bool:
    """Whether it is before `first_hour`, or `last_hour` or later, where the phone may be.

    A number that fits several time zones is called when it is day in all of them; one that fits
    none is never called. `now` is an aware time.
    """
    local_times = [_local(now, zone) for zone in zones_of(phone_number)]
    return not local_times or any(
        local is None or not first_hour <= local.hour < last_hour for local in local_times
    )


def zones_of(phone_number: str) -> tuple[str, ...]:
    """The time zones where a number may be; empty when nothing is known."""
    zones = phone_zones.time_zones_for_number(phonenumbers.parse(phone_number))
    return tuple(zone for zone in zones if zone != phone_zones.UNKNOWN_TIMEZONE)


def _local(now: datetime, zone: str) -> datetime | None:
    try:
        return now.astimezone(ZoneInfo(zone))
    except ZoneInfoNotFoundError:
        return None
