"""Whoever closes an account pays for no number afterwards, whatever was under way."""

import pytest
from django.db import connection

from accounts.row_security import service_scope
from telephony import numbers
from telephony.errors import AccountClosed
from telephony.models import LIVE_STATUSES, UserPhoneNumber
from tests.factories import make_number
from tests.peers.mail_server import mail_server
from tests.peers.twilio_rest import twilio_peer
from tests.voicemail.messages import leave_message
from voicemail import erasing
from voicemail.models import Erasure, Message

pytestmark = [pytest.mark.D4, pytest.mark.django_db(transaction=True)]
WANTED = {"phone_number": "+14155550123", "country": "US"}


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_purchase_that_was_under_way_buys_nothing_once_the_account_is_closed(
    owner, settings, is_erased
):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        erasing.close_account(owner=owner)
        if is_erased:
            erasing.keep_house()
        with pytest.raises(AccountClosed):
            numbers.purchase_number(user=owner, **WANTED)
        assert account.sold == {}
    assert not UserPhoneNumber.objects.exists()


@pytest.fixture
def taken_meanwhile(owner, settings):
    """While an owner is told of her forwarding, another number of hers goes into service."""

    def take(moment: str) -> None:
        if moment == "DATA":
            with service_scope():
                make_number(owner)
            connection.close()

    with mail_server() as server:
        server.at = take
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield


def test_an_account_with_a_number_that_came_meanwhile_is_erased_after_its_release(
    owner, taken_meanwhile
):
    old = make_number(owner, forwarding_verified_at="2026-01-01T00:00:00Z")
    leave_message(old)
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert Erasure.objects.get().done_at is None
    assert Message.objects.exists()
    Erasure.objects.update(next_step_at="2026-01-01T00:00:00Z")
    erasing.keep_house()
    assert Erasure.objects.get().done_at is not None
    assert not UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES).exists()
