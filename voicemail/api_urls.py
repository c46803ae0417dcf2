"""The voicemail API's addresses; exact, without a slash at the end."""

from django.urls import path

from voicemail import api

urlpatterns = [
    path(
        "api/telephony/voicemail/settings",
        api.VoicemailSettings.as_view(),
        name="api_voicemail_settings",
    ),
]
