"""A line that changes or loses what the carrier says on the media socket, before Aloha has it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[..., Awaitable[None]]
Frame = dict[str, Any]
Change = Callable[[Frame], Frame | None]


def behind_a_bad_line(application: Application, change: Change) -> Application:
    """The application as it is reached over such a line; a frame that is None is lost."""

    async def reached(scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def receive_changed() -> dict[str, Any]:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                frame = change(json.loads(message["text"]))
                if frame is not None:
                    return message | {"text": json.dumps(frame)}

        if scope["type"] != "websocket":
            await application(scope, receive, send)
            return
        # Without extensions no frame goes past this line.
        await application(scope | {"extensions": {}}, receive_changed, send)

    return reached
