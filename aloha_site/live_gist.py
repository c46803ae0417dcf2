"""What a running call is about, as far as it can be told from what was said until now."""

from dataclasses import dataclass
from uuid import UUID

from telephony.models import Call
from voicemail.callers import known_name
from voicemail.models import Urgency
from voicemail.summaries import plain_summary
from voicemail.words import words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """The facts of the message to be; `name` and `why` are blank while they are not known.

    `is_unwritten`: the caller spoke, and nobody writes down what callers say.
    """

    name: str
    why: str
    is_unwritten: bool
    is_urgent: bool


def gist_of(call: Call) -> Gist:
    """By plain rules, which take no time: the model's summary comes after the call."""
    words = words_of(call)
    found = plain_summary(words)
    return Gist(
        name=known_name(call),
        why=found.reason if words.callers_words else "",
        is_unwritten=not words.callers_words and any(line.by_caller for line in words.lines),
        is_urgent=found.urgency == Urgency.HIGH,
    )


def gist_of_call(call_id: UUID) -> Gist:
    """The same, by id; needs a scope that shows the call."""
    return gist_of(Call.objects.select_related("number").get(id=call_id))
