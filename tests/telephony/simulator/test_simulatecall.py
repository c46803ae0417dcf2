"""The command that calls an Aloha number, against a server that is not ours."""

import asyncio
import json
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.row_security import service_scope
from agent.speech import wav
from aloha_site.management.commands.simulatecall import Command
from telephony.models import Call
from telephony.simulator.callers import load_script
from tests.factories import make_call, make_number, make_user
from tests.peers import answering_app
from tests.peers.answering_app import AnsweringApp, Stream
from voicemail.models import Message

LOUD = bytes([0x80, 0x00] * 80)
NOT_IN_SERVICE = "<Response><Say>Gone.</Say><Hangup/></Response>"


@pytest.fixture
def app() -> Iterator[AnsweringApp]:
    """The server runs beside the command, as in real life."""
    app, loop, ready = AnsweringApp(), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        async with answering_app.serving(app):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(5)
    yield app
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
    loop.close()


@pytest.fixture
def demo_number(transactional_db: None) -> str:
    return make_number(make_user("demo@aloha.localhost")).phone_number


def simulate(*arguments: str, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("simulatecall", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_the_scripted_customer_calls_the_demo_owner(app, demo_number):
    app.answers[answering_app.INCOMING] = NOT_IN_SERVICE
    out, _ = simulate("--url", app.base_url)
    (form,) = app.posted(answering_app.INCOMING)
    assert form["To"] == demo_number
    assert form["From"] == load_script("customer").from_number
    assert "TwiML    Say, Hangup" in out
    assert "“Gone.” (as a tone)" in out


def test_json_stands_alone_on_standard_output(app, demo_number):
    app.answers[answering_app.INCOMING] = NOT_IN_SERVICE
    out, err = simulate("--url", app.base_url, "--json")
    summary = json.loads(out)
    assert summary | {"callSid": "", "firstAudioMs": 0, "heardWav": ""} == {
        "callSid": "",
        "callType": None,
        "answeredBy": "notInService",
        "firstAudioMs": 0,
        "durationMs": 300,
        "saidMs": 0,
        "heardMs": 300,
        "heardWav": "",
        "messageUrl": None,
    }
    assert len(wav.read_mulaw(Path(summary["heardWav"]))) == 8 * 300
    assert "TwiML    Say, Hangup" in err


@pytest.mark.django_db(transaction=True)
def test_the_message_of_the_call_is_found(app, tmp_path):
    number = make_number(make_user("demo@aloha.localhost"))
    messages: list[Message] = []

    def after_stream(form: Any) -> str:
        def leave_message() -> None:
            with service_scope():
                call = make_call(number, call_sid=form["CallSid"])
                messages.append(Message.objects.create(call=call))
            connection.close()

        # Rows are written by another thread: Django allows none in a thread with a running loop.
        writer = threading.Thread(target=leave_message)
        writer.start()
        writer.join()
        return answering_app.HANG_UP

    async def agent(stream: Stream) -> None:
        await stream.receive_until("start")
        await stream.say(LOUD * 5)
        await stream.mark("end")
        await stream.receive_until("mark")

    app.agent = agent
    app.answers[answering_app.INCOMING] = app.connect()
    app.answers[answering_app.AFTER_STREAM] = after_stream
    out, _ = simulate("--url", app.base_url, "--json")
    summary = json.loads(out)
    assert (summary["answeredBy"], summary["callType"]) == ("agent", "voicemail")
    assert summary["messageUrl"] == f"{app.base_url}/aloha/inbox/{messages[0].id}"


def test_several_files_are_several_turns(app, demo_number, tmp_path):
    files = [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
    for file in files:
        wav.write_mulaw(Path(file), LOUD * 5)
    app.answers[answering_app.INCOMING] = (
        "<Response><Say>Go.</Say><Record timeout='1' maxLength='1' playBeep='false'"
        f" action='{answering_app.RECORDING}'/></Response>"
    )
    app.answers[answering_app.RECORDING] = lambda form: (
        app.answers[answering_app.INCOMING]
        if len(app.posted(answering_app.RECORDING)) == 1
        else answering_app.HANG_UP
    )
    out, _ = simulate("--url", app.base_url, "--wav", *files)
    assert out.count("the caller starts speaking") == 2


@pytest.mark.parametrize(
    "arguments", [["--wav", "a", "b"], ["--wav", "a", "--wav", "b"]], ids=["at once", "repeated"]
)
def test_files_are_given_at_once_or_one_by_one(arguments):
    parser = Command().create_parser("manage.py", "simulatecall")
    assert parser.parse_args(arguments).wav == [Path("a"), Path("b")]


def test_every_field_of_the_call_can_be_given(app, demo_number):
    app.answers[answering_app.INCOMING] = NOT_IN_SERVICE
    numbers = ["--to", "+1 415 555 0199", "--from", "anonymous", "--forwarded-from", "+14155550188"]
    simulate("--url", app.base_url, *numbers)
    (form,) = app.posted(answering_app.INCOMING)
    assert form["To"] == "+14155550199"
    assert form["From"] == "anonymous"
    assert form["ForwardedFrom"] == "+14155550188"


def test_a_refused_signature_names_the_likely_cause(app, demo_number):
    with pytest.raises(CommandError, match="PUBLIC_BASE_URL"):
        simulate("--url", app.base_url.replace("127.0.0.1", "localhost"))


def test_a_server_that_is_not_there(demo_number, unused_tcp_port):
    with pytest.raises(CommandError, match=r"Nothing answers at .*\./dev up"):
        simulate("--url", f"http://127.0.0.1:{unused_tcp_port}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--to", "12345"], "--to 12345: This is not a phone number", id="number"),
        pytest.param(["--from", "+1 call me"], "--from", id="caller's number"),
        pytest.param(["--wav", "/nowhere.wav"], "/nowhere.wav cannot be read", id="no such file"),
        pytest.param(["--wav", __file__], "is not a WAV file", id="no WAV"),
        pytest.param(["--script", "nobody"], "customer", id="unknown script"),
        pytest.param(["--script", "friend", "--wav", "a.wav"], "not both", id="script and WAV"),
        pytest.param(["--url", "aloha.example.com"], "--url must be like", id="no address"),
        pytest.param(["--url", "http://127.0.0.1:99999"], "--url must be like", id="no port"),
        pytest.param(["--speak-at", "soon"], "milliseconds", id="no time"),
    ],
)
def test_what_cannot_be_read_is_said_plainly(demo_number, arguments, says):
    with pytest.raises(CommandError, match=says):
        simulate(*arguments)


def test_no_demo_owner(db):
    with pytest.raises(CommandError, match="has no number"):
        simulate()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_never_migrated():
    table = Call._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(Call, table, "elsewhere")
    try:
        with pytest.raises(CommandError, match="migrate"):
            simulate()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Call, "elsewhere", table)
