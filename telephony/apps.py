"""The telephony room."""

from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    """The telephony room."""

    name = "telephony"

    def ready(self) -> None:
        """Register the system checks."""
        from telephony import checks, outbound_checks  # noqa: F401
