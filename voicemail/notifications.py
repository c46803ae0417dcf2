"""Telling an owner of a message by e-mail: wanted, at the right hour, once ever."""

import logging
import zoneinfo
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from accounts import addresses
from accounts.models import User
from accounts.row_security import service_scope
from voicemail import callers, inbox, mailing, quiet_hours
from voicemail.errors import MailNotSent, MailRefused, MailServerAway, SettingsError
from voicemail.mail_rest import mail_rest
from voicemail.models import MailState, Message, NotificationPreference, Wanted

logger = logging.getLogger(__name__)

Record = Callable[..., None]


class NotYet(Exception):
    """The owner wants to be left alone until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def preference_of(user: User) -> NotificationPreference:
    """What the owner has chosen, or the usual choice; nothing is written."""
    found = NotificationPreference.objects.filter(owner=user).first()
    return found or NotificationPreference(owner=user)


def change_preference(
    *,
    user: User,
    wanted: Wanted,
    quiet_from: time | None,
    quiet_until: time | None,
    urgent_passes: bool,
) -> NotificationPreference:
    """Keep an owner's choice. Raises SettingsError for quiet hours with one end."""
    if (quiet_from is None) != (quiet_until is None):
        missing = "quiet_from" if quiet_from is None else "quiet_until"
        raise SettingsError(missing, "incomplete", "Quiet hours need a beginning and an end.")
    values: dict[str, Any] = {
        "wanted": wanted,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "urgent_passes": urgent_passes,
    }
    preference, _ = NotificationPreference.objects.update_or_create(owner=user, defaults=values)
    return preference


def tell_owner(
    message: Message, *, record: Record, believed: tuple[type[MailRefused], ...] = ()
) -> None:
    """Send the one e-mail about a message, or find that none is to be sent.

    `record(**fields)` writes the message's fields unless somebody else works on it meanwhile,
    and raises then. Raises NotYet, and MailNotSent when the server took nothing; a refusal of
    the kinds `believed` is the end of it.
    """
    if message.mail_state == MailState.HANDING_OVER:
        # A worker died while the mail server had the text. Sending again could be twice.
        _note_unclear(message, record, "the worker was stopped")
    if message.mail_state != MailState.NONE:
        return
    with service_scope():
        owner = message.call.owner
        decision, since = _decide(message, owner, timezone.now())
        mail = _mail(message, owner)
    if decision is quiet_hours.Told.LATER:
        raise NotYet(since)
    if decision is quiet_hours.Told.NEVER:
        record(mail_state=MailState.NOT_WANTED, mail_at=timezone.now())
        return
    if left := mail_rest.seconds_left:
        raise NotYet(timezone.now() + timedelta(seconds=left))
    try:
        _send(message, mail, to=owner.email, record=record)
    except MailRefused as error:
        if not isinstance(error, believed):
            raise
        logger.error(  # the server's codes say it all
            "e-mail refused for good", extra={"call": str(message.call_id), "reason": str(error)}
        )
        record(mail_state=MailState.REFUSED)


def _decide(message: Message, owner: User, now: datetime) -> tuple[quiet_hours.Told, datetime]:
    if message.deleted_at is not None or not owner.is_active:
        return quiet_hours.Told.NEVER, now
    preference = preference_of(owner)
    wishes = quiet_hours.Wishes(
        all_messages=preference.wanted == Wanted.ALL,
        urgent_messages=preference.wanted != Wanted.NONE,
        quiet_from=preference.quiet_from,
        quiet_until=preference.quiet_until,
        urgent_passes=preference.urgent_passes,
    )
    local = now.astimezone(zoneinfo.ZoneInfo(owner.time_zone))
    return quiet_hours.decide(wishes, is_urgent=message.is_urgent, now=local)


def _mail(message: Message, owner: User) -> dict[str, str]:
    if not addresses.is_confirmed(owner):
        # Whoever reads that mailbox may be somebody else, who never asked for it.
        return mailing.compose_bare(message)
    local = message.call.started_at.astimezone(zoneinfo.ZoneInfo(owner.time_zone))
    return mailing.compose(
        message,
        caller=callers.name_or_number(message),
        number=callers.caller_number(message.call),
        gist=inbox.gist(message),
        when=date_format(local, "l j F, H:i"),
    )


def _send(message: Message, mail: dict[str, str], *, to: str, record: Record) -> None:
    host = settings.PUBLIC_BASE_URL.split("://")[1].split(":")[0]

    def before_text() -> None:
        record(mail_state=MailState.HANDING_OVER, mail_at=timezone.now())

    try:
        mailing.send(mail, to=to, message_id=f"{message.id}@{host}", before_text=before_text)
    except MailNotSent as error:
        if isinstance(error, MailServerAway):
            mail_rest.begin()
        record(mail_state=MailState.NONE, mail_at=None)
        raise
    except mailing.HandOverUnclear as error:
        _note_unclear(message, record, str(error))
    else:
        record(mail_state=MailState.SENT, mail_at=timezone.now())
        logger.info("owner told", extra={"call_sid": message.call.call_sid})


def _note_unclear(message: Message, record: Record, reason: str) -> None:
    logger.error(
        "e-mail may not have gone out", extra={"call": str(message.call_id), "reason": reason}
    )
    record(mail_state=MailState.UNCLEAR)
