"""What is wrong with the set-up of the Live agent, for Django's system checks."""

from collections.abc import Sequence

from django.core.checks import CheckMessage

from agent.backends.live_commands import LiveOptions
from agent.backends.live_socket import LiveAddress
from agent.backends.live_usage import LivePrice
from agent.backends.realtime_checks import address_faults, proxy_passed_by, unknown_prices

EXAMPLE = "wss://api.openai.com/v1/live/sessions"


def check(
    address: LiveAddress, options: LiveOptions, prices: Sequence[LivePrice]
) -> list[CheckMessage]:
    """Everything found."""
    return [
        *address_faults(address.url, variable="OPENAI_LIVE_URL", example=EXAMPLE),
        *proxy_passed_by(address.url),
        *unknown_prices((options.model, options.task_model), {price.model for price in prices}),
    ]
