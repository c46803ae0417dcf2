"""Waiting for what Aloha keeps of a call once the carrier has hung up, and does not wait for."""

import asyncio

from telephony.models import Call

KEPT_SECONDS = 15


async def ended(call_sid: str) -> Call:
    """The call with its recording, which is stored last: behind outcome, transcript and facts."""
    calls = Call.objects.select_related("recording").filter(
        call_sid=call_sid, recording__isnull=False
    )
    async with asyncio.timeout(KEPT_SECONDS):
        while True:
            call = await calls.afirst()
            if call is not None:
                return call
            await asyncio.sleep(0.1)
