"""Keeping a proof fresh: every forwarded call renews it, and a long silence makes us ask."""

import logging
from datetime import datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db.models import F, Q, QuerySet

from accounts.row_security import service_scope
from telephony.models import Call, CallPurpose, Direction, NumberStatus, UserPhoneNumber
from telephony.probes import same_line
from voicemail import forwarding_mail, mailing
from voicemail.errors import MailNotSent, MailRefused
from voicemail.forwarding_models import ForwardingCheck, OwnPhone
from voicemail.mail_rest import mail_rest

logger = logging.getLogger(__name__)

# How far back calls are looked at: each time, and now and then for a worker that was away.
RECENT = timedelta(minutes=10)
ALL = timedelta(days=1)
CALLS_REMEMBERED = 20
# A line has gone quiet when nothing came for twice as long as it ever took before.
PATIENCE = 2


def renew_proofs(*, now: datetime, all_time: bool) -> int:
    """Renew the proof of every line on which a forwarded call came; how many there were."""
    with service_scope():
        calls = (
            _forwarded_calls()
            .filter(
                Q(number__forwarding_verified_at__lt=F("started_at"))
                | Q(number__forwarding_verified_at__isnull=True),
                started_at__gt=now - (ALL if all_time else RECENT),
                number__status=NumberStatus.ACTIVE,
                number__forwarding_enabled=True,
            )
            .select_related("number")
            .order_by("started_at")
        )
        return sum(_renew(call) for call in calls if _is_evidence(call))


def _forwarded_calls() -> QuerySet[Call]:
    return Call.objects.filter(
        direction=Direction.INBOUND, purpose=CallPurpose.CONVERSATION, was_forwarded=True
    )


def _is_evidence(call: Call) -> bool:
    """Whether the call came from the owner's phone, after whatever was tested last."""
    later_checks = ForwardingCheck.objects.of_phone(call.number).filter(
        finished_at__gt=call.started_at
    )
    return _is_of_phone(call, call.number) and not later_checks.exists()


def _is_of_phone(call: Call, number: UserPhoneNumber) -> bool:
    """A carrier that does not say from where a call was diverted gets the benefit of the doubt."""
    return not call.forwarded_from or same_line(
        call.forwarded_from, number.external_phone_number or ""
    )


def _renew(call: Call) -> int:
    return UserPhoneNumber.objects.filter(
        pk=call.number_id,
        forwarding_enabled=True,
        external_phone_number=call.number.external_phone_number,
    ).update(forwarding_verified_at=call.started_at)


def ask_about_silence(*, now: datetime) -> int:
    """Tell the owners of proven lines that went quiet, once for each silence; how many there were.

    Marked first and mailed then: a crash in between costs the mail, never a second one. The page
    says the same either way. A mail server that is away is asked again in a later round; what it
    refuses for good is not sent again.
    """
    return sum(
        _ask(number, now=now) for number in _quiet_numbers(now) if not mail_rest.seconds_left
    )


def _quiet_numbers(now: datetime) -> list[UserPhoneNumber]:
    with service_scope():
        quiet = (
            UserPhoneNumber.objects.active()
            .filter(
                forwarding_enabled=True,
                forwarding_verified_at__lt=now - timedelta(days=settings.FORWARDING_QUIET_DAYS),
            )
            .exclude(user__own_phone__asked_to_check_at__gt=F("forwarding_verified_at"))
            .select_related("user")
        )
        return [
            number
            for number in quiet
            if number.forwarding_verified_at is not None
            and now - number.forwarding_verified_at > allowed_silence(number)
        ]


def allowed_silence(number: UserPhoneNumber) -> timedelta:
    """How long this line may be quiet before we ask: by the setting, or by its own slow rhythm."""
    calls = _forwarded_calls().filter(number=number).order_by("-started_at")[:CALLS_REMEMBERED]
    times = [call.started_at for call in calls if _is_of_phone(call, number)]
    gaps = [later - earlier for later, earlier in pairwise(times)]
    quiet = timedelta(days=settings.FORWARDING_QUIET_DAYS)
    return max(quiet, PATIENCE * max(gaps, default=timedelta()))


def _ask(number: UserPhoneNumber, *, now: datetime) -> bool:
    with service_scope():
        OwnPhone.objects.get_or_create(user_id=number.user_id)
        phone = OwnPhone.objects.filter(
            Q(asked_to_check_at__isnull=True)
            | Q(asked_to_check_at__lte=number.forwarding_verified_at),
            user_id=number.user_id,
        )
        if not phone.update(asked_to_check_at=now):
            return False
        mail = forwarding_mail.about_silence(number)
    try:
        mailing.send_reminder(mail)
    except MailNotSent as error:
        logger.warning(
            "owner not asked to check", extra={"number_id": str(number.pk), "reason": str(error)}
        )
        if isinstance(error, MailRefused):
            return False
        with service_scope():
            OwnPhone.objects.filter(user_id=number.user_id, asked_to_check_at=now).update(
                asked_to_check_at=None
            )
        return False
    logger.info("owner asked to check forwarding", extra={"number_id": str(number.pk)})
    return True
