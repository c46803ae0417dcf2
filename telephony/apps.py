"""The telephony room."""

from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    """The telephony room."""

    name = "telephony"
