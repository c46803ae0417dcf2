"""Waiting for what Aloha keeps of a call once it is over, for which the carrier does not wait."""

import asyncio

from django.db.models import QuerySet

from telephony.models import Call

KEPT_SECONDS = 15


async def ended(call_sid: str) -> Call:
    """The call once the end of its stream is kept."""
    return await _first_of(Call.objects.exclude(stream_facts={}), call_sid)


async def recorded(call_sid: str) -> Call:
    """The call with its recording, which is stored last."""
    return await _first_of(Call.objects.filter(recording__isnull=False), call_sid)


async def _first_of(calls: QuerySet[Call], call_sid: str) -> Call:
    async with asyncio.timeout(KEPT_SECONDS):
        while True:
            found = calls.select_related("recording").filter(call_sid=call_sid)
            if (call := await found.afirst()) is not None:
                return call
            await asyncio.sleep(0.1)
