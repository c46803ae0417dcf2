"""For how many days an owner's recordings and words are kept."""

from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from voicemail.errors import SettingsError
from voicemail.models import KeepingPreference, Message

LONGEST_DAYS = 3650


def keeping_of(owner: User) -> tuple[int, int]:
    """Days for audio and for words."""
    return days_of(KeepingPreference.objects.filter(owner=owner).first())


def days_of(chosen: KeepingPreference | None) -> tuple[int, int]:
    """What the owner chose, else what the installation says."""
    audio = chosen.audio_days if chosen else None
    text = chosen.text_days if chosen else None
    return audio or settings.AUDIO_RETENTION_DAYS, text or settings.TEXT_RETENTION_DAYS


def kept_until(message: Message) -> datetime:
    """When the message's recording is erased."""
    chosen: KeepingPreference | None = getattr(message.owner, "keeping_preference", None)
    return message.started_at + timedelta(days=days_of(chosen)[0])


def change_keeping(*, owner: User, **days: int) -> None:
    """Keep the choice of `audio_days`, `text_days` or both; what is left out stays as it is.

    Raises SettingsError outside of 1 to 3,650 days.
    """
    for field, chosen in days.items():
        if not 1 <= chosen <= LONGEST_DAYS:
            raise SettingsError(field, "out_of_range", f"Between 1 and {LONGEST_DAYS} days.")
    if days:
        KeepingPreference.objects.update_or_create(owner=owner, defaults=days)
