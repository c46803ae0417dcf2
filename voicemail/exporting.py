"""Everything an owner has in Aloha as one zip: JSON for machines, one page for people, audio.

The archive is made while it is sent, a few rows or one recording at a time. A recording that cannot
be read is left out and named in `missing-audio.txt`.
"""

import json
import logging
import uuid
import zipfile
from collections.abc import Generator, Iterator
from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.row_security import user_scope
from agent.profiles import profile_of
from telephony import audio_storage
from telephony.models import Call, Recording
from voicemail import callers
from voicemail.export_page import page_pieces
from voicemail.export_tables import TABLES, json_value, rows_of
from voicemail.models import Message
from voicemail.notifications import preference_of
from voicemail.retention import keeping_of

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 200
MISSING = """\
These recordings could not be read while this archive was made. Export again later; if they are
still missing then, ask whoever runs this Aloha.

"""


def export(owner: User) -> Generator[bytes, None, None]:
    """The zip in pieces; opens scopes of its own."""
    pipe, date_time = _Pipe(), timezone.now().timetuple()[:6]
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        ids = _call_ids(owner)
        yield from _written(archive, pipe, "aloha.json", _as_json(owner, ids))
        yield from _written(
            archive, pipe, "index.html", page_pieces(_about(owner), _calls(owner, ids))
        )
        missing = []
        for call_id in ids:
            try:
                audio = _audio_of(owner, call_id)
            except OSError:
                # The head of the answer is gone: an error would leave half an archive.
                logger.exception("recording not exported", extra={"call": str(call_id)})
                missing.append(_audio_name(call_id))
                continue
            if audio is not None:
                # Speech hardly shrinks, and the carrier's WAV is small already.
                info = zipfile.ZipInfo(_audio_name(call_id), date_time)
                archive.writestr(info, audio, zipfile.ZIP_STORED)
                yield pipe.taken()
        if missing:
            archive.writestr("missing-audio.txt", MISSING + "\n".join(missing) + "\n")
    yield pipe.taken()


class _Pipe:
    """What the archive writes into: no seeking, and what came is taken out again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        """All that was written since the last time."""
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole


def _written(
    archive: zipfile.ZipFile, pipe: _Pipe, name: str, texts: Iterator[str]
) -> Iterator[bytes]:
    with archive.open(name, "w", force_zip64=True) as file:
        for text in texts:
            file.write(text.encode())
            yield pipe.taken()


def _call_ids(owner: User) -> list[uuid.UUID]:
    with user_scope(owner.pk):
        calls = Call.objects.for_user(owner).order_by("-started_at", "-id")
        return list(calls.values_list("id", flat=True))


def _calls(owner: User, ids: list[uuid.UUID]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(ids), ROWS_AT_ONCE):
        with user_scope(owner.pk):
            some = Call.objects.for_user(owner).filter(id__in=ids[start : start + ROWS_AT_ONCE])
            rows = some.select_related("number", "campaign", "message", "recording")
            ordered = rows.prefetch_related("transcript").order_by("-started_at", "-id")
            calls = [_call(call) for call in ordered]
        yield calls  # outside the scope: whoever downloads may take her time


def _call(call: Call) -> dict[str, Any]:
    message: Message | None = getattr(call, "message", None)
    recording: Recording | None = getattr(call, "recording", None)
    if message is not None and message.deleted_at is not None:
        message = None
    return {
        "id": str(call.id),
        "direction": call.direction,
        "callType": call.call_type,
        "from": call.from_number,
        "to": call.to_number,
        "callerName": message.caller_name if message else "",
        "caller": callers.name_or_number(message) if message else callers.caller_number(call),
        "startedAt": call.started_at.isoformat(),
        "answeredAt": json_value(call.answered_at),
        "endedAt": json_value(call.ended_at),
        "durationSeconds": call.duration_s,
        "status": call.status,
        "endReason": call.end_reason,
        "purpose": call.purpose,
        "campaign": call.campaign.name if call.campaign else None,
        "callerWithheld": call.caller_withheld,
        "forwardedFrom": call.forwarded_from,
        "wasForwarded": call.was_forwarded,
        "answeredBy": call.answered_by,
        "agentName": call.agent_name,
        "costUsd": json_value(call.cost_usd),
        "simulated": call.simulated,
        "audio": _audio_name(call.id) if recording else None,
        "message": _message(message) if message else None,
        "transcript": [
            {
                "role": line.role,
                "text": line.text,
                "startMs": line.start_ms,
                "endMs": line.end_ms,
                "source": line.source,
            }
            for line in call.transcript.all()
        ],
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "reason": message.reason,
        "summary": message.summary,
        "urgency": message.urgency,
        "callbackNumber": message.callback_number,
        "readAt": message.read_at.isoformat() if message.read_at else None,
        "archivedAt": message.archived_at.isoformat() if message.archived_at else None,
    }


def _about(owner: User) -> dict[str, Any]:
    with user_scope(owner.pk):
        account = {"email": owner.email, "name": owner.name, "timeZone": owner.time_zone}
        audio_days, text_days = keeping_of(owner)
        return {
            "exportedAt": timezone.now().isoformat(),
            "account": account | {"joinedAt": owner.date_joined.isoformat()},
            "agent": _choices(profile_of(owner), _AGENT),
            "notifications": _choices(preference_of(owner), _NOTIFICATIONS),
            "keeping": {"audioDays": audio_days, "textDays": text_days},
            "supportActs": [
                {"at": act.at.isoformat(), "action": act.action, "reason": act.reason}
                for act in audit.acts_about(owner)
            ],
            **{name: rows_of(owner, table) for name, table in TABLES.items()},
        }


_AGENT = {
    "name": "agent_name",
    "voice": "voice",
    "greeting": "greeting",
    "about": "about",
    "language": "language",
}
_NOTIFICATIONS = {
    "wanted": "wanted",
    "quietFrom": "quiet_from",
    "quietUntil": "quiet_until",
    "urgentPasses": "urgent_passes",
}


def _choices(row: Model, names: dict[str, str]) -> dict[str, Any]:
    return {name: json_value(getattr(row, column)) for name, column in names.items()}


def _as_json(owner: User, ids: list[uuid.UUID]) -> Iterator[str]:
    """One JSON object; the calls are its last member, written as they come."""
    head = json.dumps(_about(owner), ensure_ascii=False, indent=1)
    yield head.removesuffix("\n}") + ',\n "calls": ['
    separator = "\n"
    for calls in _calls(owner, ids):
        for call in calls:
            yield separator + json.dumps(call, ensure_ascii=False)
            separator = ",\n"
    yield "\n ]\n}\n"


def _audio_of(owner: User, call_id: uuid.UUID) -> bytes | None:
    """The audio of a call that is still there when its turn comes. Raises OSError."""
    with user_scope(owner.pk):
        stored = Recording.objects.filter(call_id=call_id, call__owner=owner).first()
    return None if stored is None else audio_storage.read(stored)


def _audio_name(call_id: uuid.UUID) -> str:
    return f"audio/{call_id}.wav"
