"""Whole text messages are cut out of what a socket receives; everything else goes its old way."""

import pytest
from websockets.frames import Frame, Opcode

from agent.text_frames import FrameCutter, text_frame

MASK = b"\x01\x02\x03\x04"
MAX_BYTES = 1_000


class Sorted:
    """A cutter with what it gave away, to whom, in order."""

    def __init__(self, *, is_masked: bool, takes: bool = True) -> None:
        self.given: list[tuple[str, bytes]] = []
        self.takes = takes
        self.cutter = FrameCutter(
            self._take,
            lambda data: self.given.append(("passed on", data)),
            is_masked=is_masked,
            max_bytes=MAX_BYTES,
        )

    def _take(self, payload: bytes) -> bool:
        if self.takes:
            self.given.append(("taken", payload))
        return self.takes


def frame(opcode: Opcode, payload: bytes, *, masked: bool, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin=fin).serialize(mask=masked)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 255, 256, MAX_BYTES])
@pytest.mark.parametrize("masked", [True, False])
def test_a_text_message_is_taken_whole(size, masked):
    sorts = Sorted(is_masked=masked)
    payload = bytes(65 + at % 26 for at in range(size))
    sorts.cutter.feed(frame(Opcode.TEXT, payload, masked=masked))
    assert sorts.given == [("taken", payload)]


@pytest.mark.parametrize("size", [0, 125, 126, 0xFFFF])
@pytest.mark.parametrize("mask", [b"", MASK])
def test_what_is_written_is_a_frame_of_the_protocol(size, mask):
    written = text_frame(b"x" * size, mask)
    head = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    assert len(written) == len(head) + len(mask)
    if not mask:
        assert written == head


def test_what_a_client_writes_is_read_as_it_was():
    sorts = Sorted(is_masked=True)
    sorts.cutter.feed(text_frame(b"Hello", MASK) + text_frame(b"y" * 200, MASK))
    assert sorts.given == [("taken", b"Hello"), ("taken", b"y" * 200)]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 400])
def test_frames_come_in_pieces_of_any_size(step):
    sorts = Sorted(is_masked=True)
    ping = frame(Opcode.PING, b"there?", masked=True)
    data = (
        text_frame(b"a" * 300, MASK)
        + ping
        + text_frame(b"b", MASK)
        + frame(Opcode.TEXT, b"c" * 126, masked=True)
    )
    for at in range(0, len(data), step):
        sorts.cutter.feed(data[at : at + step])
    assert sorts.given == [
        ("taken", b"a" * 300),
        ("passed on", ping),
        ("taken", b"b"),
        ("taken", b"c" * 126),
    ]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(frame(Opcode.BINARY, b"\x00", masked=True), id="binary"),
        pytest.param(frame(Opcode.CLOSE, b"\x03\xe8", masked=True), id="close"),
        pytest.param(frame(Opcode.TEXT, b"bare", masked=False), id="not masked"),
        pytest.param(b"\xc1" + frame(Opcode.TEXT, b"?", masked=True)[1:], id="compressed"),
        pytest.param(b"\x83" + frame(Opcode.TEXT, b"?", masked=True)[1:], id="unknown opcode"),
    ],
)
def test_every_other_frame_is_passed_on_as_it_came(other):
    sorts = Sorted(is_masked=True)
    sorts.cutter.feed(other + text_frame(b"text", MASK))
    assert sorts.given == [("passed on", other), ("taken", b"text")]


def test_a_message_in_several_frames_is_passed_on_with_what_comes_in_between():
    sorts = Sorted(is_masked=False)
    pieces = [
        frame(Opcode.TEXT, b"one", masked=False, fin=False),
        frame(Opcode.PING, b"", masked=False),
        frame(Opcode.TEXT, b"an error here", masked=False),
        frame(Opcode.CONT, b"two", masked=False, fin=True),
    ]
    sorts.cutter.feed(b"".join(pieces[:2]) + pieces[3] + text_frame(b"after"))
    assert sorts.given[:3] == [("passed on", pieces[at]) for at in (0, 1, 3)]
    assert sorts.given[3] == ("taken", b"after")
    sorts.given.clear()
    sorts.cutter.feed(b"".join(pieces[:3]))
    assert sorts.given == [("passed on", piece) for piece in pieces[:3]]


def test_what_is_refused_is_passed_on():
    sorts = Sorted(is_masked=False, takes=False)
    sorts.cutter.feed(text_frame(b"later"))
    assert sorts.given == [("passed on", text_frame(b"later"))]


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 1 << 40])
def test_a_frame_that_is_too_long_is_passed_on_at_once_with_all_behind_it(size):
    sorts = Sorted(is_masked=False)
    head = b"\x81\x7f" + size.to_bytes(8)
    sorts.cutter.feed(head)
    sorts.cutter.feed(b"xx" + text_frame(b"never read"))
    assert sorts.given == [("passed on", head), ("passed on", b"xx" + text_frame(b"never read"))]
