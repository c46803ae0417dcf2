"""As much of the WebSocket protocol as a load generator needs, cheap. Pure.

Frames are whole messages, which all candidates send. Ours to a server are masked, as RFC 6455
wants it, with the key zero: the server unmasks all the same, and we have nothing to do.
"""

import base64
import hashlib

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
SHORT, MEDIUM = 125, 126
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_NO_MASK = bytes(4)


class NotSpoken(Exception):
    """The other side sent what this generator does not understand."""


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A frame to a server."""
    size = len(payload)
    if size <= SHORT:
        return bytes((0x80 | opcode, 0x80 | size)) + _NO_MASK + payload
    return bytes((0x80 | opcode, 0x80 | MEDIUM)) + size.to_bytes(2) + _NO_MASK + payload


def server_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A frame to a client."""
    size = len(payload)
    if size <= SHORT:
        return bytes((0x80 | opcode, size)) + payload
    return bytes((0x80 | opcode, MEDIUM)) + size.to_bytes(2) + payload


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Whole frames as opcode and unmasked payload, and the beginning of the next one."""
    frames = []
    at, end = 0, len(data)
    while end - at >= 2:
        first, second = data[at], data[at + 1]
        size, head = second & 0x7F, at + 2
        if size == MEDIUM:
            size, head = int.from_bytes(data[head : head + 2]), head + 2
        elif size > MEDIUM:
            size, head = int.from_bytes(data[head : head + 8]), head + 8
        mask = data[head : head + 4] if second & 0x80 else b""
        head += len(mask)
        if head + size > end:
            break
        if not first & 0x80:
            raise NotSpoken("A message in several frames.")
        payload = data[head : head + size]
        frames.append((first & 0x0F, unmask(payload, mask) if mask else payload))
        at = head + size
    return frames, data[at:]


def unmask(payload: bytes, mask: bytes) -> bytes:
    """A client's payload as it was before it was masked."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)


def upgrade_request(host: str, path: str, headers: dict[str, str]) -> bytes:
    """A client's handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def upgrade_answer(request: bytes) -> bytes:
    """A server's handshake to such a request, whatever it asks for beside."""
    fields = dict(line.lower().partition(b": ")[::2] for line in request.split(b"\r\n"))
    if b"sec-websocket-key" not in fields:
        raise NotSpoken("No WebSocket handshake.")
    name = b"sec-websocket-key: "
    at = request.lower().index(name) + len(name)
    key = request[at : request.index(b"\r\n", at)]
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  # RFC 6455 says so
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
