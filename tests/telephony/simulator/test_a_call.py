"""Whole calls over loopback, against a server that is not ours."""

import asyncio
import base64
import re
import time
from email.utils import parsedate_to_datetime

import pytest

from agent.speech import wav
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.errors import ServerUnreachable
from telephony.simulator.events import CallEvent, Party, StreamClosed
from telephony.simulator.result import AnsweredBy
from tests.peers import answering_app
from tests.peers.answering_app import AnsweringApp, Stream
from tests.telephony.simulator.calling import CALLER, LOUD, OWNER, Caller, place


async def test_the_first_webhook_has_every_field_of_an_incoming_call(app, tmp_path):
    app.answers[answering_app.INCOMING] = answering_app.HANG_UP
    await place(app, tmp_path, forwarded_from="+14155550999")
    request = app.requests[0]
    assert request.headers["User-Agent"] == "TwilioProxy/1.1"
    assert re.fullmatch(r"SIMULATED_CALL_[0-9a-f]{32}", request.form["CallSid"])
    expected = {
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": CALLER,
        "Caller": CALLER,
        "To": OWNER,
        "Called": OWNER,
        "ForwardedFrom": "+14155550999",
        "FromCity": "",
        "CalledCountry": "",
    }
    assert {name: request.form[name] for name in expected} == expected


async def test_forwarded_from_is_left_out_when_the_carrier_does_not_say_it(app, tmp_path):
    app.answers[answering_app.INCOMING] = answering_app.HANG_UP
    await place(app, tmp_path)
    assert "ForwardedFrom" not in app.requests[0].form


async def test_the_status_callback_comes_last_and_is_complete(app, tmp_path):
    app.answers[answering_app.INCOMING] = "<Response><Pause length='1'/></Response>"
    result = await place(app, tmp_path)
    last = app.requests[-1]
    assert last.path == answering_app.STATUS
    assert last.form["CallSid"] == result.call_sid
    assert last.form["CallStatus"] == "completed"
    assert (last.form["CallDuration"], last.form["Duration"]) == ("1", "1")
    assert last.form["SequenceNumber"] == "0"
    assert last.form["CallbackSource"] == "call-progress-events"
    assert parsedate_to_datetime(last.form["Timestamp"]).tzinfo is not None


async def test_a_say_plays_the_recording_of_a_known_sentence(app, tmp_path):
    app.answers[answering_app.INCOMING] = (
        "<Response><Say>One moment, please.</Say><Hangup/></Response>"
    )
    result = await place(app, tmp_path)
    assert result.answered_by is AnsweredBy.NOT_IN_SERVICE
    assert result.first_audio_ms is not None
    assert result.first_audio_ms < 1000
    assert result.duration_ms == pytest.approx(len(result.heard) / 8)


async def test_an_unknown_sentence_sounds_as_long_as_its_words(app, tmp_path):
    app.answers[answering_app.INCOMING] = "<Response><Say>Ten chars.</Say></Response>"
    result = await place(app, tmp_path)
    assert result.heard_ms == 600


@pytest.mark.parametrize(
    ("reason", "status"), [("busy", "busy"), ("rejected", "failed")], ids=["busy", "rejected"]
)
async def test_a_rejected_call_is_never_answered(app, tmp_path, reason, status):
    app.answers[answering_app.INCOMING] = f"<Response><Reject reason='{reason}'/></Response>"
    result = await place(app, tmp_path)
    assert (result.answered_by, result.duration_ms) == (AnsweredBy.REJECTED, 0)
    assert app.posted(answering_app.STATUS)[0]["CallStatus"] == status


async def test_a_redirect_drops_the_rest_and_asks_the_next_address(app, tmp_path):
    app.answers[answering_app.INCOMING] = (
        "<Response><Redirect>/next?a=1</Redirect><Pause length='9'/></Response>"
    )
    app.answers["/next"] = answering_app.HANG_UP
    await place(app, tmp_path)
    assert [request.path for request in app.requests[:2]] == [answering_app.INCOMING, "/next"]


async def test_redirects_in_a_circle_end(app, tmp_path):
    app.answers[answering_app.INCOMING] = (
        f"<Response><Redirect>{answering_app.INCOMING}</Redirect></Response>"
    )
    result = await place(app, tmp_path, Caller(hang_up_at_ms=100))
    assert result.answered_by is AnsweredBy.FAILED
    assert len(app.posted(answering_app.INCOMING)) == 100


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        pytest.param("<Response><Sing/></Response>", "12100 <Sing>", id="unknown verb"),
        pytest.param("no xml", "12100 The document is no well-formed XML", id="no xml"),
        pytest.param(None, "11200", id="no TwiML at all"),
    ],
)
async def test_a_bad_answer_is_an_application_error(app, tmp_path, document, warning):
    if document:
        app.answers[answering_app.INCOMING] = document
    result = await place(app, tmp_path, Caller(hang_up_at_ms=200))
    assert result.answered_by is AnsweredBy.FAILED
    assert result.warnings[0].startswith(warning)
    assert app.posted(answering_app.STATUS)[0]["CallStatus"] == "failed"


