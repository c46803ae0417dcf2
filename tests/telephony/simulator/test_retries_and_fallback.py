"""What the carrier does with a server that is forgetful, broken or away."""

import asyncio

import pytest

from telephony.simulator.errors import ServerUnreachable
from telephony.simulator.events import WebhookAnswered
from telephony.simulator.result import AnsweredBy
from tests.peers import answering_app
from tests.peers.answering_app import AnsweringApp
from tests.peers.certificate import make_certificate
from tests.telephony.simulator.calling import LOUD, Caller, place

CLASSIC = (
    f'<Response><Record action="{answering_app.RECORDING}" maxLength="1" timeout="1"/></Response>'
)


class TestDuplicates:
    """Requests that come twice."""

    async def test_the_same_signed_request_is_sent_again(self, app, tmp_path):
        app.answers[answering_app.INCOMING] = answering_app.HANG_UP
        events = []
        await place(app, tmp_path, events=events, deliver_twice={"incoming", "status"})
        paths = [request.path for request in app.requests]
        assert paths == [answering_app.INCOMING] * 2 + [answering_app.STATUS] * 2
        first, again = app.requests[:2]
        assert (first.form, first.headers) == (again.form, again.headers)
        answered = [event for event in events if isinstance(event, WebhookAnswered)]
        assert [event.is_repeat for event in answered] == [False, True] * 2

    async def test_the_same_answer_is_no_warning(self, app, tmp_path):
        app.answers[answering_app.INCOMING] = answering_app.HANG_UP
        result = await place(app, tmp_path, deliver_twice={"incoming"})
        assert result.warnings == ()

    async def test_another_answer_is_a_warning_and_the_first_one_counts(self, app, tmp_path):
        answers = iter([answering_app.HANG_UP, "<Response><Reject/></Response>"])
        app.answers[answering_app.INCOMING] = lambda form: next(answers)
        result = await place(app, tmp_path, deliver_twice={"incoming"})
        assert result.warnings == (
            f"repeat {answering_app.INCOMING} answered the same request in two ways.",
        )
        assert result.answered_by is not AnsweredBy.REJECTED


class TestConnecting:
    """A server that cannot be reached, or not at once."""

    async def test_a_connection_that_fails_is_tried_once_more(self, tmp_path):
        server_tls, client_tls = make_certificate(tmp_path)
        connections: list[str] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append("dropped" if not connections else "served")
            if connections[-1] == "served":
                await writer.start_tls(server_tls)
                await reader.readuntil(b"\r\n\r\n")
                body = answering_app.HANG_UP.encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
                writer.write(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            app = AnsweringApp(base_url=f"https://127.0.0.1:{port}")
            result = await place(app, tmp_path, trust=client_tls)
        assert connections[:2] == ["dropped", "served"]
        assert result.warnings == ()

    async def test_when_nobody_is_there_twice_it_is_an_error(self, tmp_path, unused_tcp_port):
        nobody = AnsweringApp(base_url=f"http://127.0.0.1:{unused_tcp_port}")
        with pytest.raises(ServerUnreachable):
            await place(nobody, tmp_path)


class TestFallback:
    """The number's voice fallback."""

    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            pytest.param(500, "11200", id="server error"),
            pytest.param(403, "11200", id="refused"),
            pytest.param(204, "11200", id="no TwiML"),
            pytest.param("<Response><Sing/></Response>", "12100", id="bad TwiML"),
        ],
    )
    async def test_it_is_asked_when_the_first_document_cannot_be_had(
        self, app, tmp_path, answer, code
    ):
        app.answers |= {
            answering_app.INCOMING: answer,
            answering_app.FALLBACK: CLASSIC,
            answering_app.RECORDING: answering_app.HANG_UP,
        }
        result = await place(app, tmp_path, Caller(LOUD * 20))
        (asked,) = app.posted(answering_app.FALLBACK)
        assert asked["ErrorCode"] == code
        assert asked["ErrorUrl"] == app.base_url + answering_app.INCOMING
        assert (asked["CallSid"], asked["CallStatus"]) == (result.call_sid, "ringing")
        assert (result.answered_by, result.status) == (AnsweredBy.CLASSIC, "completed")
        assert [warning[:5] for warning in result.warnings] == [code]

    async def test_it_is_asked_for_a_later_document_too(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: app.connect(),
            answering_app.AFTER_STREAM: 500,
            answering_app.FALLBACK: answering_app.HANG_UP,
        }
        app.refuse_stream_with = 503
        await place(app, tmp_path)
        (asked,) = app.posted(answering_app.FALLBACK)
        assert asked["ErrorUrl"] == app.base_url + answering_app.AFTER_STREAM
        assert asked["CallStatus"] == "in-progress"

    async def test_it_may_live_on_another_server(self, app, tmp_path, unused_tcp_port):
        app.answers[answering_app.FALLBACK] = CLASSIC
        dead = AnsweringApp(base_url=f"http://127.0.0.1:{unused_tcp_port}")
        result = await place(
            dead,
            tmp_path,
            Caller(LOUD * 20, hang_up_at_ms=1500),
            fallback_url=app.base_url + answering_app.FALLBACK,
        )
        assert app.posted(answering_app.FALLBACK)[0]["ErrorCode"] == "11205"
        assert result.answered_by is AnsweredBy.CLASSIC
        assert len(app.posted(answering_app.RECORDING)) == 1  # relative to the fallback's address

    async def test_a_fallback_that_fails_too_is_an_application_error(self, app, tmp_path):
        app.answers |= {answering_app.INCOMING: 500, answering_app.FALLBACK: 502}
        result = await place(app, tmp_path, Caller(hang_up_at_ms=200))
        assert (result.answered_by, result.status) == (AnsweredBy.FAILED, "failed")
        assert result.warnings == (
            f"11200 {answering_app.INCOMING} answered 500.",
            f"11200 {answering_app.FALLBACK} answered 502.",
        )
        assert len(app.posted(answering_app.FALLBACK)) == 1
