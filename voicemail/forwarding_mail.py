"""The e-mail that asks an owner to test a line that has gone quiet."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from telephony import phone_numbers
from telephony.models import UserPhoneNumber
from voicemail.own_phone import codes_of


def about_silence(number: UserPhoneNumber) -> EmailMultiAlternatives:
    """The mail, with the code of her carrier; needs `user` loaded."""
    codes = codes_of(number)
    zone = ZoneInfo(number.user.time_zone)
    last_at = timezone.localtime(number.forwarding_verified_at, zone)
    context = {
        "owner": number.user,
        # Formatted here: a template would take the day back to the server's time zone.
        "last_on": date_format(last_at, "j M Y"),
        "number": phone_numbers.national(number.phone_number),
        "carrier": codes.carrier.name,
        "register": codes.register,
        "cancel": codes.cancel,
        "link": settings.PUBLIC_BASE_URL + reverse("forwarding"),
    }
    mail = EmailMultiAlternatives(
        subject=f"Do missed calls still reach {context['number']}?",
        body=render_to_string("voicemail/email/forwarding_quiet.txt", context),
        to=[number.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(
        render_to_string("voicemail/email/forwarding_quiet.html", context), "text/html"
    )
    return mail