async def test_a_server_that_is_not_there_is_an_error(tmp_path, unused_tcp_port):
    nobody = AnsweringApp(base_url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(ServerUnreachable, match=r"Nothing answers at http://127.0.0.1"):
        await place(nobody, tmp_path)


async def test_a_wrong_signature_shows_as_a_refused_webhook(app, tmp_path):
    port = app.base_url.rpartition(":")[2]
    elsewhere = AnsweringApp(base_url=f"http://localhost:{port}")
    result = await place(elsewhere, tmp_path, Caller(hang_up_at_ms=100))
    assert result.warnings == (
        "11200 /api/twilio/voice/incoming answered 403.",
        "11200 /api/twilio/voice/fallback answered 403.",
        "11200 /api/twilio/voice/status answered 403.",
    )


async def test_the_stream_starts_as_documented(app, tmp_path):
    app.answers[answering_app.INCOMING] = app.connect(parameter="voicemail & more")
    result = await place(app, tmp_path, Caller(hang_up_at_ms=300))
    connected, start, first, second = app.messages[:4]
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    sid = start["streamSid"]
    assert re.fullmatch("MZ[0-9a-f]{32}", sid)
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": sid,
        "start": {
            "streamSid": sid,
            "accountSid": "AC" + "0" * 32,
            "callSid": result.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"callType": "voicemail & more"},
        },
    }
    assert (first["sequenceNumber"], second["sequenceNumber"]) == ("2", "3")
    assert first["media"] | {"payload": ""} == {
        "track": "inbound",
        "chunk": "1",
        "timestamp": "20",
        "payload": "",
    }
    assert len(first["media"]["payload"]) == 216


async def test_the_handshake_names_no_origin_and_no_subprotocol(app, tmp_path):
    app.answers[answering_app.INCOMING] = app.connect()
    await place(app, tmp_path, Caller(hang_up_at_ms=100))
    offered = {name.lower() for name in app.handshakes[0]}
    assert "x-twilio-signature" in offered
    assert offered.isdisjoint({"origin", "sec-websocket-protocol", "sec-websocket-extensions"})


async def test_the_caller_who_hangs_up_sends_stop_and_is_not_asked_further(app, tmp_path):
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path, Caller(hang_up_at_ms=200))
    assert result.ended_by is Party.CALLER
    assert app.messages[-1]["event"] == "stop"
    assert app.messages[-1]["stop"] == {
        "accountSid": "AC" + "0" * 32,
        "callSid": result.call_sid,
    }
    assert app.posted(answering_app.AFTER_STREAM) == []
    events = [form["StreamEvent"] for form in app.posted(answering_app.STREAM_STATUS)]
    assert events == ["stream-started", "stream-stopped"]


async def test_frames_leave_in_step_with_the_clock(app, tmp_path):
    late_by: list[float] = []

    async def agent(stream: Stream) -> None:
        while True:
            media = (await stream.receive_until("media"))["media"]
            late_by.append(time.monotonic() - int(media["timestamp"]) / 1000)

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    await place(app, tmp_path, Caller(hang_up_at_ms=800))
    # The least late of several frames, so that a busy machine does not count as drift.
    assert min(late_by[-15:]) - min(late_by[:15]) == pytest.approx(0, abs=0.02)


async def test_a_mark_comes_back_when_its_audio_has_been_played(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        await stream.say(LOUD * 20)
        await stream.mark("end of greeting")
        await stream.receive_until("mark")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path)
    names = [message["event"] for message in app.messages]
    # One frame comes in per 20 ms played: that clock also holds on a busy machine.
    assert names[: names.index("mark")].count("media") == pytest.approx(21, abs=2)
    assert app.messages[names.index("mark")]["mark"] == {"name": "end of greeting"}
    assert (result.answered_by, result.heard_ms) == (AnsweredBy.AGENT, 400)
    assert LOUD * 20 in result.heard


