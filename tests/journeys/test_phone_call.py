"""A caller's voice goes in at the carrier's door and comes out as a message the owner plays."""

import io
import json
import socket

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agent.speech import prompts
from agent.speech.wav import read_mulaw
from telephony.models import Call, VoicemailMode
from telephony.simulator.callers import WavCaller, load_script
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from tests.factories import make_number
from tests.journeys.endings import recorded
from voicemail.models import Message

FRAME_BYTES = 160


@pytest.fixture
def number(owner):
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.VOICEMAIL_ONLY)


def dial(url, number, caller) -> SimulatedCall:
    return SimulatedCall(
        base_url=url, caller=caller, to_number=number.phone_number, from_number="+15105550147"
    )


def both_sides(call: Call) -> tuple[bytes, bytes]:
    with call.recording.file.open() as file:
        stereo = file.read()[-call.recording.duration_ms * 16 :]
    return stereo[0::2], stereo[1::2]


@pytest.mark.check
@pytest.mark.measured
@pytest.mark.M2
@pytest.mark.M11
async def test_human_speech_arrives_whole_and_in_time(aloha_url, number, worker, human_speech):
    speech = read_mulaw(human_speech)
    result = await dial(aloha_url, number, WavCaller([speech])).run()
    call = await recorded(result.call_sid)
    caller, agent = both_sides(call)
    greeting = prompts.load("greeting_voicemail")

    assert result.answered_by == AnsweredBy.AGENT
    assert result.warnings == ()
    spoken_at = caller.find(speech)
    greeted_at = agent.find(greeting)
    assert spoken_at >= 0
    assert greeted_at >= 0
    # Both sides are in step: from greeting to speech it took as long as at the caller's ear.
    at_the_ear = result.said.find(speech) - result.heard.find(greeting)
    assert abs((spoken_at - greeted_at) - at_the_ear) <= FRAME_BYTES
    said = [line.text async for line in call.transcript.filter(role="agent")]
    assert said[0] == prompts.text_of("greeting_voicemail")
    assert said[-1] == prompts.text_of("goodbye")


@pytest.mark.M2
def test_the_command_reports_the_call_and_the_message_plays(
    aloha_url, owner, number, worker, human_speech
):
    out = io.StringIO()
    call_command(
        "simulatecall",
        url=aloha_url,
        to=number.phone_number,
        wav=[human_speech],
        json=True,
        stdout=out,
        stderr=io.StringIO(),
    )
    report = json.loads(out.getvalue().splitlines()[-1])
    assert report["answeredBy"] == "agent"
    assert report["callType"] == "voicemail"
    assert report["firstAudioMs"] < 2_000
    message = Message.objects.get(call__call_sid=report["callSid"])
    assert report["messageUrl"] == f"{aloha_url}/aloha/inbox/{message.id}"

    browser = Client()
    browser.force_login(owner)
    page = browser.get(f"/aloha/inbox/{message.id}")
    audio = browser.get(f"/aloha/inbox/{message.id}/audio")
    assert page.status_code == 200
    assert f"/aloha/inbox/{message.id}/audio".encode() in page.content
    content = b"".join(audio.streaming_content) if audio.streaming else audio.content
    assert content[:4] == b"RIFF"
    assert read_mulaw(human_speech) in content[-message.call.recording.duration_ms * 16 :][0::2]


@pytest.mark.check
async def test_a_caller_who_hangs_up_in_mid_sentence_has_left_a_message(
    aloha_url, number, worker, human_speech
):
    caller = WavCaller([read_mulaw(human_speech)] * 3, hang_up_at_ms=15_000)
    result = await dial(aloha_url, number, caller).run()
    call = await recorded(result.call_sid)
    assert call.agent_outcome == "caller_left"
    turns = [line async for line in call.transcript.filter(role="caller")]
    assert turns
    assert turns[-1].end_ms > turns[-1].start_ms


@pytest.mark.check
async def test_a_silent_caller_is_asked_twice_and_told_goodbye(aloha_url, number, worker):
    result = await dial(aloha_url, number, load_script("silent").caller()).run()
    call = await recorded(result.call_sid)
    said = [line.text async for line in call.transcript.all()]
    assert said == [
        prompts.text_of(name)
        for name in ("greeting_voicemail", "still_there", "still_there_again", "no_message")
    ]
    assert call.agent_outcome == "finished"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"to": "hello"}, "number", id="no number"),
        pytest.param({"wav": ["/nowhere/at/all.wav"]}, "all.wav", id="no such file"),
        pytest.param({"wav": [__file__]}, "WAV", id="not a WAV"),
        pytest.param({"script": "nobody"}, "nobody", id="no such script"),
        pytest.param({"script": "friend", "wav": [__file__]}, "not both", id="script and WAV"),
    ],
)
def test_what_cannot_be_called_is_said_in_a_sentence(db, options, sentence):
    given = {"to": "+14155550111", "url": "http://127.0.0.1:9"} | options
    with pytest.raises(CommandError, match=sentence):
        call_command("simulatecall", stdout=io.StringIO(), stderr=io.StringIO(), **given)


def test_a_server_that_is_not_there_is_named(transactional_db):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(CommandError, match="dev up"):
            call_command("simulatecall", to="+14155550111", url=url, stdout=io.StringIO())


def test_without_a_demo_owner_the_command_says_whom_to_call(db):
    with pytest.raises(CommandError, match="demo owner"):
        call_command("simulatecall", stdout=io.StringIO())
