"""A mail server on loopback that keeps mails, and fails where the test says."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class MailServer:
    """The mails it took responsibility for; `at(moment)` is called at every step.

    Moments: connect, MAIL, RCPT, DATA, text (all of it is here), kept (before the answer), QUIT.
    `refuse` maps a moment to the code that is answered there; at `hang_up_at` it goes silent.
    """

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    hang_up_at: str = ""
    at: Callable[[str], None] = lambda moment: None
    port: int = 0

    @property
    def url(self) -> str:
        """As EMAIL_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"


class _HungUp(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    """One client, from its greeting to its QUIT."""

    server: "_Server"

    def handle(self) -> None:
        try:
            self.converse()
        except (_HungUp, ConnectionError, ValueError):
            return

    def reach(self, moment: str, answer: str) -> bool:
        """Call the test's hook, then answer; whether it was a yes."""
        kept = self.server.kept
        kept.at(moment)
        if kept.hang_up_at == moment:
            raise _HungUp
        code = kept.refuse.get(moment)
        self.wfile.write(f"{code} no\r\n".encode() if code else f"{answer}\r\n".encode())
        return code is None

    def converse(self) -> None:
        self.reach("connect", "220 loopback")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            accepted = self.reach(verb, "354 go on" if verb == "DATA" else "250 ok")
            if verb == "RCPT" and accepted:
                self.server.kept.recipients.append(line.split(":", 1)[1].strip(" <>"))
            if verb == "DATA" and accepted:
                self.take()
            if verb == "QUIT":
                return

    def take(self) -> None:
        kept, text = self.server.kept, bytearray()
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            text += line.removeprefix(b".") if line.startswith(b"..") else line
        if "text" in kept.refuse or kept.hang_up_at == "text":
            self.reach("text", "")
            return
        kept.at("text")
        kept.mails.append(email.message_from_bytes(bytes(text), policy=email.policy.default))
        self.reach("kept", "250 kept")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, kept: MailServer) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.kept = kept


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve until the block ends."""
    kept = MailServer()
    server = _Server(kept)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
