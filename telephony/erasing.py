"""Erasing what a call left: audio and words here and at the carrier, and who it was about.

What must stay of a number (that it was bought, used and given back) stays as a tombstone, its
digits replaced by a keyed hash, so that it can be told apart but not read.
"""

import shutil
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import User
from accounts.row_security import service_scope
from telephony import (
    audio_spool,
    audio_storage,
    idempotency,
    kept_endings,
    request_spool,
    unnamed_files,
)
from telephony.backends.base import backend_for_call
from telephony.call_events import EventKind
from telephony.models import (
    LIVE_STATUSES,
    Call,
    CallEvent,
    CarrierRecording,
    Recording,
    SimulatedOrder,
    SyncRun,
    TranscriptLine,
    UsageCounter,
    UserPhoneNumber,
)
from telephony.tombstones import tombstone

# Chance says which: those that cannot be erased leave the others their turn.
AT_ONCE = 500
# After a call's end its stream writes down what was said last, and who wants no more calls; the
# carrier announces what it recorded.
SETTLES_WITHIN = timedelta(minutes=1)


def erase_audio(call: Call) -> None:
    """Erase a call's audio, the carrier's copy first; none that comes later is stored.

    Raises ProviderError and OSError; then nothing is lost sight of, and calling it again goes on.
    """
    backend = backend_for_call(simulated=call.simulated)
    with service_scope():
        # Before looking: what is being stored at this moment is either seen here or refused there.
        refuse_audio(call)
        at_carrier = list(CarrierRecording.objects.filter(call=call).values_list("sid", flat=True))
        stored = Recording.objects.filter(call=call).first()
    for sid in at_carrier:
        backend.delete_recording(sid)
    if stored is not None:
        # The file first: a row without a file is found and erased again, not so the other way.
        audio_storage.delete(str(stored.file.name))
    unnamed_files.delete_of(call)
    audio_spool.drop(call.id)
    if call.simulated and call.call_sid:
        shutil.rmtree(settings.VAR_DIR / "calls" / call.call_sid, ignore_errors=True)
    with service_scope():
        Recording.objects.filter(call=call).delete()
        CarrierRecording.objects.filter(call=call).delete()


def refuse_audio(call: Call) -> None:
    """No audio of the call is stored from now on; the moment of the first time counts."""
    kept = Call.objects.filter(id=call.id, audio_erased_at__isnull=True)
    kept.update(audio_erased_at=timezone.now())


def erase_words(call: Call) -> None:
    """Erase what was said and what the carrier sent about it; the call itself stays in the log.

    Raises OSError; then it is to be called again.
    """
    erase_kept(call)
    with service_scope():
        # Whoever writes down just now what was kept is waited for; the next one finds nothing.
        Call.objects.select_for_update(no_key=True).filter(id=call.id).first()
        TranscriptLine.objects.filter(call=call).delete()
        CallEvent.objects.filter(call=call).update(payload={}, facts={})


def erase_what_came_after(call: Call) -> None:
    """Erase audio that was announced after the call's was erased, and what was sent with it."""
    erase_audio(call)
    with service_scope():
        sent = CallEvent.objects.filter(call=call, received_at__gte=call.audio_erased_at)
        sent.update(payload={}, facts={})


def erase_kept(call: Call) -> None:
    """Erase what waits on the disk for the database, or was set aside. Raises OSError."""
    kept_endings.drop(call.id)
    if call.call_sid:
        request_spool.drop(call.call_sid)


def is_kept(call: Call) -> bool:
    """Whether something about the call waits on the disk for the database."""
    return kept_endings.holds(call.id) or bool(call.call_sid and request_spool.holds(call.call_sid))


def may_be_announced(call: Call) -> bool:
    """Whether the carrier was asked to record, and has not said yet what came of it."""
    with service_scope():
        told = CallEvent.objects.filter(call=call, kind=EventKind.RECORDING)
        found = CarrierRecording.objects.filter(call=call)
        return call.carrier_records and not (told.exists() or found.exists())


