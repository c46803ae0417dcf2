"""<Connect><Stream>: the call's audio given to a media socket, and what the carrier tells of it."""

from urllib.parse import urljoin

from telephony.simulator.errors import StreamRefused
from telephony.simulator.events import Warned
from telephony.simulator.live_call import Jump, LiveCall
from telephony.simulator.media_leg import MediaLeg, new_stream_sid, open_socket
from telephony.simulator.verbs import Connect, Stream


async def connect(call: LiveCall, verb: Connect, *, document_url: str) -> Jump | None:
    """Carry the stream to its end, also one that never opened. Raises HungUp."""
    await _carry_stream(call, verb.stream, document_url=document_url)
    if verb.action is None:
        return None
    return Jump(url=urljoin(document_url, verb.action))


async def _carry_stream(call: LiveCall, stream: Stream, *, document_url: str) -> None:
    line = call.answered_line()
    stream_sid = new_stream_sid()

    def tell(event: str, **more: str) -> None:
        if stream.status_callback is not None:
            fields = call.identity.stream_fields(event, stream_sid=stream_sid, name=stream.name)
            call.callbacks.send(urljoin(document_url, stream.status_callback), fields | more)

    try:
        socket = await open_socket(call.session, stream.url)
    except StreamRefused as error:
        call.report(Warned(code=error.code, text=str(error)))
        tell("stream-error", StreamError=f"{error.code} {error}")
        line.pass_silence()
        return
    tell("stream-started")
    call.outcome.opened_stream = True
    call.leg = MediaLeg(
        socket,
        stream=stream,
        stream_sid=stream_sid,
        identity=call.identity,
        line=line,
        report=call.report,
    )
    try:
        await call.leg.run()
    finally:
        call.outcome.heard_agent |= call.leg.agent_was_heard
        call.leg = None
        tell("stream-stopped")
