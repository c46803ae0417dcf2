"""An owner's agent: its name, voice, greeting and what it may tell callers."""

import unicodedata
import uuid

from accounts.models import User
from agent.backends.base import get_backend
from agent.errors import ProfileError, UnknownVoice
from agent.models import AgentProfile

AGENT_NAME_MAX_LENGTH = 40
GREETING_MAX_LENGTH = 300
ABOUT_MAX_LENGTH = 4000

# Letters and signs that only steer a display, among them those that turn text around.
_UNSEEN = {"Cc", "Cs"}
_TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def profile_of(user: User) -> AgentProfile:
    """The owner's agent; one with the usual name and voice when nothing was chosen yet."""
    profile, _ = AgentProfile.objects.get_or_create(user=user)
    return profile


def voicemail_greeting_of(user_id: uuid.UUID) -> str:
    """What callers hear before the tone: the owner's greeting with her agent's name.

    Blank when she has written none.
    """
    profile = AgentProfile.objects.filter(user_id=user_id).first()
    if profile is None or not profile.greeting:
        return ""
    if profile.agent_name.casefold() in profile.greeting.casefold():
        return profile.greeting
    return f"This is {profile.agent_name}. {profile.greeting}"


def language_of(user_id: uuid.UUID) -> str:
    """The language tag in which her callers are spoken to; blank when she never looked at it."""
    languages = AgentProfile.objects.filter(user_id=user_id).values_list("language", flat=True)
    return languages.first() or ""


def change_profile(
    *,
    user: User,
    agent_name: str | None = None,
    voice: str | None = None,
    greeting: str | None = None,
    about: str | None = None,
) -> AgentProfile:
    """Change what is given and give the profile back; markup stays what it is, plain text.

    Raises UnknownVoice, and ProfileError for a blank name or a text that is too long.
    Nothing is written then.
    """
    changes = {}
    if agent_name is not None:
        changes["agent_name"] = _agent_name(agent_name)
    if voice is not None:
        changes["voice"] = _voice(voice)
    if greeting is not None:
        changes["greeting"] = _limited("greeting", _one_line(greeting), GREETING_MAX_LENGTH)
    if about is not None:
        changes["about"] = _limited("about", _paragraphs(about), ABOUT_MAX_LENGTH)
    profile = profile_of(user)
    for field, value in changes.items():
        setattr(profile, field, value)
    profile.save(update_fields=[*changes, "updated_at"])
    return profile


def _agent_name(typed: str) -> str:
    name = _limited("agent_name", _one_line(typed), AGENT_NAME_MAX_LENGTH)
    if not name:
        raise ProfileError("agent_name", "blank", "Give your agent a name.")
    return name


def _voice(name: str) -> str:
    if name not in {voice.name for voice in get_backend().voices()}:
        raise UnknownVoice
    return name


def _limited(field: str, text: str, max_length: int) -> str:
    if len(text) > max_length:
        raise ProfileError(
            field, "too_long", f"This has {len(text)} characters; at most {max_length} fit."
        )
    return text


def _one_line(typed: str) -> str:
    """The text with every run of blanks and line ends as one blank."""
    return " ".join("".join(sign for sign in typed if _is_text(sign)).split())


def _paragraphs(typed: str) -> str:
    """The text with its line ends kept."""
    return "\n".join(_one_line(line) for line in typed.splitlines()).strip()


def _is_text(sign: str) -> bool:
    if sign.isspace():
        return True
    return unicodedata.category(sign) not in _UNSEEN and sign not in _TURNING
