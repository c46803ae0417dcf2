"""OpenAI's Responses API on loopback: keeps what was asked, answers what the test says.

The same address writes down speech, as OpenAI's does.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.peers.openai_http import Transcriptions, parts

GOOD = {
    "caller_name": "Hana Ito",
    "reason": "The boiler leaks and she wants a visit today.",
    "urgency": "high",
    "callback_number": None,
    "summary": "Water runs under the kitchen door. She is home until six.",
}


@dataclass
class ResponsesApi:
    """What was asked, and what is answered: fields, a text as it is, or a status.

    `on_request` is called before each answer of either kind.
    """

    answer: dict[str, Any] | str = field(default_factory=lambda: dict(GOOD))
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None
    base_url: str = ""
    speech: Transcriptions = field(default_factory=Transcriptions)

    def body(self, request: dict[str, Any]) -> dict[str, Any]:
        """A whole response object, as the API documents it."""
        if self.status != 200:
            return {"error": {"message": "refused", "type": "server_error", "code": None}}
        text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer)
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_780_000_000,
            "status": "completed",
            "model": request["model"],
            "output": [message | {"content": [part]}],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
        }


@contextmanager
def responses_api() -> Iterator[ResponsesApi]:
    """Serve until the block ends."""
    api = ResponsesApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers["Authorization"]
            api.on_request()
            if self.path == "/v1/audio/transcriptions":
                form = parts(self.headers["Content-Type"], content)
                self._send(*api.speech.answer(form, key))
                return
            sent = json.loads(content)
            api.requests.append(sent | {"path": self.path, "key": key})
            self._send(api.status, api.body(sent))

        def _send(self, status: int, answer: object) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    api.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
