"""The e-mail after a release: the phone still forwards, and only its owner can end that."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.models import ForwardingReminder, NumberStatus, UserPhoneNumber
from telephony.phone_numbers import national
from voicemail import mailing
from voicemail.errors import MailNotSent, MailServerAway
from voicemail.mail_rest import mail_rest
from voicemail.own_phone import how_to_undo

logger = logging.getLogger(__name__)

# Whoever claims a reminder has this long; one that was not sent by then is due again.
LEASE = timedelta(minutes=10)
_GIVEN_BACK = (NumberStatus.RELEASING, NumberStatus.RELEASED)


def send_reminders() -> int:
    """Send what is due; how many were sent. Any number of workers may do so at once."""
    sent = 0
    while not mail_rest.seconds_left and (reminder := _claim()):
        with service_scope():
            mail = _mail(reminder.number)
        try:
            mailing.send_reminder(mail)
        except MailServerAway as error:
            # Stays claimed, so it is tried again when the lease is over.
            logger.warning("reminder not sent", extra={"reason": str(error)})
            continue
        except MailNotSent as error:
            logger.warning("reminder refused", extra={"reason": str(error)})
            _put_off(reminder)
            continue
        with service_scope():
            ForwardingReminder.objects.filter(pk=reminder.pk).update(sent_at=timezone.now())
        logger.info("reminded of forwarding", extra={"number_id": str(reminder.pk)})
        sent += 1
    return sent


def _claim() -> ForwardingReminder | None:
    """One that is due, put off for everybody else; None when there is none."""
    now = timezone.now()
    due = ForwardingReminder.objects.filter(
        sent_at__isnull=True, due_at__lte=now, number__status__in=_GIVEN_BACK
    )
    with service_scope():
        for reminder in due.select_related("number__user"):
            mine = ForwardingReminder.objects.filter(pk=reminder.pk, due_at=reminder.due_at)
            if mine.update(due_at=now + LEASE):
                return reminder
    return None


def _put_off(reminder: ForwardingReminder) -> None:
    """For as long again as since the release; never for good, for the phone may still forward.

    Refused each time, it is tried 14 times in the first month.
    """
    now = timezone.now()
    pause = max(LEASE, now - reminder.number.updated_at)
    with service_scope():
        ForwardingReminder.objects.filter(pk=reminder.pk).update(due_at=now + pause)


def _mail(number: UserPhoneNumber) -> EmailMessage:
    new = UserPhoneNumber.objects.for_user(number.user).active().first()
    released = national(number.phone_number)
    context = {
        "owner": number.user,
        "number": released,
        "how_to_undo": how_to_undo(number),
        "new_number": national(new.phone_number) if new else "",
        "link": settings.PUBLIC_BASE_URL + reverse("settings"),
    }
    return EmailMessage(
        subject=f"{released} is released; your phone may still forward to it",
        body=render_to_string("voicemail/email/number_released.txt", context),
        to=[number.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
