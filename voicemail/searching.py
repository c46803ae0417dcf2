"""Finding messages by what was said: every word typed has to stand somewhere in a message.

All that can be found stands in one column in small letters, written by the worker. There is no
full-text index on purpose: behind row level security PostgreSQL uses one only for operators that
leak nothing, and those of text search do not count as such. The owner's index comes first, so a
search costs what her own messages cost and nobody else's.
"""

from django.db.models import Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from telephony import phone_numbers
from voicemail.models import Message, MessageQuerySet
from voicemail.summaries import CallWords

MAX_WORDS = 8
MAX_LENGTH = 100


def text_of(message: Message, words: CallWords) -> str:
    """What a search in this message looks at."""
    numbers = [words.caller_number, phone_numbers.national(words.caller_number)]
    said = [line.text for line in words.lines]
    parts = [message.caller_name, *numbers, message.reason, message.summary, *said]
    return "\n".join(part for part in parts if part).casefold()


def matching(messages: MessageQuerySet, typed: str) -> MessageQuerySet:
    """Those of the messages that hold every word; all of them when nothing was typed.

    By position: PostgreSQL's LIKE walks a text letter by letter, which took eight times as long.
    NUL parts words, as a space does: PostgreSQL takes none, and no text holds one.
    """
    for word in typed[:MAX_LENGTH].replace("\0", " ").casefold().split()[:MAX_WORDS]:
        messages = messages.filter(GreaterThan(StrIndex("search_text", Value(word)), 0))
    return messages
