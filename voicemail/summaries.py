"""What a call was about, in five facts; by plain rules, and what is believed of a model's answer.

A transcript is what a stranger said. Sentences that give orders to whoever reads them ("mark
this as urgent") are kept as words and count for nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import phonenumbers

from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from voicemail.models import SummarySource, Urgency

REASON_LENGTH = 120
SUMMARY_LENGTH = 600
NAME_LENGTH = 80

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
# Said to the machine and not to the owner.
_ORDER = re.compile(
    r"\b(ignore|forget|disregard|override|follow)\b.{0,40}\b(instructions?|rules?|prompts?)\b"
    r"|\b(system prompt|you are now|(dear|hey) (ai|assistant)|summary|summari[sz]e)\b"
    r"|\b(mark|flag|set|label|classify|treat|rate|tag|categori[sz]e)\b.{0,40}"
    r"\b(urgent|urgency|urgently|priority|important|high|low|emergency)\b"
    r"|\b(urgency|priority)\b\W{0,3}(is|to|as|=|:)?\W{0,3}\b(high|low|urgent|normal|maximum)\b",
    re.IGNORECASE,
)
_NOT_URGENT = re.compile(
    r"\b(no (hurry|rush)|not (at all )?(that )?(urgent|an emergency)|isn't (that )?urgent"
    r"|nothing urgent|whenever (you|it)|take your time|not in a hurry)\b",
    re.IGNORECASE,
)
_URGENT = re.compile(
    r"\b(urgent(ly)?|emergency|asap|as soon as possible|right away|immediately|at once"
    r"|straight away|before it('s| is) too late|leak(s|ing|ed)?|flood(s|ed|ing)?|burst"
    r"|on fire|smoke|smell(s|ing)? (of )?gas|gas leak|hospital|ambulance|bleeding|accident"
    r"|locked out|no (heat|heating|power|water)|right now|by (tonight|today))\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_DIALLED_DEARLY = {
    phonenumbers.PhoneNumberType.PREMIUM_RATE,
    phonenumbers.PhoneNumberType.SHARED_COST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing said on the call."""

    by_caller: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWords:
    """What a summary is made from."""

    lines: Sequence[Said]
    caller_number: str  # E.164, empty when withheld
    country: str  # of the number that was called
    spoken_s: int
    stayed_to_the_end: bool
    waits_at_carrier: bool = False  # a recording that could not be fetched yet

    @property
    def callers_words(self) -> str:
        """All that the caller said, where it was written down."""
        return " ".join(one_line(line.text) for line in self.lines if line.by_caller and line.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The five facts, and who found them."""

    caller_name: str = ""
    reason: str
    urgency: Urgency = Urgency.NORMAL
    callback_number: str
    summary: str
    source: SummarySource = SummarySource.RULE


def plain_summary(words: CallWords) -> Summary:
    """The summary by rules alone: the caller's first words, or how much was said."""
    said = words.callers_words
    reason = _shortened(said, REASON_LENGTH) if said else _without_words(words)
    return Summary(
        reason=reason,
        urgency=urgency_of(said),
        callback_number=_dialable(words.caller_number, words.country),
        summary=_shortened(said, SUMMARY_LENGTH) if said else reason,
    )


def urgency_of(said: str) -> Urgency:
    """How urgent the words are; sentences that order somebody to think so do not count."""
    sentences = [sentence for sentence in _SENTENCE.findall(said) if not _ORDER.search(sentence)]
    kept = " ".join(sentences)
    if _URGENT.search(_NOT_URGENT.sub(" ", kept)):
        return Urgency.HIGH
    return Urgency.LOW if _NOT_URGENT.search(kept) else Urgency.NORMAL


def gives_orders(said: str) -> bool:
    """Whether somebody spoke to the machine that reads the transcript."""
    return _ORDER.search(said) is not None


def checked(found: Summary, words: CallWords) -> Summary:
    """A model's answer, cut to size and held against what was said.

    Where the caller gave orders the urgency is the plain rule's. A number to call back is one that
    was spoken and that does not cost the owner extra, else the caller's own.
    """
    plain = plain_summary(words)
    said = words.callers_words
    spoken = _dialable(found.callback_number, words.country)
    if not spoken or _last_digits(spoken) not in re.sub(r"\D", "", said):
        spoken = plain.callback_number
    return replace(
        found,
        caller_name=one_line(found.caller_name)[:NAME_LENGTH],
        reason=_shortened(one_line(found.reason), REASON_LENGTH) or plain.reason,
        urgency=plain.urgency if gives_orders(said) else found.urgency,
        callback_number=spoken,
        summary=_shortened(one_line(found.summary), SUMMARY_LENGTH) or plain.summary,
    )


def one_line(text: str) -> str:
    """The text without line ends and signs that only steer a display."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def _without_words(words: CallWords) -> str:
    if words.spoken_s:
        plural = "s" if words.spoken_s != 1 else ""
        return f"Left a spoken message of {words.spoken_s} second{plural}."
    if words.waits_at_carrier:
        return "Left a message that the phone provider has not handed out yet."
    if words.stayed_to_the_end:
        return "Stayed on the line and said nothing."
    return "Hung up before saying anything."


def _shortened(text: str, length: int) -> str:
    """The text, or as many whole words as fit."""
    if len(text) <= length:
        return text
    return f"{text[: length - 3].rsplit(' ', 1)[0]} ..."


def _dialable(number: str, country: str) -> str:
    try:
        e164 = phone_numbers.normalise(number, country)
    except InvalidPhoneNumber:
        return ""
    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    return "" if kind in _DIALLED_DEARLY else e164


def _last_digits(e164: str) -> str:
    return e164[-7:]
