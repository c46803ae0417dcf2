"""System checks of the settings for outgoing calls."""

from typing import Any

import phonenumbers
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from telephony.backends.base import MAX_RING_S, MachineDetection

MACHINE_POLICIES = {
    "message": MachineDetection.AT_END,
    "hang_up": MachineDetection.AT_START,
    "talk": MachineDetection.OFF,
}


@register
def check_outbound_settings(**kwargs: Any) -> list[CheckMessage]:
    """Words and figures that make no sense would refuse every call, or let too many out."""
    unknown = set(settings.OUTBOUND_COUNTRIES) - phonenumbers.SUPPORTED_REGIONS
    hours_fit = 0 <= settings.OUTBOUND_FIRST_HOUR < settings.OUTBOUND_LAST_HOUR <= 24
    faults = {
        f"OUTBOUND_COUNTRIES names {', '.join(sorted(unknown))}, which are no countries.": unknown,
        "OUTBOUND_FIRST_HOUR must come before OUTBOUND_LAST_HOUR, from 0 to 24.": not hours_fit,
        f"OUTBOUND_RING_SECONDS must be 1 to {MAX_RING_S}.": not (
            1 <= settings.OUTBOUND_RING_SECONDS <= MAX_RING_S
        ),
        "OUTBOUND_MACHINE must be message, hang_up or talk.": (
            settings.OUTBOUND_MACHINE not in MACHINE_POLICIES
        ),
    }
    return [Error(text, id="telephony.E010") for text, is_wrong in faults.items() if is_wrong]
