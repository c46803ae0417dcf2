"""The one e-mail about a message, against a mail server on loopback."""

import threading
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.row_security import user_scope
from tests.factories import make_number
from tests.peers.mail_server import mail_server
from tests.voicemail.messages import ended_call, leave_message
from voicemail import notifications, processing
from voicemail.errors import SettingsError
from voicemail.mail_rest import REST_SECONDS, mail_rest
from voicemail.models import MailState, Message, Stage, Urgency, Wanted

pytestmark = pytest.mark.V4


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield running


def ready_message(number, **fields) -> Message:
    defaults = {"stage": Stage.SUMMARISED, "caller_name": "Mrs Ito", "reason": "The boiler leaks."}
    return leave_message(number, **(defaults | fields))


def work(message: Message) -> Message:
    """What the worker does once the mail server has rested."""
    mail_rest.end()
    Message.objects.update(next_step_at=timezone.now())
    processing.advance_messages()
    message.refresh_from_db()
    return message


def test_the_owner_gets_the_gist_and_a_link(server, number, owner, settings):
    message = work(ready_message(number, summary="Water runs under the door."))
    (mail,) = server.mails
    text = mail.get_body(("plain",)).get_content()
    assert server.recipients == [owner.email]
    assert mail["Subject"] == "Mrs Ito: The boiler leaks."
    assert "Water runs under the door." in text
    assert f"{settings.PUBLIC_BASE_URL}/aloha/inbox/{message.id}" in text
    assert (message.stage, message.mail_state) == (Stage.NOTIFIED, MailState.SENT)


def test_the_mail_has_text_and_html_and_never_audio(server, number):
    work(ready_message(number))
    types = {part.get_content_type() for part in server.mails[0].walk()}
    assert types == {"multipart/alternative", "text/plain", "text/html"}


def test_an_urgent_message_says_so_first(server, number):
    work(ready_message(number, urgency=Urgency.HIGH))
    assert server.mails[0]["Subject"].startswith("Urgent: ")


def test_what_a_caller_says_adds_no_header_and_no_markup(server, number):
    hostile = "Ito\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>"
    work(ready_message(number, caller_name=hostile[:80], reason=hostile))
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Ito Bcc: all@example.com")
    assert "<script>" not in mail.get_body(("html",)).get_content()


def test_a_message_is_told_of_once_whatever_happens_to_it_later(server, number):
    message = work(ready_message(number))
    Message.objects.update(stage=Stage.COLLECTED)
    assert work(message).stage == Stage.NOTIFIED
    assert len(server.mails) == 1


@pytest.mark.parametrize("moment", ["connect", "MAIL", "RCPT", "DATA", "text"])
def test_a_mail_that_was_refused_is_sent_later_and_once(server, number, moment):
    server.refuse = {moment: 451}
    message = work(ready_message(number))
    assert (message.stage, message.mail_state) == (Stage.SUMMARISED, MailState.NONE)
    assert "refused" in message.last_error
    server.refuse = {}
    assert work(message).mail_state == MailState.SENT
    assert len(server.mails) == 1


@pytest.mark.parametrize("moment", ["connect", "MAIL", "RCPT"])
def test_a_server_that_hangs_up_early_has_no_mail_and_gets_it_later(server, number, moment):
    server.hang_up_at = moment
    message = work(ready_message(number))
    assert message.mail_state == MailState.NONE
    server.hang_up_at = ""
    work(message)
    assert len(server.mails) == 1


@pytest.mark.parametrize("moment", ["kept", "text"])
def test_a_mail_that_the_server_may_have_is_never_sent_again(server, number, moment):
    server.hang_up_at = moment
    message = work(ready_message(number))
    assert (message.stage, message.mail_state) == (Stage.NOTIFIED, MailState.UNCLEAR)
    server.hang_up_at = ""
    work(message)
    assert len(server.mails) == (1 if moment == "kept" else 0)


def test_a_mail_server_that_is_down_is_asked_again_less_and_less_often(settings, number):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = ready_message(number)
    for attempt in (1, 2, 3):
        assert work(message).attempts == attempt
    assert message.last_error == "The mail server was not reached: ConnectionRefusedError."
    assert message.next_step_at > timezone.now() + timedelta(seconds=3)


@pytest.fixture
def silent(server, settings) -> Iterator[list[str]]:
    """The mail server accepts and says nothing; who came."""
    settings.EMAIL_TIMEOUT = 0.5
    came: list[str] = []
    speaks = threading.Event()

    def keep_silent(moment: str) -> None:
        came.append(moment)
        speaks.wait(10)

    server.at = keep_silent
    yield came
    speaks.set()


def test_a_silent_mail_server_holds_up_no_new_call(silent, number):
    for _ in range(6):
        ready_message(number)
    call = ended_call(number, 1, stream_state="none")
    processing.collect_messages()
    processing.advance_messages()
    assert Message.objects.get(call=call).stage == Stage.SUMMARISED
    processing.advance_messages()
    assert silent == ["connect"]
    assert 20 < mail_rest.seconds_left <= REST_SECONDS
    assert Message.objects.filter(mail_state=MailState.NONE).count() == 7


def test_a_server_that_was_reached_is_not_left_alone(server, number):
    server.refuse = {"RCPT": 451}
    work(ready_message(number))
    assert mail_rest.seconds_left == 0


