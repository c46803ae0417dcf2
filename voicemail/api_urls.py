"""The voicemail API's addresses; exact, without a slash at the end."""

from django.urls import path

from voicemail import api, api_messages, api_settings

urlpatterns = [
    path(
        "api/telephony/voicemail/settings",
        api.VoicemailSettings.as_view(),
        name="api_voicemail_settings",
    ),
    path("api/messages", api_messages.Messages.as_view(), name="api_messages"),
    path("api/messages/<uuid:message_id>", api_messages.OneMessage.as_view(), name="api_message"),
    path(
        "api/message-settings",
        api_settings.MessageSettings.as_view(),
        name="api_message_settings",
    ),
]
