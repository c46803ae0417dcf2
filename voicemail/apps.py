"""The voicemail room."""

from django.apps import AppConfig


class VoicemailConfig(AppConfig):
    """The voicemail room."""

    name = "voicemail"
