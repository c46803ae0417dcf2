"""Addresses only the carrier calls."""

from django.urls import path

from telephony import webhooks

urlpatterns = [
    path("api/twilio/voice/incoming", webhooks.incoming, name="voice_incoming"),
    path("api/twilio/voice/after-stream", webhooks.after_stream, name="voice_after_stream"),
    path("api/twilio/voice/status", webhooks.status, name="voice_status"),
    path("api/twilio/voice/stream-status", webhooks.stream_status, name="voice_stream_status"),
    path("api/twilio/voice/key", webhooks.key_pressed, name="voice_key"),
    path("api/twilio/voice/fallback", webhooks.fallback, name="voice_fallback"),
    path("api/twilio/voice/recording", webhooks.recording, name="voice_recording"),
]
