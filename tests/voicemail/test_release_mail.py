"""The e-mail that tells a former owner how to end the forwarding."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from telephony import numbers
from telephony.models import ForwardingReminder
from tests.factories import make_call, make_number
from tests.peers.mail_server import mail_server
from tests.peers.twilio_rest import twilio_peer
from voicemail.mail_rest import mail_rest
from voicemail.release_mail import LEASE, send_reminders

pytestmark = pytest.mark.N9
FORWARDED = {
    "voicemail_enabled": True,
    "voicemail_mode": "voicemail_only",
    "external_phone_number": "+15105550147",
    "forwarding_enabled": True,
}


def release(owner, **fields):
    make_number(owner, phone_number="+14155550132", **fields)
    return numbers.release_number(user=owner)


def test_whoever_forwarded_is_told_the_code_that_ends_it(owner, mailoutbox):
    release(owner, **FORWARDED)
    assert send_reminders() == 1
    [mail] = mailoutbox
    assert mail.to == [owner.email]
    assert mail.subject == "(415) 555-0132 is released; your phone may still forward to it"
    assert "until you dial ##004# on it (*73 with Verizon)" in mail.body
    assert "\n\n\n" not in mail.body


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(FORWARDED | {"forwarding_confirmed": True}, id="marked"),
        pytest.param({"forwarding_verified_at": "2026-01-01T00:00:00Z"}, id="proven once"),
    ],
)
def test_whoever_set_forwarding_up_is_told(owner, mailoutbox, fields):
    release(owner, **fields)
    send_reminders()
    assert len(mailoutbox) == 1


def test_a_forwarded_call_is_proof_enough(owner, mailoutbox):
    number = make_number(owner)
    make_call(number, was_forwarded=True)
    numbers.release_number(user=owner)
    send_reminders()
    assert len(mailoutbox) == 1


def test_whoever_never_forwarded_gets_no_mail(owner, mailoutbox):
    make_call(make_number(owner), was_forwarded=None)
    numbers.release_number(user=owner)
    assert (send_reminders(), mailoutbox) == (0, [])


def test_a_second_release_and_a_second_worker_send_no_second_mail(owner, mailoutbox):
    release(owner, **FORWARDED)
    numbers.release_number(user=owner)
    send_reminders()
    send_reminders()
    assert len(mailoutbox) == 1


def test_after_a_change_of_number_the_mail_names_the_new_one(owner, mailoutbox):
    make_number(owner, phone_number="+14155550132", **FORWARDED)
    wanted = {"phone_number": "+12125550101", "country": "US"}
    numbers.purchase_number(user=owner, replace=True, **wanted)
    send_reminders()
    assert "(415) 555-0132 is no longer yours" in mailoutbox[0].body
    assert "Your new number is (212) 555-0101" in mailoutbox[0].body


def test_a_release_that_the_provider_has_not_confirmed_is_told_of_already(
    owner, settings, mailoutbox
):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        account.faults["DELETE"] = "500"
        number = release(owner, **FORWARDED, twilio_phone_sid=f"PN{'0' * 32}")
    assert number.status == "releasing"
    send_reminders()
    assert len(mailoutbox) == 1


def test_a_reminder_waits_for_the_release(owner, mailoutbox):
    number = make_number(owner)
    ForwardingReminder.objects.create(number=number)
    assert (send_reminders(), mailoutbox) == (0, [])


def test_a_mail_that_the_server_does_not_take_is_sent_later(owner, settings, mailoutbox):
    release(owner, **FORWARDED)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert send_reminders() == 0
    settings.EMAIL_BACKEND = working
    assert send_reminders() == 0
    mail_rest.end()
    assert send_reminders() == 0
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        assert send_reminders() == 1
    assert len(mailoutbox) == 1


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield running


def test_a_mail_that_the_server_refuses_is_tried_less_and_less_often(owner, server):
    server.refuse = {"RCPT": 550}
    release(owner, **FORWARDED)
    begun = due_at = timezone.now()
    tries = 0
    while due_at < begun + timedelta(days=30):
        with time_machine.travel(due_at, tick=False):
            assert [send_reminders(), send_reminders()] == [0, 0]
        tries, due_at = tries + 1, ForwardingReminder.objects.get().due_at
    assert tries == 14
    server.refuse = {}
    with time_machine.travel(due_at):
        assert send_reminders() == 1


def test_a_silent_mail_server_is_asked_once_for_many_reminders(owner, stranger, server, settings):
    settings.EMAIL_TIMEOUT = 0.5
    came, speaks = [], threading.Event()
    server.at = lambda moment: came.append(moment) or speaks.wait(10)
    for user, phone_number in ((owner, "+14155550132"), (stranger, "+14155550133")):
        make_number(user, phone_number=phone_number, **FORWARDED)
        numbers.release_number(user=user)
    assert [send_reminders(), send_reminders()] == [0, 0]
    speaks.set()
    assert came == ["connect"]
    mail_rest.end()
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        assert send_reminders() == 2


@pytest.mark.django_db(transaction=True)
def test_the_worker_sends_reminders(owner, mailoutbox):
    release(owner, **FORWARDED)
    call_command("work", "--once")
    assert len(mailoutbox) == 1
