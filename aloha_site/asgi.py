"""The ASGI application: pages and webhooks by Django, sockets by Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aloha_site.settings")

from aloha_site.asgi_handler import asgi_handler

django_application = asgi_handler()

# Rooms may only be imported once Django's apps are ready.
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from aloha_site import ws_urls as browser_sockets
from aloha_site.limits import RequestLimits
from aloha_site.sockets import OwnDatabaseThread, refuse_socket
from telephony import ws_urls

application = ProtocolTypeRouter(
    {
        "http": RequestLimits(django_application),  # type: ignore[arg-type]  # wider mappings
        "websocket": OwnDatabaseThread(
            # Channels routes to ASGI applications where Django's types expect views.
            URLRouter(
                [
                    *ws_urls.urlpatterns,
                    *browser_sockets.urlpatterns,
                    re_path(r"", refuse_socket),  # type: ignore[arg-type]
                ]
            )
        ),
    }
)
