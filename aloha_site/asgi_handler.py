"""Django's ASGI handler, without the cycle of objects that it leaves behind every request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class Handler(ASGIHandler):
    """Django's own but for how it learns that the client is gone.

    A server says so after every answer too. Django raises an exception then, which holds the
    handler's frame, which holds the task that holds the exception: request, answer and a hundred
    objects more wait for the garbage collector, and its passes stop the audio of all calls.
    """

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the client is gone: what is still at work is cancelled all the same."""
        await receive()


def asgi_handler() -> Handler:
    """What `django.core.asgi.get_asgi_application` gives, with this handler."""
    django.setup(set_prefix=False)
    return Handler()
