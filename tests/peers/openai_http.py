"""Part of OpenAI's HTTP API on loopback: strict about the request, told what to answer."""

import email.parser
import email.policy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-loopback"
MODELS = {"gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1"}
FIELDS = {"model", "file", "response_format", "language", "keywords", "prompt", "temperature"}
# Seconds that a "hang" lasts: longer than any client waits in a test.
HANG_S = 1.0


@dataclass
class Transcriptions:
    """What was asked; `words` are given one request after the other, the last again and again.

    `fault` is a status to answer, "drop", "garbled" or "hang".
    """

    words: list[str] = field(default_factory=lambda: ["Hello, this is Hana."])
    fault: int | str = 0
    requests: list[dict[str, bytes]] = field(default_factory=list)
    base_url: str = ""
    offered: list[str] = field(
        default_factory=lambda: sorted(MODELS | {"gpt-realtime-2.1", "gpt-5.6-luna"})
    )

    def models(self, authorization: str) -> tuple[int, object]:
        if authorization != f"Bearer {KEY}":
            return 401, _error("invalid_api_key")
        if isinstance(self.fault, int) and self.fault:
            return self.fault, _error("told_to_fail")
        described = {"object": "model", "created": 1_790_000_000, "owned_by": "system"}
        return 200, {"object": "list", "data": [{"id": id_} | described for id_ in self.offered]}

    def answer(self, form: dict[str, bytes], authorization: str) -> tuple[int, object]:
        if authorization != f"Bearer {KEY}":
            return 401, _error("invalid_api_key")
        if isinstance(self.fault, int) and self.fault:
            return self.fault, _error("told_to_fail")
        if form.keys() - FIELDS or form.get("model", b"").decode() not in MODELS:
            return 400, _error("invalid_request_error")
        if form.get("response_format") != b"json" or form["file"][:4] != b"RIFF":
            return 400, _error("invalid_request_error")
        if len(form.get("language", b"en")) != 2:
            return 400, _error("invalid_language_format")
        self.requests.append(form)
        words = self.words[min(len(self.requests), len(self.words)) - 1]
        return 200, {"text": words, "usage": {"type": "duration", "seconds": 3.0}}


def _error(code: str) -> dict[str, object]:
    return {"error": {"message": code, "type": "error", "code": code, "param": None}}


def parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form with files in it."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


@contextmanager
def transcriptions() -> Iterator[Transcriptions]:
    """Serve until the block ends."""
    api = Transcriptions()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/v1/models":
                return self._send(404, _error("not_found"))
            return self._send(*api.models(self.headers["Authorization"]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/v1/audio/transcriptions":
                return self._send(404, _error("not_found"))
            if api.fault == "drop":
                self.close_connection = True
                return None
            if api.fault == "hang":
                time.sleep(HANG_S)
            if api.fault == "garbled":
                return self._send(200, ["not", "that"])
            form = parts(self.headers["Content-Type"], body)
            return self._send(*api.answer(form, self.headers["Authorization"]))

        def _send(self, status: int, answer: object) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *message: object) -> None:
            """Nothing: the test looks at `requests`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