async def test_clear_returns_every_mark_at_once_and_silences_the_rest(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        for number in range(3):
            await stream.say(LOUD * 100)
            await stream.mark(f"part {number}")
        await stream.send("clear")
        for _ in range(3):
            await stream.receive_until("mark")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    events: list[CallEvent] = []
    result = await place(app, tmp_path, events=events)
    names = [message["mark"]["name"] for message in app.messages if message["event"] == "mark"]
    assert names == ["part 0", "part 1", "part 2"]
    assert result.heard_ms < 200
    (closed,) = (event for event in events if isinstance(event, StreamClosed))
    assert (closed.marks, closed.clears, closed.received_ms) == (3, 1, 6000)


async def test_after_the_stream_the_action_decides(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path)
    (form,) = app.posted(answering_app.AFTER_STREAM)
    assert (form["CallSid"], form["CallStatus"]) == (result.call_sid, "in-progress")
    assert result.ended_by is Party.FAR_END
    assert result.warnings == ()


async def test_without_an_action_the_next_verb_follows(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect(action=None).replace(
        "</Response>", "<Redirect>/next</Redirect></Response>"
    )
    app.answers["/next"] = answering_app.HANG_UP
    await place(app, tmp_path)
    assert len(app.posted("/next")) == 1


async def test_a_refused_handshake_is_reported_and_the_action_asked(app, tmp_path):
    app.refuse_stream_with = 404
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path)
    (event,) = app.posted(answering_app.STREAM_STATUS)
    assert event["StreamEvent"] == "stream-error"
    assert event["StreamError"].startswith("31920")
    assert len(app.posted(answering_app.AFTER_STREAM)) == 1
    assert result.warnings == ("31920 The media socket was refused with 404.",)


async def test_messages_that_are_not_documented_are_ignored_with_one_warning(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        await stream.send("media", media={"payload": "////", "track": "outbound"})
        await stream.send("mark")
        await stream.socket.send_bytes(b"raw")
        await stream.socket.send_str("[" * 5000)
        await stream.mark("still here")
        await stream.receive_until("mark")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path)
    assert [warning[:5] for warning in result.warnings] == ["31951", "31950"]
    assert result.heard_ms == 0


async def test_a_socket_that_breaks_goes_on_to_the_action(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        stream.break_off()

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path)
    assert [warning[:5] for warning in result.warnings] == ["31921"]
    assert len(app.posted(answering_app.AFTER_STREAM)) == 1


async def test_the_caller_speaks_after_the_agent(app, tmp_path):
    heard = bytearray()

    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        await stream.say(LOUD * 10)
        while LOUD * 10 not in heard:
            media = (await stream.receive_until("media"))["media"]
            heard.extend(base64.b64decode(media["payload"]))

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    result = await place(app, tmp_path, Caller(LOUD * 10))
    assert result.said_ms == 200
    assert result.said.index(LOUD) == result.heard.index(LOUD) + 8 * (200 + 500)


CLASSIC = f"""<Response>
  <Record action="{answering_app.RECORDING}" maxLength="1" timeout="1"
    recordingStatusCallback="{answering_app.RECORDING}"
    recordingStatusCallbackEvent="completed absent"/>
  <Hangup/>
</Response>"""


async def test_a_recorded_message_is_kept_and_announced(app, tmp_path):
    app.answers[answering_app.INCOMING] = CLASSIC
    app.answers[answering_app.RECORDING] = answering_app.HANG_UP
    result = await place(app, tmp_path, Caller(LOUD * 20))
    assert result.answered_by is AnsweredBy.CLASSIC
    assert LOUD * 20 in wav.read_mulaw(result.recordings[0])
    forms = app.posted(answering_app.RECORDING)
    action = next(form for form in forms if "Digits" in form)
    callback = next(form for form in forms if "RecordingStatus" in form)
    assert callback["RecordingStatus"] == "completed"
    assert callback["RecordingSource"] == "RecordVerb"
    assert result.recordings[0].stem == callback["RecordingSid"]
    assert action["RecordingUrl"].endswith(callback["RecordingSid"])
    assert action["RecordingDuration"] == callback["RecordingDuration"] == "1"


async def test_a_silent_caller_leaves_no_recording_and_the_next_verb_follows(app, tmp_path):
    app.answers[answering_app.INCOMING] = CLASSIC
    result = await place(app, tmp_path)
    (form,) = app.posted(answering_app.RECORDING)
    assert form["RecordingStatus"] == "absent"
    assert result.recordings == ()


async def test_a_caller_who_hangs_up_while_being_recorded_has_left_a_message(app, tmp_path):
    app.answers[answering_app.INCOMING] = CLASSIC
    result = await place(app, tmp_path, Caller(LOUD * 100, speak_at_ms=0, hang_up_at_ms=700))
    action = next(form for form in app.posted(answering_app.RECORDING) if "Digits" in form)
    assert (action["Digits"], action["CallStatus"]) == ("hangup", "completed")
    assert len(result.recordings) == 1


async def test_a_pressed_key_reaches_the_stream(app, tmp_path):
    async def agent(stream: Stream) -> None:
        await stream.receive_until("media")
        pressing = asyncio.create_task(call.press("5"))
        await stream.receive_until("dtmf")
        await pressing

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    call = SimulatedCall(
        base_url=app.base_url,
        caller=Caller(),
        to_number=OWNER,
        from_number=CALLER,
        folder=tmp_path,
    )
    assert (await call.run()).ended_by is Party.FAR_END
    assert app.messages[-1]["dtmf"] == {"track": "inbound_track", "digit": "5"}
