"""The e-mail after a release: the phone still forwards, and only its owner can end that."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.models import ForwardingReminder, NumberStatus, UserPhoneNumber
from telephony.phone_numbers import national
from voicemail.own_phone import how_to_undo

logger = logging.getLogger(__name__)

# Whoever claims a reminder has this long; one that was not sent by then is due again.
LEASE = timedelta(minutes=10)
_GIVEN_BACK = (NumberStatus.RELEASING, NumberStatus.RELEASED)


def send_reminders() -> int:
    """Send what is due; how many were sent. Any number of workers may do so at once."""
    sent = 0
    while reminder := _claim():
        with service_scope():
            mail = _mail(reminder.number)
        try:
            mail.send()
        except (SMTPException, OSError) as error:
            # Stays claimed, so it is tried again when the lease is over.
            logger.warning("reminder not sent", extra={"error": type(error).__name__})
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
