"""The Realtime server's end of a call."""

import asyncio
import json
from time import perf_counter_ns
from typing import Any

from bench import websocket
from bench.legs import Call, Leg
from bench.stamps import FRAME_MS, read_stamp, stamped

WORDS_EVERY = 10  # deltas; so much audio is usual beside a piece of the transcript
TURN_DELTAS = 250
"""The caller breaks in after so many, 5 s."""
BREAK_IN_SECONDS = 0.007  # after a delta, so that its 20 ms still play


class RealtimeLeg(Leg):
    """Plays OpenAI's Realtime server for one call: 20 ms of answer for 20 ms of caller.

    One answer follows another; the caller breaks into each, so that every 5 s one is cut.
    """

    def __init__(self, calls: dict[int, Call], legs: set["RealtimeLeg"]) -> None:
        super().__init__()
        self._calls = calls
        self._legs = legs
        self._call: Call | None = None
        self._answers = self._deltas = self._heard = 0
        self._turn_deltas = TURN_DELTAS
        self._delta_head = b""
        self._is_cut = False
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._legs.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._legs.discard(self)

    def shake_hands(self, head: bytes) -> None:
        self.transport.write(websocket.upgrade_answer(head))
        self.is_open = True
        self._tell("session.created", session=self._session())

    def send(self, payload: bytes, opcode: int = websocket.TEXT) -> None:
        self.transport.write(websocket.server_frame(payload, opcode))

    def take(self, text: bytes, now_ns: int) -> None:
        if b"append" not in text[:48]:
            self._take_control(json.loads(text))
            return
        at = text.index(b'"', text.rindex(b'"audio"') + 7) + 1
        index, sequence, sent_ns = read_stamp(text[at : at + 16])
        call = self._call or self._begin_call(index)
        call.up.take(sequence)
        self._heard += 1
        if call.meter.is_on:
            call.meter.up.add(now_ns - sent_ns)
        if self._is_cut:
            self._end_answer()
        if not self._delta_head:
            self._begin_answer(None)
        self._speak(call)

    def _begin_call(self, index: int) -> Call:
        self._call = call = self._calls[index]
        # Breaking in at different times, as callers do.
        self._turn_deltas = 50 + index * 37 % (TURN_DELTAS - 50)
        return call

    def _take_control(self, event: dict[str, Any]) -> None:
        if event["type"] == "session.update":
            self._tell("session.updated", session=self._session())
        elif event["type"] == "response.create" and not self._delta_head:
            self._begin_answer(event.get("response", {}).get("metadata"))

    def _speak(self, call: Call) -> None:
        sequence = call.down.sent
        call.down.sent += 1
        self.send(b'%b%b"}' % (self._delta_head, stamped(call.index, sequence, perf_counter_ns())))
        self._deltas += 1
        if self._deltas % WORDS_EVERY == 0:
            self._tell_of_item("response.output_audio_transcript.delta", delta="some words ")
        if self._deltas == self._turn_deltas:
            self._loop.call_later(BREAK_IN_SECONDS, self._break_in, call)

    def _break_in(self, call: Call) -> None:
        if self.is_closed:
            return
        call.broke_in_ns = perf_counter_ns()
        self._tell(
            "input_audio_buffer.speech_started",
            item_id=f"item_caller_{self._answers}",
            audio_start_ms=self._heard * FRAME_MS,
        )
        self._is_cut = True

    def _begin_answer(self, metadata: dict[str, str] | None) -> None:
        self._answers += 1
        self._deltas = 0
        self._tell("response.created", response=self._response("in_progress", metadata))
        self._tell("response.output_item.added", **self._item("in_progress"))
        self._delta_head = (
            b'{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_%d",'
            b'"item_id":"item_%d","output_index":0,"content_index":0,"delta":"'
            % (self._answers, self._answers)
        )

    def _end_answer(self) -> None:
        self._is_cut = False
        self._delta_head = b""
        self._turn_deltas = TURN_DELTAS
        caller = f"item_caller_{self._answers}"
        self._tell_of_item("response.output_audio_transcript.done", transcript="some words")
        self._tell("response.output_item.done", **self._item("incomplete"))
        self._tell("response.done", response=self._response("cancelled", None))
        self._tell(
            "input_audio_buffer.speech_stopped",
            item_id=caller,
            audio_end_ms=self._heard * FRAME_MS,
        )
        self._tell("input_audio_buffer.committed", item_id=caller, previous_item_id=None)
        self._tell(
            "conversation.item.input_audio_transcription.completed",
            item_id=caller,
            content_index=0,
            transcript="What the caller said.",
            usage={"type": "duration", "seconds": 1},
        )

    def _response(self, status: str, metadata: dict[str, str] | None) -> dict[str, Any]:
        return {
            "id": f"resp_{self._answers}",
            "object": "realtime.response",
            "status": status,
            "status_details": None,
            "output": [],
            "metadata": metadata,
            "usage": None,
        }

    def _item(self, status: str) -> dict[str, Any]:
        item = {
            "id": f"item_{self._answers}",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [],
        }
        return {"response_id": f"resp_{self._answers}", "output_index": 0, "item": item}

    def _session(self) -> dict[str, Any]:
        side = {"format": {"type": "audio/pcmu"}}
        return {
            "type": "realtime",
            "id": "sess_1",
            "object": "realtime.session",
            "audio": {"input": side, "output": side},
        }

    def _tell_of_item(self, kind: str, **fields: Any) -> None:
        self._tell(
            kind,
            response_id=f"resp_{self._answers}",
            item_id=f"item_{self._answers}",
            output_index=0,
            content_index=0,
            **fields,
        )

    def _tell(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, "event_id": "event_1", **fields}
        self.send(json.dumps(event, separators=(",", ":")).encode())