@pytest.mark.parametrize(
    ("code", "is_final"), [(550, True), (553, True), (450, False), (554, False)]
)
def test_an_address_that_is_refused_long_enough_is_wrong(server, number, code, is_final):
    server.refuse = {"RCPT": code}
    message = work(ready_message(number))
    assert (message.stage, message.mail_state) == (Stage.SUMMARISED, MailState.NONE)
    Message.objects.update(refusals=processing.ADDRESS_REFUSALS_BELIEVED)
    message = work(message)
    if is_final:
        assert (message.stage, message.mail_state) == (Stage.NOTIFIED, MailState.REFUSED)
    else:
        assert (message.stage, message.mail_state) == (Stage.SUMMARISED, MailState.NONE)


@pytest.mark.parametrize(
    ("moment", "code", "is_final"),
    [
        *[(moment, 554, True) for moment in ("MAIL", "RCPT", "DATA", "text")],
        *[(moment, 451, False) for moment in ("MAIL", "RCPT", "DATA", "text")],
        pytest.param("connect", 554, False, id="no word on the mail"),
    ],
)
def test_a_mail_that_is_refused_for_a_day_is_not_sent(server, number, moment, code, is_final):
    server.refuse = {moment: code}
    message = ready_message(number, refusals=processing.REFUSALS_BELIEVED - 1)
    assert (work(message).stage, message.mail_state) == (Stage.SUMMARISED, MailState.NONE)
    assert message.last_error == f"The mail server refused the e-mail: {code}."
    work(message)
    expected = (Stage.NOTIFIED, MailState.REFUSED) if is_final else (Stage.SUMMARISED, "")
    assert (message.stage, message.mail_state) == expected


@pytest.mark.parametrize("outage", ["away", 451, 535])
@pytest.mark.parametrize("refusal", [{"RCPT": 550}, {"text": 554}])
def test_a_refusal_after_a_long_outage_is_not_believed_at_once(server, number, outage, refusal):
    attempts = processing.REFUSALS_BELIEVED + 1
    message = ready_message(number, attempts=attempts)
    if outage == "away":
        server.hang_up_at = "MAIL"
    else:
        server.refuse = {"MAIL" if outage == 451 else "connect": outage}
    assert work(message).attempts == attempts + 1
    server.hang_up_at, server.refuse = "", refusal
    message = work(message)
    assert (message.mail_state, message.refusals) == (MailState.NONE, 1)
    server.refuse = {}
    message = work(message)
    assert (message.mail_state, message.refusals) == (MailState.SENT, 0)


def test_after_a_worker_died_in_the_middle_of_sending_nothing_is_sent_twice(server, number):
    message = work(ready_message(number, mail_state=MailState.HANDING_OVER))
    assert (message.stage, message.mail_state) == (Stage.NOTIFIED, MailState.UNCLEAR)
    assert server.mails == []


@pytest.mark.parametrize(
    ("wanted", "urgency", "mails"),
    [
        (Wanted.ALL, Urgency.NORMAL, 1),
        (Wanted.URGENT, Urgency.NORMAL, 0),
        (Wanted.URGENT, Urgency.HIGH, 1),
        (Wanted.NONE, Urgency.HIGH, 0),
    ],
)
def test_owners_choose_which_messages_they_hear_of(server, number, owner, wanted, urgency, mails):
    choose(owner, wanted=wanted)
    message = work(ready_message(number, urgency=urgency))
    assert len(server.mails) == mails
    assert message.stage == Stage.NOTIFIED


def test_in_quiet_hours_the_mail_waits_for_their_end(server, number, owner):
    owner.time_zone = "UTC"
    owner.save()
    now = timezone.now()
    ends = (now + timedelta(hours=2)).replace(second=0, microsecond=0)
    choose(owner, quiet_from=(now - timedelta(hours=1)).time(), quiet_until=ends.time())
    message = work(ready_message(number))
    assert (message.stage, message.attempts) == (Stage.SUMMARISED, 0)
    assert abs(message.next_step_at - ends) < timedelta(seconds=1)
    assert server.mails == []


def test_a_deleted_message_is_not_told_of(server, number):
    work(ready_message(number, deleted_at=timezone.now()))
    assert server.mails == []


def test_quiet_hours_need_both_ends(owner):
    with pytest.raises(SettingsError) as refused:
        choose(owner, quiet_from=time(22))
    assert refused.value.field == "quiet_until"


def choose(owner, **fields) -> None:
    defaults = {
        "wanted": Wanted.ALL,
        "quiet_from": None,
        "quiet_until": None,
        "urgent_passes": True,
    }
    with user_scope(owner.pk):
        notifications.change_preference(user=owner, **(defaults | fields))


def test_a_mailbox_that_nobody_confirmed_gets_nothing_that_a_caller_said(server, number, owner):
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True)
    message = work(ready_message(number, summary="Water runs.", urgency=Urgency.HIGH))
    (mail,) = server.mails
    whole = mail.as_string()
    assert mail["Subject"] == "You have a message"
    assert f"/aloha/inbox/{message.id}" in whole
    told = ("Ito", "boiler", "Water", "Urgent", message.call.from_number[-4:])
    assert [words for words in told if words in whole] == []
    assert message.mail_state == MailState.SENT