def erase_caller(call: Call) -> None:
    """The other side of the call has no number any more, nor has the request that led to it."""
    with service_scope():
        idempotency.forget(call=call)
        calls = Call.objects.filter(id=call.id)
        if call.direction == "inbound":
            calls.update(from_number="", caller_withheld=True)
        else:
            calls.update(to_number="")


def calls_with(owner: User, phone_number: str) -> list[Call]:
    """The owner's calls that one person made or took."""
    theirs = Q(direction="inbound", from_number=phone_number) | Q(
        direction="outbound", to_number=phone_number
    )
    with service_scope():
        return list(Call.objects.for_user(owner).filter(theirs))


def is_on_the_phone(owner: User) -> bool:
    """Whether a call of the owner is still running, or something may still be heard of one."""
    now = timezone.now()
    has_not_settled = Q(ended_at__isnull=True) | Q(ended_at__range=(now - SETTLES_WITHIN, now))
    with service_scope():
        return Call.objects.for_user(owner).filter(has_not_settled).exists()


def live_numbers(owner: User) -> bool:
    """Whether a number of the owner may still be charged for."""
    with service_scope():
        return UserPhoneNumber.objects.for_user(owner).filter(status__in=LIVE_STATUSES).exists()


def erase_calls(owner: User) -> None:
    """Remove all rows of the owner's calls; their audio must be gone before."""
    with service_scope():
        calls = Call.objects.for_user(owner)
        sids = list(calls.values_list("call_sid", flat=True))
        SimulatedOrder.objects.filter(call_sid__in=[sid for sid in sids if sid]).delete()
        calls.delete()
        UsageCounter.objects.filter(subject=str(owner.pk)).delete()


def bury_numbers(owner: User) -> None:
    """Turn the owner's number rows into tombstones."""
    with service_scope():
        for number in UserPhoneNumber.objects.for_user(owner).exclude(status__in=LIVE_STATUSES):
            _forget_in_reports(number.phone_number)
            number.phone_number = tombstone(number.phone_number)
            number.external_phone_number = None
            number.area_code = None
            number.save()
            _erase_rows_of(number)


def _erase_rows_of(number: UserPhoneNumber) -> None:
    """Whatever would go with the number; its history stays, and names nobody."""
    for relation in UserPhoneNumber._meta.related_objects:
        if relation.on_delete is models.CASCADE:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: number})
            rows.delete()


def _forget_in_reports(phone_number: str) -> None:
    """Reports of `syncnumbers` name numbers in their sentences."""
    runs = SyncRun.objects.annotate(text=Cast("steps", TextField()))
    for run in runs.filter(text__contains=phone_number):
        run.steps = [str(s).replace(phone_number, tombstone(phone_number)) for s in run.steps]
        run.save(update_fields=["steps"])


def with_words_older_than(moment: datetime, *, owner: User) -> list[Call]:
    """Some of the owner's calls from before `moment` of which words or a report still stand."""
    spoken = TranscriptLine.objects.filter(call=OuterRef("pk"))
    told = CallEvent.objects.filter(call=OuterRef("pk")).exclude(payload={}, facts={})
    with service_scope():
        calls = Call.objects.for_user(owner).filter(started_at__lt=moment)
        return list(calls.filter(Exists(spoken) | Exists(told)).order_by("?")[:AT_ONCE])


def older_than(moment: datetime, *, owner: User) -> list[Call]:
    """Some of the owner's calls from before `moment` that still have audio."""
    stored = Recording.objects.filter(call=OuterRef("pk"))
    at_carrier = CarrierRecording.objects.filter(call=OuterRef("pk"))
    has_audio = Exists(stored) | Exists(at_carrier) | Q(id__in=audio_spool.call_ids())
    with service_scope():
        calls = Call.objects.for_user(owner).filter(started_at__lt=moment)
        return list(calls.filter(has_audio).order_by("?")[:AT_ONCE])


def announced_after_erasure() -> list[Call]:
    """Some of the calls whose audio is erased, and of which the carrier told us something since."""
    late = CarrierRecording.objects.filter(call__audio_erased_at__isnull=False)
    with service_scope():
        ids = set(late.order_by("?").values_list("call_id", flat=True)[:AT_ONCE])
        return list(Call.objects.filter(id__in=ids))
