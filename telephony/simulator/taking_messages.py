"""<Record>: recording the caller, keeping the file, telling the server."""

import asyncio
from urllib.parse import urljoin

from agent.speech import wav
from telephony.simulator.events import CallerRecorded
from telephony.simulator.live_call import Jump, LiveCall
from telephony.simulator.recorder import CallerAudio, new_recording_sid, record
from telephony.simulator.verbs import Record


async def take_message(call: LiveCall, verb: Record, *, document_url: str) -> Jump | None:
    """Record; None, the next verb, when the caller said nothing. Raises HungUp."""
    call.outcome.reached_recorder = True
    recorded = await record(call.answered_line(), verb, keypad=call.keypad)
    recording_sid = new_recording_sid()
    if recorded.has_speech:
        await _keep(call, recorded, recording_sid=recording_sid)
    _tell(call, verb, recorded, recording_sid=recording_sid, document_url=document_url)
    jump = Jump(
        url=urljoin(document_url, verb.action or document_url),
        fields={
            "RecordingUrl": call.identity.recording_url(recording_sid),
            "RecordingSid": recording_sid,
            "RecordingDuration": str(recorded.duration_s),
            "Digits": "hangup" if recorded.ended else recorded.key,
        },
    )
    if recorded.ended is None:
        return jump if recorded.has_speech else None
    if recorded.has_speech:
        # The call is over: the action is told, its TwiML reaches nobody.
        call.callbacks.send(jump.url, call.identity.fields("completed") | jump.fields)
    raise recorded.ended


async def _keep(call: LiveCall, recorded: CallerAudio, *, recording_sid: str) -> None:
    path = call.folder / f"{recording_sid}.wav"
    call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    await asyncio.to_thread(wav.write_mulaw, path, recorded.audio)
    call.recordings.append(path)
    call.report(CallerRecorded(duration_ms=recorded.duration_ms, path=path))


def _tell(
    call: LiveCall, verb: Record, recorded: CallerAudio, *, recording_sid: str, document_url: str
) -> None:
    status = "completed" if recorded.has_speech else "absent"
    if verb.status_callback is None or status not in verb.status_events:
        return
    outcome = {"RecordingStatus": status}
    if recorded.has_speech:
        outcome["RecordingDuration"] = str(recorded.duration_s)
    call.callbacks.send(
        urljoin(document_url, verb.status_callback),
        call.identity.recording_fields(recording_sid) | outcome,
    )
