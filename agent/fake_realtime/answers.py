"""One answer of the stand-in, from its first event to `response.done`. Pure.

It is a generator of (milliseconds to wait, event), so that it can be cut at any point: audio comes
in pieces of 100 to 400 ms, four to eight times as fast as it plays. Sizes and pace are guesses at
the real service, seeded and therefore always the same.
"""

import base64
import random
from collections.abc import Iterator, Sequence
from typing import Any

from agent.fake_realtime import items
from agent.fake_realtime.ids import Ids
from agent.fake_realtime.items import Conversation, Held
from agent.fake_realtime.script import Call, Fail, Part, Say
from agent.speech.mulaw import BYTES_PER_MS, decode

Step = tuple[float, dict[str, Any]]
PIECES_MS = (100, 200, 400)
FASTER = (4.0, 8.0)


class Answer:
    """What the model says at a stretch."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        conversation: Conversation,
        ids: Ids,
        metadata: dict[str, str] | None,
        output_format: str,
        dice: random.Random,
        in_one_burst: bool = False,
    ) -> None:
        self.id = ids.next("resp")
        self.status = "in_progress"
        self.has_audio = False
        self.ends_call = any(isinstance(each, Call) and each.name == "end_call" for each in parts)
        self.audio_ms = 0.0
        self._parts = parts
        self._conversation = conversation
        self._ids = ids
        self._metadata = metadata
        self._format = output_format
        self._dice = dice
        self._in_one_burst = in_one_burst
        self._held: list[Held] = []
        self._details: dict[str, Any] | None = None

    def created(self) -> dict[str, Any]:
        """The answer begins."""
        return {"type": "response.created", "response": self._shown()}

    def steps(self) -> Iterator[Step]:
        """Everything between the beginning and the end."""
        for index, part in enumerate(self._parts):
            match part:
                case Say():
                    yield from self._say(part, index)
                case Call():
                    yield from self._call(part, index)
                case Fail():
                    error = {"type": part.kind, "code": part.code, "message": "Scripted."}
                    self.finish("failed", {"type": "failed", "error": error})
                    return
        self.finish("completed", None)

    def finish(self, status: str, details: dict[str, Any] | None) -> None:
        """It is over, like that."""
        self.status, self._details = status, details

    def endings(self) -> Iterator[dict[str, Any]]:
        """The events that end what was cut, and the answer."""
        for index, held in enumerate(self._held):
            if held.item["status"] == "in_progress":
                held.item["status"] = "incomplete"
                if held.item["type"] == "message":
                    yield from self._message_done(held, index)
                yield from self._item_done(held, index)
        yield {"type": "response.done", "response": self._shown(is_over=True)}

    def _say(self, say: Say, index: int) -> Iterator[Step]:
        content = [{"type": "output_audio", "transcript": ""}]
        item = items.message(
            self._ids.next("item"), role="assistant", content=[], status="in_progress"
        )
        held = self._hold(item)
        yield from self._begun(held, index)
        held.item["content"] = content
        part = {"type": "audio", "transcript": ""}
        yield 0, self._of(held, index, "response.content_part.added", part=part)
        pieces = list(self._pieces(say.audio))
        words = _shares(say.text, len(pieces))
        for piece, share in zip(pieces, words, strict=True):
            length_ms = len(piece) / BYTES_PER_MS
            wait = 0.0 if self._in_one_burst else length_ms / self._dice.uniform(*FASTER)
            content[0]["transcript"] += share
            kind = "response.output_audio_transcript.delta"
            yield 0, self._of(held, index, kind, delta=share)
            held.generated_ms += length_ms
            self.audio_ms += length_ms
            self.has_audio = True
            delta = base64.b64encode(self._encoded(piece)).decode()
            yield wait, self._of(held, index, "response.output_audio.delta", delta=delta)
        held.item["status"] = "completed"
        for event in (*self._message_done(held, index), *self._item_done(held, index)):
            yield 0, event

    def _call(self, call: Call, index: int) -> Iterator[Step]:
        item = items.function_call(
            self._ids.next("item"),
            call_id=self._ids.next("call"),
            name=call.name,
            arguments="",
            status="in_progress",
        )
        held = self._hold(item)
        yield from self._begun(held, index)
        about = {
            "response_id": self.id,
            "item_id": item["id"],
            "output_index": index,
            "call_id": item["call_id"],
        }
        kind = "response.function_call_arguments"
        yield 50, {"type": f"{kind}.delta", **about, "delta": call.arguments}
        held.item |= {"arguments": call.arguments, "status": "completed"}
        done = {"type": f"{kind}.done", **about, "name": call.name}
        yield 0, done | {"arguments": call.arguments}
        for event in self._item_done(held, index):
            yield 0, event

    def _hold(self, item: dict[str, Any]) -> Held:
        held = self._conversation.add(item)
        self._held.append(held)
        return held

    def _begun(self, held: Held, index: int) -> Iterator[Step]:
        item = dict(held.item)
        yield 0, {**self._at(index), "type": "response.output_item.added", "item": item}
        added = {"type": "conversation.item.added", "item": item}
        yield 0, added | {"previous_item_id": held.previous_id}

    def _message_done(self, held: Held, index: int) -> list[dict[str, Any]]:
        transcript = held.item["content"][0]["transcript"] if held.item["content"] else ""
        part = {"type": "audio", "transcript": transcript}
        words = "response.output_audio_transcript.done"
        return [
            self._of(held, index, "response.output_audio.done"),
            self._of(held, index, words, transcript=transcript),
            self._of(held, index, "response.content_part.done", part=part),
        ]

    def _item_done(self, held: Held, index: int) -> list[dict[str, Any]]:
        item = dict(held.item)
        return [
            {"type": "conversation.item.done", "item": item, "previous_item_id": held.previous_id},
            {**self._at(index), "type": "response.output_item.done", "item": item},
        ]

    def _of(self, held: Held, index: int, kind: str, **fields: Any) -> dict[str, Any]:
        place = {"item_id": held.item["id"], "content_index": 0}
        return {"type": kind, **self._at(index), **place, **fields}

    def _at(self, index: int) -> dict[str, Any]:
        return {"response_id": self.id, "output_index": index}

    def _pieces(self, audio: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(audio):
            size = self._dice.choice(PIECES_MS) * BYTES_PER_MS
            yield audio[at : at + size]
            at += size

    def _encoded(self, piece: bytes) -> bytes:
        """The scripted mu-law in the format the session asks for."""
        if self._format != "audio/pcm":
            return piece
        samples = decode(piece)
        return b"".join(sample.to_bytes(2, "little", signed=True) * 3 for sample in samples)

    def _shown(self, *, is_over: bool = False) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self._details,
            "output": [dict(held.item) for held in self._held],
            "metadata": self._metadata,
            "conversation_id": "conv_1",
            "output_modalities": ["audio"],
            "max_output_tokens": "inf",
            "usage": self._usage() if is_over else None,
        }

    def _usage(self) -> dict[str, Any] | None:
        """About 20 tokens a second of speech, and a context that grows with the conversation."""
        if self.status == "failed" and not self.has_audio:
            return None
        heard, said = 40 * len(self._conversation.items), round(self.audio_ms / 50)
        cached = {"text_tokens": 256, "audio_tokens": heard // 2, "image_tokens": 0}
        return {
            "total_tokens": 512 + heard + 2 * said,
            "input_tokens": 512 + heard,
            "output_tokens": 2 * said,
            "input_token_details": {
                "text_tokens": 512,
                "audio_tokens": heard,
                "image_tokens": 0,
                "cached_tokens": 256 + heard // 2,
                "cached_tokens_details": cached,
            },
            "output_token_details": {"text_tokens": said, "audio_tokens": said},
        }


def _shares(text: str, number: int) -> list[str]:
    """The text in as many pieces as its sound."""
    size = -(-len(text) // number) if number else 0
    return [text[at * size : (at + 1) * size] for at in range(number)]
