"""Who does not want to be called: noted at once, and for good."""

import logging
import re
from uuid import UUID

from accounts.models import User
from accounts.row_security import service_scope
from agent.session import AgentOutcome, Role
from telephony.models import Call, Direction, DoNotCall
from telephony.phone_numbers import masked
from telephony.tombstones import tombstone

logger = logging.getLogger(__name__)

# What people say who want no more calls; the agent's own ears come first, this is the net below.
_REFUSALS = re.compile(
    r"\b(?:"
    r"(?:do not|don'?t|never|stop) (?:ever )?call(?:ing)?(?: me| us| here| this number)?+\b"
    r"(?! (?:it|that|him|her|them|the|my|after|before|between|until|at|on|in|back)\b)"
    r"|take (?:me|us|this number|my number) off (?:your|the|this) list"
    r"|remove (?:me|us|this number|my number) from (?:your|the|this) list"
    r"|no more calls"
    r"|unsubscribe"
    # German, French, Spanish, Italian, Dutch.
    r"|(?:ruf(?:en sie|t)?) (?:mich|uns|hier) (?:bitte )?(?:nicht mehr|nie wieder) an\b"
    r"|keine (?:weiteren )?anrufe mehr"
    r"|ne (?:m'|nous |me )(?:r?appelez|r?appelle) plus"
    r"|arr[êe]tez de (?:m'|nous |me )appeler"
    r"|no (?:me|nos) (?:vuelvas?|vuelvan) a llamar"
    r"|no (?:me|nos) llam(?:e|es|en) (?:nunca )?m[áa]s"
    r"|dej(?:e|a|en) de llamar(?:me|nos)"
    r"|non (?:mi|ci) (?:richiam|chiam)(?:i|ate|are) (?:mai )?pi[ùu]"
    r"|non (?:richiam|chiam)(?:arm|atem|arc|atec)i (?:mai )?pi[ùu]"
    r"|bel(?:t u)? (?:me|mij|ons) (?:alstublieft |a\.?u\.?b\.? )?(?:niet meer|nooit meer)"
    r")",
    re.IGNORECASE,
)

_SOURCES = {
    AgentOutcome.OPTED_OUT: DoNotCall.Source.VOICE,
    AgentOutcome.OPTED_OUT_BY_KEY: DoNotCall.Source.KEY,
}


def is_listed(owner_id: UUID, phone_number: str) -> bool:
    """Whether this owner's agent may not call the number, also where it was forgotten."""
    either = (phone_number, tombstone(phone_number))
    return DoNotCall.objects.filter(owner_id=owner_id, phone_number__in=either).exists()


def add_callee(call: Call, *, source: DoNotCall.Source) -> None:
    """Never call this person again for this owner; the first wish of hers stays.

    It stands in the place of an entry of the owner's own, which the owner could take off again.
    A call whose other side is forgotten names nobody. Twice is once.
    """
    if not call.to_number:
        logger.error("wish of a forgotten callee came late", extra={"call": str(call.id)})
        return
    entries = DoNotCall.objects.filter(owner_id=call.owner_id, phone_number=call.to_number)
    if entries.exclude(source=DoNotCall.Source.OWNER).exists():
        return
    entry = DoNotCall(owner_id=call.owner_id, phone_number=call.to_number, source=source, call=call)
    DoNotCall.objects.bulk_create([entry], ignore_conflicts=True)
    entries.filter(source=DoNotCall.Source.OWNER).update(source=source, call=call)
    logger.info(
        "opted out of calls", extra={"call": str(call.id), "callee": masked(call.to_number)}
    )


def add_number(*, user: User, phone_number: str) -> None:
    """The owner wants a number never called; E.164."""
    entry = DoNotCall(owner=user, phone_number=phone_number, source=DoNotCall.Source.OWNER)
    DoNotCall.objects.bulk_create([entry], ignore_conflicts=True)


def remove_number(*, user: User, entry_id: int) -> bool:
    """Take an entry of the owner's own off her list; a wish of whoever was called stays."""
    own = DoNotCall.objects.filter(owner=user, id=entry_id, source=DoNotCall.Source.OWNER)
    return bool(own.delete()[0])


def forget(*, owner: User, phone_number: str) -> None:
    """Take a number off the owner's list, but not the wish of whoever asked for no more calls.

    That stays as a keyed hash: forgetting somebody must not have her called again. Twice is once.
    """
    with service_scope():
        entries = DoNotCall.objects.filter(owner=owner, phone_number=phone_number)
        entries.filter(source=DoNotCall.Source.OWNER).delete()
        hashed = tombstone(phone_number)
        if DoNotCall.objects.filter(owner=owner, phone_number=hashed).exists():
            entries.delete()
        entries.update(phone_number=hashed)


def asked_for(text: str) -> bool:
    """Whether somebody says in these words that they want no more calls."""
    return (
        _REFUSALS.search(" ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()))
        is not None
    )


def heed_outcome(call_id: UUID, outcome: AgentOutcome) -> None:
    """Note the wish that ended a call of ours; other outcomes, and other calls, are none."""
    if outcome in _SOURCES and (called := _called(call_id)):
        add_callee(called, source=_SOURCES[outcome])


def heed_words(call_id: UUID) -> None:
    """Note the wish that somebody whom we called has said in so many words, by the transcript."""
    called = _called(call_id)
    if called is None:
        return
    turns = called.transcript.filter(role=Role.CALLER.value).values_list("text", flat=True)
    if any(asked_for(text) for text in turns):
        add_callee(called, source=DoNotCall.Source.VOICE)


def _called(call_id: UUID) -> Call | None:
    return Call.objects.filter(id=call_id, direction=Direction.OUTBOUND).first()
