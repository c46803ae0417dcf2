"""What callers hear before the agent: that it is an AI, and that the call may be recorded.

What has to be said about recording differs by country; that an AI speaks is said everywhere.
"""

import json
import re
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from telephony.phone_numbers import country_of

# English, German and Dutch, the Romance languages, and Scandinavia's.
_SAYS_AI = re.compile(
    r"\b(AI|A\.I\.?|KI|IA|(?i:artificial\w*|künstliche\w*|kunstmatige\w*|artificiell\w*"
    r"|artificiële|artificiale?|kunstig\s+intelligens))(?!\w)"
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|")


@dataclass(frozen=True, slots=True)
class CallNotice:
    """Words, and the BCP 47 tag of their language; blank is the carrier's own, English."""

    text: str
    language: str = ""


def read_notices(raw: str) -> dict[str, CallNotice]:
    """Notices by ISO country from JSON: {"DE": {"text": ..., "language": "de-DE"}, ...}.

    Raises ImproperlyConfigured with the country that is wrong.
    """
    try:
        countries = json.loads(raw or "{}")
    except ValueError as error:
        raise ImproperlyConfigured(f"CALL_NOTICES is no JSON: {error}.") from error
    if not isinstance(countries, dict):
        raise ImproperlyConfigured("CALL_NOTICES must be an object of countries.")
    return {country: _read(country, fields) for country, fields in countries.items()}


def notice_for(e164: str) -> CallNotice:
    """The notice of the country that a number belongs to, or the general one."""
    notice: CallNotice | None = settings.CALL_NOTICES.get(country_of(e164) or "")
    return notice or CallNotice(settings.CALL_NOTICE)


def says_ai(text: str) -> bool:
    """Whether these words tell that an AI speaks."""
    return _SAYS_AI.search(text) is not None


def _read(country: str, fields: object) -> CallNotice:
    if not _COUNTRY.fullmatch(country):
        raise ImproperlyConfigured(f"CALL_NOTICES: {country!r} is no ISO country such as DE.")
    text, language = _text_of(fields, "text"), _text_of(fields, "language")
    if not text or not _LANGUAGE.fullmatch(language):
        raise ImproperlyConfigured(
            f'CALL_NOTICES: {country} must be {{"text": ..., "language": "de-DE"}}.'
        )
    return CallNotice(text, language)


def _text_of(fields: object, name: str) -> str:
    value = fields.get(name, "") if isinstance(fields, dict) else ""
    return value.strip() if isinstance(value, str) else ""
