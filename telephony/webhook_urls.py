"""Addresses only the carrier calls."""

from django.urls import path

from telephony import probe_webhooks, webhooks

urlpatterns = [
    path("api/twilio/voice/incoming", webhooks.incoming, name="voice_incoming"),
    path("api/twilio/voice/after-stream", webhooks.after_stream, name="voice_after_stream"),
    path("api/twilio/voice/status", webhooks.status, name="voice_status"),
    path("api/twilio/voice/stream-status", webhooks.stream_status, name="voice_stream_status"),
    path("api/twilio/voice/key", webhooks.key_pressed, name="voice_key"),
    path("api/twilio/voice/fallback", webhooks.fallback, name="voice_fallback"),
    path("api/twilio/voice/recording", webhooks.recording, name="voice_recording"),
    path(
        "api/twilio/voice/probe/<uuid:call_id>",
        probe_webhooks.probe_answered,
        name="probe_answered",
    ),
    path("api/twilio/voice/probe/<uuid:call_id>/key", probe_webhooks.probe_key, name="probe_key"),
    path(
        "api/twilio/voice/probe/<uuid:call_id>/status",
        probe_webhooks.probe_status,
        name="probe_status",
    ),
]
