"""The e-mail about a message: the gist and a link, never the audio.

What a caller said stands in it, so every line of a header is made one line first, and the HTML
part escapes it.
"""

import smtplib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string
from django.urls import reverse

from voicemail.errors import AddressRefused, MailNotSent, MailRefused, MailServerAway
from voicemail.mail_rest import mail_rest
from voicemail.models import Message
from voicemail.summaries import one_line

SUBJECT_LENGTH = 110
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class HandOverUnclear(Exception):
    """The connection broke while the mail server had the text: it may have taken it or not."""


class CarefulBackend(EmailBackend):
    """SMTP that says when the server is about to get the text of a mail.

    Until then a mail that fails was surely not sent; from then on nobody can know.
    """

    def __init__(self, *args: Any, before_text: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_text = before_text

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """The library's own connection, with our word before the text."""
        before_text = self.before_text

        class Connection(super().connection_class):  # type: ignore[misc]
            def data(self, msg: Any) -> tuple[int, bytes]:
                before_text()
                answer: tuple[int, bytes] = super().data(msg)
                return answer

        return Connection


def compose(message: Message, *, caller: str, number: str, gist: str, when: str) -> dict[str, str]:
    """Subject, text and HTML of the mail about a message."""
    urgent = "Urgent: " if message.is_urgent else ""
    subject = one_line(f"{urgent}{caller}: {gist}")
    context = {
        "message": message,
        "caller": one_line(caller),
        "number": number,
        "gist": one_line(gist),
        "when": when,
        "link": settings.PUBLIC_BASE_URL + reverse("message", args=[message.id]),
        "settings_link": f"{settings.PUBLIC_BASE_URL}{reverse('settings')}#notifications",
    }
    return {
        "subject": subject if len(subject) <= SUBJECT_LENGTH else subject[:SUBJECT_LENGTH] + "...",
        "text": render_to_string("voicemail/email/message.txt", context),
        "html": render_to_string("voicemail/email/message.html", context),
    }


def compose_bare(message: Message) -> dict[str, str]:
    """A mail that says no more than that there is a message, for an unconfirmed address."""
    context = {
        "link": settings.PUBLIC_BASE_URL + reverse("message", args=[message.id]),
        "confirm_link": settings.PUBLIC_BASE_URL + reverse("account_email"),
    }
    return {
        "subject": "You have a message",
        "text": render_to_string("voicemail/email/bare.txt", context),
        "html": render_to_string("voicemail/email/bare.html", context),
    }


def send(
    mail: dict[str, str], *, to: str, message_id: str, before_text: Callable[[], None]
) -> None:
    """Hand one mail to the mail server.

    `before_text` is called once the server has accepted sender and recipient; an error that it
    raises stops the mail. Raises MailNotSent when the server surely has no mail (MailServerAway,
    MailRefused when it says which), and HandOverUnclear.
    """
    handed_over = False

    def before() -> None:
        nonlocal handed_over
        before_text()
        handed_over = True

    try:
        _email(mail, to=to, message_id=message_id, before_text=before).send()
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise _refusal(error) from error
    except (smtplib.SMTPException, OSError) as error:
        if handed_over:
            raise HandOverUnclear(type(error).__name__) from error
        raise _away(error) from error


def send_reminder(email: EmailMessage) -> None:
    """Hand over a mail that had better come twice than never.

    A server that cannot be reached is left alone afterwards; callers look at `mail_rest` before.
    Raises MailNotSent.
    """
    try:
        email.send()
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise _refusal(error) from error
    except (smtplib.SMTPException, OSError) as error:
        mail_rest.begin()
        raise _away(error) from error


def _email(
    mail: dict[str, str], *, to: str, message_id: str, before_text: Callable[[], None]
) -> EmailMultiAlternatives:
    if settings.EMAIL_BACKEND == SMTP_BACKEND:
        connection = get_connection(f"{__name__}.CarefulBackend", before_text=before_text)
    else:
        # Memory, console, files: they take the whole mail in one go.
        before_text()
        connection = get_connection()
    email = EmailMultiAlternatives(
        subject=mail["subject"],
        body=mail["text"],
        to=[to],
        connection=connection,
        headers={"Message-ID": f"<{message_id}>", "Auto-Submitted": "auto-generated"},
    )
    email.attach_alternative(mail["html"], "text/html")
    return email


def _away(error: Exception) -> MailServerAway:
    return MailServerAway(f"The mail server was not reached: {type(error).__name__}.")


def _refusal(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> MailNotSent:
    """What a no means: 5yz is for good, 550 to 553 about the recipient (RFC 5321, 4.2.1 and 4.2.3).

    It tells the server's codes without its words: they may repeat the address. What a server says
    before there is a mail, about our log-in say, is no word on the mail.
    """
    kind = MailNotSent
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if all(550 <= code <= 553 for code in codes):
            kind = AddressRefused
        elif all(500 <= code <= 599 for code in codes):
            kind = MailRefused
    else:
        codes = [error.smtp_code]
        is_about_the_mail = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError)
        if is_about_the_mail and 500 <= error.smtp_code <= 599:
            kind = MailRefused
    return kind(f"The mail server refused the e-mail: {', '.join(map(str, codes))}.")
