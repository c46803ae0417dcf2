"""A2: what staff do is confirmed, may come twice, is written down, and needs its permission."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent
from telephony.models import Call, NumberEvent, NumberStatus, SimulatedOrder, Switch, SyncRun
from telephony.numbers import purchase_number
from telephony.support import BACK_TO_AGENT, FORCED_CLASSIC, is_forced_classic
from tests.factories import make_call, make_number
from tests.site.support import REASON, browser_of
from tests.voicemail.messages import leave_message
from voicemail.models import Message, Stage

NUMBER, CALL = "/admin/telephony/userphonenumber", "/admin/telephony/call"
FORM = {"reason": REASON}

pytestmark = pytest.mark.A2


@pytest.fixture
def lead(db) -> Client:
    return browser_of("Support lead")


@pytest.fixture
def number(owner):
    return purchase_number(user=owner, phone_number="+14155550132", country="US")


@pytest.fixture
def live_call(stranger) -> Call:
    return make_call(make_number(stranger), status="in_progress", stream_state="open")


@pytest.fixture
def waiting(owner) -> Message:
    later = timezone.now() + timedelta(minutes=9)
    return leave_message(
        make_number(owner),
        stage=Stage.COLLECTED,
        next_step_at=later,
        attempts=4,
        last_error="429 from the provider",
    )


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_number_is_asked_about_before_it_is_released(lead, number):
    page = lead.get(f"{NUMBER}/{number.pk}/release/").content.decode()
    assert "The number is released for good." in page
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE


def test_a_number_released_twice_is_released_once_and_written_down_once(lead, number):
    for _ in range(2):
        answer = lead.post(f"{NUMBER}/{number.pk}/release/", FORM, follow=True)
        assert "The number is released." in answer.content.decode()
    number.refresh_from_db()
    assert (number.status, number.voicemail_enabled) == (NumberStatus.RELEASED, False)
    assert acts() == ["released the number"]
    assert NumberEvent.objects.filter(number=number, who="operator").count() == 2


def test_without_a_reason_nothing_is_released(lead, number):
    assert lead.post(f"{NUMBER}/{number.pk}/release/", {"reason": ""}).status_code == 200
    number.refresh_from_db()
    assert (number.status, acts()) == (NumberStatus.ACTIVE, [])


def test_a_comparison_with_the_provider_leaves_a_run_and_an_act(lead, number):
    answer = lead.post(f"{NUMBER}/{number.pk}/sync/", FORM, follow=True)
    assert "Nothing differed for this number" in answer.content.decode()
    assert SyncRun.objects.get().finished_at
    assert acts() == ["compared the numbers with the provider"]


def test_a_messages_step_is_due_at_once_and_the_second_press_changes_nothing(lead, waiting):
    for told in ("The worker takes the next step now.", "It is due already."):
        url = f"/admin/voicemail/message/{waiting.pk}/retry/"
        assert told in lead.post(url, FORM, follow=True).content.decode()
    waiting.refresh_from_db()
    assert (waiting.next_step_at <= timezone.now(), waiting.attempts) == (True, 0)
    assert acts() == ["had a message prepared again"]


def test_classic_voicemail_is_forced_for_one_number_once_and_ends_by_itself(
    lead, number, time_machine
):
    for _ in range(2):
        lead.post(f"{NUMBER}/{number.pk}/classic/", FORM | {"hours": "1"})
    assert (is_forced_classic(number), is_forced_classic(None)) == (True, False)
    assert acts() == [FORCED_CLASSIC]
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    assert not is_forced_classic(number)


def test_an_outage_is_switched_on_and_off_for_all(lead):
    for _ in range(2):
        lead.post("/admin/classic/", FORM | {"hours": "0"})
    assert "Give calls back to the agent" in lead.get("/admin/").content.decode()
    for _ in range(2):
        lead.post("/admin/agent-again/", FORM)
    assert not Switch.objects.exists()
    assert acts() == [FORCED_CLASSIC, BACK_TO_AGENT]


def test_a_live_call_is_ended_at_the_provider_and_written_down_once(lead, live_call):
    for _ in range(2):
        lead.post(f"{CALL}/{live_call.pk}/end/", FORM)
    assert {order.kind for order in SimulatedOrder.objects.all()} == {"end"}
    assert acts() == ["ended the call"]


def test_a_provider_that_does_not_answer_is_named_and_the_attempt_kept(lead, live_call, settings):
    Call.objects.filter(pk=live_call.pk).update(simulated=False)
    settings.TELEPHONY = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {
            "account_sid": "AC" + "0" * 32,
            "auth_token": "x",
            "api_base_url": "http://127.0.0.1:1",
        },
    }
    answer = lead.post(f"{CALL}/{live_call.pk}/end/", FORM, follow=True)
    assert [told.level_tag for told in answer.context["messages"]] == ["error"]
    assert acts() == ["ended the call"]


def test_a_call_that_is_over_is_left_alone(lead, owner):
    call = make_call(make_number(owner), status="completed")
    answer = lead.post(f"{CALL}/{call.pk}/end/", FORM, follow=True)
    assert "The call is over already." in answer.content.decode()
    assert (acts(), SimulatedOrder.objects.count()) == ([], 0)


def test_who_is_on_the_line_is_listed_with_the_phase(lead, live_call):
    page = lead.get("/admin/live/").content.decode()
    assert "talking with the agent" in page
    assert live_call.from_number in page


ACTS = ("sync", "classic", "release", "end", "read", "retry", "for all", "switch", "audit")
MAY = {
    "Support": {"sync", "classic", "end", "read", "retry", "for all", "switch"},
    "Support lead": set(ACTS),
    "Auditor": {"audit"},
}


@pytest.mark.parametrize("group", MAY)
def test_each_group_may_do_its_own_and_no_more(group, waiting, live_call):
    number = f"{NUMBER}/{live_call.number_id}"
    pages = dict.fromkeys(("sync", "classic", "release"), number)
    urls = {act: f"{page}/{act}/" for act, page in pages.items()} | {
        "end": f"{CALL}/{live_call.pk}/end/",
        "read": f"{CALL}/{live_call.pk}/read/",
        "retry": f"/admin/voicemail/message/{waiting.pk}/retry/",
        "for all": "/admin/classic/",
        "switch": "/admin/telephony/switch/add/",
        "audit": "/admin/accounts/auditevent/",
    }
    desk = browser_of(group)
    opened = {act for act in ACTS if desk.get(urls[act]).status_code == 200}
    assert opened == MAY[group]


@pytest.mark.parametrize("group", MAY)
def test_every_group_may_look_at_numbers_and_calls(group, live_call):
    desk = browser_of(group)
    for url in (f"{CALL}/{live_call.pk}/change/", f"{NUMBER}/{live_call.number_id}/change/"):
        assert desk.get(url).status_code == 200
