"""The part of an owner's archive that people read, made from what the JSON beside it holds."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from telephony.models import NumberStatus

_STATES: dict[str, str] = {
    NumberStatus.PURCHASING: "being taken",
    NumberStatus.ACTIVE: "in service",
    NumberStatus.RELEASING: "being released",
    NumberStatus.RELEASED: "released",
    NumberStatus.FAILED: "not taken",
    NumberStatus.LOST: "lost",
}


def page_pieces(about: dict[str, Any], calls: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    """The page, a few calls at a time; times are those of the owner's time zone."""
    zone = ZoneInfo(about["account"]["timeZone"])
    numbers = [row | {"state": _STATES[row["status"]]} for row in about["numbers"]]
    exported_at = datetime.fromisoformat(about["exportedAt"])
    yield _rendered("head", zone, about | {"numbers": numbers, "exported_at": exported_at})
    for some in calls:
        rows = [call | {"began": datetime.fromisoformat(call["startedAt"])} for call in some]
        yield _rendered("calls", zone, {"calls": rows, "agent_name": about["agent"]["name"]})
    yield "</body>\n</html>\n"


def _rendered(template: str, zone: ZoneInfo, context: dict[str, Any]) -> str:
    with timezone.override(zone):
        return render_to_string(f"voicemail/export/{template}.html", context)
