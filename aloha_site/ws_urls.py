"""Sockets that pages open: only from our own origin, with the log-in of the page."""

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from aloha_site.phone_socket import PhoneConsumer
from aloha_site.sockets import ReadableCookies

urlpatterns = [
    path(
        "aloha/phone/call",
        AllowedHostsOriginValidator(ReadableCookies(AuthMiddlewareStack(PhoneConsumer.as_asgi()))),
    ),
]
