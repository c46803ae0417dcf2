"""The archive of an owner's data leaves nothing out without a reason."""

import io
import json
import zipfile
from datetime import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from agent.models import AgentProfile
from telephony.models import Call, Campaign, DoNotCall, OutboundTerms
from tests.factories import make_number
from tests.site import access_table
from tests.voicemail.messages import ended_call
from voicemail.export_tables import TABLES
from voicemail.forwarding_models import ForwardingCheck, OwnPhone
from voicemail.models import KeepingPreference, NotificationPreference

pytestmark = pytest.mark.V6

# Parts that voicemail.exporting puts together: usual choices count too, calls come with theirs.
PUT_TOGETHER = {
    "accounts.User",
    "accounts.AuditEvent",
    "agent.AgentProfile",
    "voicemail.NotificationPreference",
    "voicemail.KeepingPreference",
    "telephony.Call",
    "telephony.TranscriptLine",
    "telephony.Recording",
    "voicemail.Message",
}

EXCUSED = {
    "telephony.CallEvent": "The carrier's reports in its own format; what they say is in the call.",
    "telephony.CarrierRecording": "The carrier's copies of recordings that the archive holds.",
    "telephony.UnnamedFile": "Names of files that are being written or deleted.",
    "telephony.IdempotencyKey": "Hashes of requests, to tell a repeated one; kept for two days.",
    "telephony.SimulatedCall": "Orders to the simulator; the call is exported.",
}


def test_every_table_of_an_owner_is_exported_or_excused_with_a_sentence():
    exported = [table.model for table in TABLES.values()]
    named = [*exported, *PUT_TOGETHER, *EXCUSED]
    assert sorted(named) == sorted(access_table.OWNED)
    assert all(sentence.endswith(".") for sentence in EXCUSED.values())


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.model)
def test_every_column_of_a_table_is_exported_or_left_out_by_name(table):
    model = apps.get_model(table.model)
    own = {model._meta.pk.name, table.owner.split("__")[0]}
    columns = {field.name for field in model._meta.concrete_fields}
    exported = {name.split("__")[0].removesuffix("_id") for name in table.columns}
    assert (exported | set(table.left_out)) - own == columns - own
    assert access_table.OWNED[table.model] == table.owner


@pytest.fixture
def data(client, owner):
    """The archive's JSON of an owner who has used everything."""
    number = make_number(owner, phone_number="+14155550132", external_phone_number="+14155550178",
                         voicemail_enabled=True, voicemail_mode="receptionist")  # fmt: skip
    campaign = Campaign.objects.create(
        owner=owner, name="Visits", purpose="Ask about Tuesday.", consent_note="They signed."
    )
    call = ended_call(
        number, 5, campaign=campaign, forwarded_from="+14155550178", cost_usd="0.01250",
        end_reason="agent_finished",
    )  # fmt: skip
    DoNotCall.objects.create(owner=owner, phone_number="+15105550199", source="key", call=call)
    OutboundTerms.objects.create(owner=owner, version=1)
    OwnPhone.objects.create(user=owner, carrier="us_verizon", kind="mobile")
    ForwardingCheck.objects.create(
        number=number, phone_number="+14155550178", deadline_at=timezone.now(), outcome="proven",
        finished_at=timezone.now(),
        probe=ended_call(number, 1, purpose="forwarding_check"),
    )  # fmt: skip
    NotificationPreference.objects.create(
        owner=owner, quiet_from=time(22), quiet_until=time(7), urgent_passes=False
    )
    KeepingPreference.objects.create(owner=owner, audio_days=30, text_days=60)
    AgentProfile.objects.create(user=owner, language="de-DE")
    EmailAddress.objects.create(user=owner, email="nora@work.example", verified=True)
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "canary secret"})
    client.force_login(owner)
    UserSession.objects.create(
        user=owner, ip="203.0.113.9", user_agent="Firefox", session_key="canary key"
    )
    answer = client.post(reverse("export_data"))
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        return json.loads(archive.read("aloha.json"))


def test_the_archive_holds_what_outgoing_calls_are_made_with(data):
    (campaign,) = data["campaigns"]
    assert (campaign["purpose"], campaign["consentNote"]) == ("Ask about Tuesday.", "They signed.")
    assert data["doNotCall"][0]["phoneNumber"] == "+15105550199"
    assert data["outboundTerms"][0]["version"] == 1


def test_the_archive_holds_the_settings(data):
    assert data["numbers"][0]["voicemailMode"] == "receptionist"
    assert data["numbers"][0]["forwardingEnabled"] is False
    assert data["agent"]["language"] == "de-DE"
    assert data["keeping"] == {"audioDays": 30, "textDays": 60}
    wanted = {"quietFrom": "22:00:00", "quietUntil": "07:00:00", "urgentPasses": False}
    assert data["notifications"] == {"wanted": "all"} | wanted


def test_the_archive_holds_the_own_phone_and_its_tests(data):
    assert data["ownPhone"][0]["carrier"] == "us_verizon"
    (check,) = data["forwardingChecks"]
    assert (check["numberPhoneNumber"], check["outcome"]) == ("+14155550132", "proven")


def test_the_archive_holds_addresses_and_log_ins_without_their_secrets(data):
    assert data["emailAddresses"][0]["email"] == "nora@work.example"
    assert {"ip": "203.0.113.9", "userAgent": "Firefox"}.items() <= data["logIns"][-1].items()
    assert data["secondFactors"][0]["type"] == "totp"
    assert "canary" not in json.dumps(data)


def test_the_archive_says_how_each_call_came_ended_and_what_it_cost(data):
    (call,) = [call for call in data["calls"] if call["purpose"] == "conversation"]
    assert (call["forwardedFrom"], call["endReason"]) == ("+14155550178", "agent_finished")
    assert (call["costUsd"], call["campaign"]) == ("0.01250", "Visits")
    assert Call.objects.count() == len(data["calls"]) == 2
