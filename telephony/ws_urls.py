"""Sockets only the carrier opens."""

from django.urls import path

from telephony.consumers import MediaStreamConsumer

urlpatterns = [
    path("api/twilio/voice/stream/<str:token>", MediaStreamConsumer.as_asgi()),
]
