"""The admin's front page, its exports, and the second factor before all of it."""

import csv
import io
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from accounts.csv_export import harmless
from accounts.models import AuditEvent
from telephony.models import Call, DoNotCall, NumberStatus, SyncRun, UserPhoneNumber
from tests.factories import make_call, make_number, make_user
from tests.site.support import browser_of, make_staff
from tests.voicemail.checks import make_check
from voicemail.models import OwnPhone


@pytest.fixture
def lead(db) -> Client:
    return browser_of("Support lead")


def export(desk: Client, path: str, keys: list[object]) -> list[list[str]]:
    form = {"action": "export_csv", "_selected_action": keys}
    answer = desk.post(f"/admin/{path}/", form)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.parametrize(
    "value", ["=1+1", "+14155550132", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"]
)
def test_no_cell_is_computed(value):
    assert harmless(value) == f"'{value}"


@pytest.mark.parametrize("value", ["Nora", "a=b", 17, "415 555 0132"])
def test_other_cells_stay_as_they_are(value):
    assert harmless(value) == str(value)


def test_an_exported_list_has_its_rows_in_order_and_nothing_to_compute(lead, owner):
    number = make_number(owner)
    evil = make_call(number, from_number='=HYPERLINK("http://x","y")', status="completed")
    plain = make_call(number, status="completed", end_reason="no_message")
    head, *rows = export(lead, "telephony/call", [evil.pk, plain.pk])
    assert head[:4] == ["started at", "call sid", "owner email", "from number"]
    assert [row[1] for row in rows] == [plain.call_sid, evil.call_sid]
    assert [row[3] for row in rows] == ["'+15105550147", '\'=HYPERLINK("http://x","y")']


def test_an_export_of_more_rows_than_fit_at_once_misses_none(lead, owner):
    numbers = [f"+1415555{line:04}" for line in range(1201)]
    rows = DoNotCall.objects.bulk_create(
        DoNotCall(owner=owner, phone_number=number) for number in numbers
    )
    form = {"action": "export_csv", "select_across": "1", "_selected_action": [rows[0].pk]}
    answer = lead.post("/admin/telephony/donotcall/", form)
    assert b"".join(answer.streaming_content).count(b"owner@example.com") == 1201


def test_an_export_is_written_down(lead, owner):
    export(lead, "telephony/userphonenumber", [make_number(owner).pk])
    event = AuditEvent.objects.get()
    assert (event.action, event.reason) == ("exported a list", "1 number")


@pytest.mark.A2
@pytest.mark.parametrize("group", ["Support", "Auditor"])
def test_others_do_not_export(group, owner):
    desk, number = browser_of(group), make_number(owner)
    form = {"action": "export_csv", "_selected_action": [number.pk]}
    answer = desk.post("/admin/telephony/userphonenumber/", form)
    assert "text/csv" not in answer.headers.get("Content-Type", "")
    assert not AuditEvent.objects.exists()


def test_the_front_page_counts_the_days_calls_by_their_end_reason(lead, owner):
    number = make_number(owner)
    for reason in ("agent_finished", "agent_finished", "message_after_failure"):
        make_call(number, status="completed", end_reason=reason)
    page = lead.get("/admin/").content.decode()
    assert "66.7%" in page
    assert "2 of 3" in page
    assert "Aloha could not answer; the caller left a message after the tone" in page


def test_the_figures_lead_to_the_calls_behind_them(lead, owner):
    make_call(make_number(owner), status="completed", end_reason="no_message")
    page = lead.get("/admin/")
    (reason,) = page.context["reasons"]
    assert lead.get(reason.url).context["cl"].result_count == 1


def test_the_front_page_names_what_is_stuck(lead, owner):
    number = make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    long_ago = number.created_at.replace(year=2020)
    UserPhoneNumber.objects.filter(pk=number.pk).update(updated_at=long_ago)
    stuck = {each.name: each.count for each in lead.get("/admin/").context["stuck"]}
    assert stuck["Numbers being bought"] == 1
    assert stuck["Calls without an end"] == 0


def test_the_front_page_says_what_the_provider_answered(lead):
    SyncRun.objects.create(error="The provider is away.")
    health = {each.name: each for each in lead.get("/admin/").context["health"]}
    provider = health["Provider, simulated"]
    assert (provider.is_well, provider.note) == (False, "The provider is away.")


@pytest.mark.parametrize(
    ("ended", "first_audio_ms", "is_well", "state", "note"),
    [
        ([], None, True, "no calls", ""),
        (
            ["agent_finished", "caller_hung_up"],
            900,
            True,
            "works",
            "0 of 2 failed, first word 0.9 s p95",
        ),
        (["agent_finished"], 2_100, False, "slow", "0 of 1 failed, first word 2.1 s p95"),
        (
            ["agent_finished", "message_after_failure"],
            900,
            False,
            "fails",
            "1 of 2 failed, first word 0.9 s p95",
        ),
        (["no_message"], None, True, "no calls", ""),
    ],
)
def test_the_front_page_says_how_the_agent_does(
    lead, owner, ended, first_audio_ms, is_well, state, note
):
    number = make_number(owner)
    facts = {} if first_audio_ms is None else {"first_audio_ms": first_audio_ms}
    for reason in ended:
        make_call(number, status="completed", end_reason=reason, stream_facts=facts)
    long_ago = timezone.now() - timedelta(minutes=16)
    make_call(number, end_reason="failed_without_message", started_at=long_ago)
    health = {each.name: each for each in lead.get("/admin/").context["health"]}
    agent = health["Agent, last 15 minutes"]
    assert (agent.is_well, agent.state) == (is_well, state)
    assert agent.note == note


def test_the_front_page_counts_proofs_by_carrier(lead, owner):
    OwnPhone.objects.create(user=owner, carrier="us-verizon", kind="android")
    number = make_number(owner)
    for outcome in ("proven", "nothing_came"):
        now = timezone.now()
        make_check(number, started_at=now, finished_at=now, outcome=outcome)
    (verizon,) = lead.get("/admin/").context["proofs"]
    assert (verizon.carrier, verizon.proven, verizon.total) == ("Verizon", 1, 2)


def test_refused_signatures_are_counted_for_the_front_page(lead, client):
    def refused() -> int:
        health = {each.name: each.note for each in lead.get("/admin/").context["health"]}
        return int(health["Signatures"].split()[0])

    before = refused()
    client.post(
        "/api/twilio/voice/incoming",
        "CallSid=CA1",
        content_type="application/x-www-form-urlencoded",
    )
    assert refused() == before + 1


def test_without_permissions_the_front_page_shows_no_calls(client, support, owner):
    make_call(make_number(owner), status="completed", end_reason="no_message")
    client.force_login(support)
    assert "tiles" not in client.get("/admin/").context


@pytest.mark.A2
@pytest.mark.parametrize("path", ["/admin/", "/admin/telephony/call/", "/admin/classic/"])
def test_in_production_staff_without_a_second_factor_are_led_to_set_one_up(settings, db, path):
    settings.STAFF_SECOND_FACTOR = True
    answer = browser_of("Support lead").get(path)
    assert answer.status_code == 403
    assert 'href="/accounts/2fa/totp/activate/"' in answer.content.decode()


@pytest.mark.A2
def test_with_a_second_factor_they_get_in(settings, client, db):
    settings.STAFF_SECOND_FACTOR = True
    user = make_staff("Support")
    TOTP.activate(user, generate_totp_secret())
    client.force_login(user)
    assert client.get("/admin/").status_code == 200


@pytest.mark.A2
def test_staff_without_one_can_still_log_out(settings, db):
    settings.STAFF_SECOND_FACTOR = True
    desk = browser_of("Support")
    desk.post("/admin/logout/")
    assert "_auth_user_id" not in desk.session


@pytest.mark.A2
def test_no_money_is_deleted_in_the_admin(owner, client):
    call: Call = make_call(make_number(owner))
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    for path in (f"telephony/call/{call.pk}", f"telephony/userphonenumber/{call.number_id}"):
        assert client.post(f"/admin/{path}/delete/", {"post": "yes"}).status_code == 403
