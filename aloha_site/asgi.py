"""The ASGI application: pages and webhooks by Django, sockets by Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aloha_site.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
