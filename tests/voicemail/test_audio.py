"""Recordings over HTTP: single ranges, for their owner only."""

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.urls import reverse

from tests.factories import make_number
from tests.voicemail.messages import ended_call, leave_message
from voicemail.models import Message

pytestmark = pytest.mark.V5


@pytest.fixture
def message(owner) -> Message:
    return leave_message(make_number(owner))


@pytest.fixture
def url(message) -> str:
    return reverse("message_audio", args=[message.id])


@pytest.fixture
def audio(message) -> bytes:
    with message.call.recording.file.open("rb") as file:
        return file.read()


@pytest.fixture
def as_owner(client, owner) -> Client:
    client.force_login(owner)
    return client


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_without_a_range_the_whole_recording_comes(as_owner, url, audio):
    answer = as_owner.get(url)
    assert (answer.status_code, body(answer)) == (200, audio)
    assert answer["Content-Length"] == str(len(audio))


def test_the_answer_is_private_audio_that_nobody_sniffs(as_owner, url, message):
    answer = as_owner.get(url)
    body(answer)
    assert answer["Content-Type"] == "audio/wav"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("private")
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["ETag"] == f'"{message.call.recording.sha256}"'


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        pytest.param("bytes=0-", 0, -1, id="everything, as Chromium asks first"),
        pytest.param("bytes=0-1", 0, 1, id="two bytes, as Safari asks first"),
        pytest.param("bytes=0-0", 0, 0, id="one byte"),
        pytest.param("bytes=100-199", 100, 199, id="in the middle"),
        pytest.param("bytes=100-", 100, -1, id="from the middle to the end"),
        pytest.param("bytes=-100", -100, -1, id="the last hundred"),
        pytest.param("bytes=-9999999", 0, -1, id="the last of more than there is"),
        pytest.param("bytes=10-9999999", 10, -1, id="beyond the end"),
        pytest.param("Bytes=10-19", 10, 19, id="the unit in other letters"),
        pytest.param("bytes = 10-19 ", 10, 19, id="with blanks"),
    ],
)
def test_one_range_is_answered_with_just_that_part(as_owner, url, audio, header, first, last):
    size = len(audio)
    first, last = first % size, last % size
    answer = as_owner.get(url, headers={"Range": header})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert answer["Content-Length"] == str(last - first + 1)
    assert body(answer) == audio[first : last + 1]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("bytes=", id="nothing"),
        pytest.param("bytes=-", id="only a dash"),
        pytest.param("bytes=5-2", id="end before start"),
        pytest.param("bytes=a-b", id="letters"),
        pytest.param("bytes=0x10-20", id="hexadecimal"),
        pytest.param("bytes=٣-٩", id="digits of another script"),
        pytest.param("items=0-5", id="another unit"),
        pytest.param("bytes=0-1,5-6", id="several ranges"),
        pytest.param("0-5", id="no unit"),
        pytest.param(f"bytes=0-{'9' * 5000}", id="more digits than Python reads"),
    ],
)
def test_a_range_that_cannot_be_used_counts_as_absent(as_owner, url, audio, header):
    answer = as_owner.get(url, HTTP_RANGE=header)
    assert (answer.status_code, body(answer)) == (200, audio)


@pytest.mark.parametrize("header", ["bytes=9999999-", "bytes=9999999-99999999", "bytes=-0"])
def test_a_range_behind_the_end_is_refused_with_the_size(as_owner, url, audio, header):
    answer = as_owner.get(url, headers={"Range": header})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(audio)}"
    assert answer.content == b""


def test_if_range_with_the_same_tag_gives_the_part(as_owner, url, message):
    etag = f'"{message.call.recording.sha256}"'
    answer = as_owner.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (answer.status_code, len(body(answer))) == (206, 10)


@pytest.mark.parametrize("other", ['"older"', "Wed, 25 Nov 2026 08:00:00 GMT"])
def test_if_range_with_anything_else_gives_the_whole(as_owner, url, audio, other):
    answer = as_owner.get(url, headers={"Range": "bytes=0-9", "If-Range": other})
    assert (answer.status_code, body(answer)) == (200, audio)


def test_an_unchanged_recording_is_not_sent_again(as_owner, url, message):
    etag = f'"{message.call.recording.sha256}"'
    answer = as_owner.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(("header", "status"), [("", 200), ("bytes=0-9", 206)])
def test_head_answers_with_the_length_and_no_body(as_owner, url, audio, header, status):
    answer = as_owner.head(url, headers={"Range": header} if header else {})
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer["Content-Length"] == str(10 if header else len(audio))


def test_a_stranger_learns_nothing(client, stranger, url):
    client.force_login(stranger)
    assert client.get(url).status_code == 404


def test_a_visitor_is_sent_to_the_log_in(client, url):
    assert client.get(url).url == f"/accounts/login/?next={url}"


def test_a_message_without_a_recording_has_no_audio(as_owner, owner):
    message = Message.objects.create(call=ended_call(make_number(owner), 1))
    assert as_owner.get(reverse("message_audio", args=[message.id])).status_code == 404


def test_a_recording_whose_file_is_gone_has_no_audio(as_owner, url, message):
    message.call.recording.file.storage.delete(message.call.recording.file.name)
    assert as_owner.get(url).status_code == 404


class GoneMeanwhile(FileSystemStorage):
    """Has files whose size it tells, and which are gone when they are opened."""

    def open(self, name, mode="rb"):
        raise FileNotFoundError(name)


class ClientGaveUp(Exception):
    """As clients of storages elsewhere raise; it is no OSError."""


class Away(FileSystemStorage):
    """Whose client finds no server."""

    def size(self, name):
        raise ClientGaveUp


class BreaksOff(FileSystemStorage):
    """Whose client finds its server and cannot read from it."""

    def open(self, name, mode="rb"):
        raise ClientGaveUp


@pytest.fixture
def stored_in(settings, message):
    def change(storage: type) -> None:
        other = {"BACKEND": f"{__name__}.{storage.__name__}"}
        settings.STORAGES = settings.STORAGES | {"default": other}

    return change


def test_a_file_that_goes_while_it_is_asked_for_is_not_announced(as_owner, url, stored_in):
    stored_in(GoneMeanwhile)
    assert as_owner.get(url).status_code == 404


@pytest.mark.parametrize("storage", [Away, BreaksOff])
@pytest.mark.parametrize("of_call", [False, True], ids=["message", "call"])
def test_a_storage_that_is_away_asks_to_come_back(
    as_owner, url, message, stored_in, storage, of_call
):
    stored_in(storage)
    answer = as_owner.get(reverse("call_audio", args=[message.call_id]) if of_call else url)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "away for a moment" in answer.content.decode()


def test_what_cannot_be_downloaded_is_told_as_a_page(as_owner, url, stored_in):
    stored_in(Away)
    assert "Content-Disposition" not in as_owner.get(url, {"download": ""})


@pytest.mark.django_db(transaction=True)
async def test_the_audio_comes_in_pieces_under_asgi(async_client, owner, url, audio):
    await async_client.aforce_login(owner)
    answer = await async_client.get(url, headers={"Range": "bytes=10-"})
    assert b"".join([piece async for piece in answer.streaming_content]) == audio[10:]
