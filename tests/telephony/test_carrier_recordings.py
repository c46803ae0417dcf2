"""Messages after the tone, fetched from the carrier: what counts as one, and what becomes of it."""

from collections.abc import Iterator

import pytest

from agent.speech.wav import MAX_SECONDS, mulaw_header
from telephony import recording
from telephony.errors import ProviderUnclear
from telephony.models import Call, CarrierRecording, Recording
from tests.factories import make_call, make_number
from tests.peers.twilio_rest import TwilioAccount, twilio_peer

SID = "RE" + "0" * 32
AUDIO = b"\x10\x20" * 4_000
WAV = mulaw_header(len(AUDIO), channels=1) + AUDIO


@pytest.fixture
def account(settings, db) -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


@pytest.fixture
def call(account, owner) -> Call:
    call = make_call(make_number(owner), simulated=False)
    CarrierRecording.objects.create(call=call, sid=SID)
    return call


def test_a_message_is_stored_and_is_no_longer_waited_for(account, call):
    account.recordings[SID] = WAV
    recording.fetch_carrier_recordings(call)
    assert Recording.objects.get().duration_ms == 1_000
    assert not CarrierRecording.objects.waiting().exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "", id="0 bytes"),
        pytest.param(mulaw_header(0, channels=1), "holds no audio", id="no audio in it"),
        pytest.param(b"<html>not found</html>", "", id="not audio"),
        pytest.param(WAV[:40], "", id="half a header"),
        pytest.param(
            mulaw_header(8_000 * (MAX_SECONDS + 60), channels=1)
            + bytes(8_000 * (MAX_SECONDS + 60)),
            "15 minutes",
            id="longer than any message can be",
        ),
        pytest.param(bytes(33 * 1024 * 1024), "32 MiB", id="larger than any message can be"),
    ],
)
def test_what_is_no_message_is_told_and_given_up(account, call, caplog, content, reason):
    account.recordings[SID] = content
    recording.fetch_carrier_recordings(call)
    assert reason in CarrierRecording.objects.get().lost_because
    assert CarrierRecording.objects.get().lost_because
    assert "carrier recording lost" in caplog.text
    assert not Recording.objects.exists()


@pytest.mark.parametrize("fault", ["drop", "500"])
def test_a_message_that_cannot_be_had_now_is_waited_for(account, call, fault):
    account.faults["GET"] = fault
    with pytest.raises(ProviderUnclear):
        recording.fetch_carrier_recordings(call)
    assert CarrierRecording.objects.waiting().exists()


def test_in_the_end_it_is_put_off_and_told(account, call, caplog):
    recording.fetch_carrier_recordings(call, give_up=True)
    assert CarrierRecording.objects.put_off().exists()
    assert "carrier recording put off" in caplog.text


def test_storage_that_fails_does_not_make_a_message_lost(account, call, settings, tmp_path):
    account.recordings[SID] = WAV
    (tmp_path / "file").write_text("no folder")
    settings.MEDIA_ROOT = tmp_path / "file" / "recordings"
    with pytest.raises(OSError, match="Not a directory"):
        recording.fetch_carrier_recordings(call, give_up=True)
    assert CarrierRecording.objects.waiting().exists()
