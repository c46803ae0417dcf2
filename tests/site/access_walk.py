"""The addresses of the table, with rows of one owner behind them, and browsers that open them."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

from django.contrib.auth.models import Group
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.audit import Who
from accounts.models import AuditEvent, User
from agent.profiles import profile_of
from telephony.models import Campaign, DoNotCall, Switch, SyncRun
from tests.contract.api_client import CSRF_TOKEN
from tests.factories import PASSWORD, make_user
from tests.site import access_table as table
from tests.site.access_answers import Answer
from tests.voicemail.checks import make_check
from voicemail.models import Message
from voicemail.support import HEARD_AUDIO, note_look

NO_PROBE = "00000000-0000-4000-8000-000000000000"
PARAMETER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")
# What stands in a route for something that is no row of the owner's.
OTHER_PARAMETERS = {
    "voice": "built-in",
    "uidb36": "1",
    "key": "abc-def",
    "app_label": "auth",
    "content_type_id": 1,
    "object_id": 1,
    "url": "nothing/",
}


def routes(
    patterns: list[URLPattern | URLResolver] | None = None, route: str = "", namespace: str = ""
) -> Iterator[tuple[str, str]]:
    """Key in the table and whole route of every address."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, whole, inner)
        else:
            yield f"{namespace}{pattern.name}" if pattern.name else whole, whole


def urls_about(message: Message) -> dict[str, str]:
    """The address of every key of the table: about this message, its call and its owner."""
    records = records_about(message)
    given = OTHER_PARAMETERS | {
        "message_id": message.pk,
        "call_id": message.call_id,
        "campaign_id": records["telephony_campaign"],
        "entry_id": records["telephony_donotcall"],
        "look_id": records["accounts_auditevent"],
    }
    urls = {}
    for key, route in routes():
        model = "_".join(re.split("[_/]", re.sub("^admin.", "", key))[:2])
        values = given | ({"object_id": records[model]} if model in records else {})
        if key in table.CARRIER:
            values["call_id"] = NO_PROBE
        path = PARAMETER.sub(lambda found, values=values: str(values[found[1] or found[2]]), route)
        urls[key] = "/" + path.replace("^", "").replace("$", "")
    return urls


def records_about(message: Message) -> dict[str, object]:
    """The key of a row of each model of the admin; made where there is none."""
    owner, number = message.call.owner, message.call.number
    campaign = Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")
    entry = DoNotCall.objects.create(owner=owner, phone_number="+15105550199")
    switch = Switch.objects.create(kind=Switch.Kind.AGENT, number=number, reason="x")
    return {
        "accounts_auditevent": look_at(message).pk,
        "accounts_user": owner.pk,
        "agent_agentprofile": profile_of(owner).pk,
        "auth_group": Group.objects.create(name="Night shift").pk,
        "telephony_call": message.call_id,
        "telephony_campaign": campaign.pk,
        "telephony_donotcall": entry.pk,
        "telephony_switch": switch.pk,
        "telephony_syncrun": SyncRun.objects.create().pk,
        "telephony_userphonenumber": number.pk,
        "voicemail_forwardingcheck": make_check(number).pk,
        "voicemail_message": message.pk,
    }


def look_at(message: Message) -> AuditEvent:
    """A look by somebody else."""
    colleague = make_user("colleague@example.com", is_staff=True)
    who = Who(user=colleague, reason="ticket 7", request_id=uuid.uuid4())
    return note_look(message.call, who, HEARD_AUDIO)


def browser(user: User | None = None) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def with_token(user: User | None) -> Client:
    """A browser that sends a valid CSRF token with whatever it posts."""
    client = Client(
        enforce_csrf_checks=True,
        raise_request_exception=False,
        headers={"X-CSRFToken": CSRF_TOKEN},
    )
    client.cookies["csrftoken"] = CSRF_TOKEN
    if user is not None:
        client.force_login(user)
    return client


def answer(response) -> Answer:
    """The status, or the path to which a redirect leads."""
    if response.status_code == 302:
        return urlsplit(urljoin(response.request["PATH_INFO"], response["Location"])).path
    return response.status_code


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back; a block of Django's own would refuse durable ones."""
    before = transaction.savepoint()
    yield
    transaction.set_rollback(False)
    transaction.savepoint_rollback(before)


def form_about(message: Message) -> dict[str, object]:
    """Every field of every form, filled in, and every name by which a form might mean the owner."""
    owner, number = message.call.owner, message.call.number
    settings_fields = {
        "phone_number": number.phone_number,
        "country": "US",
        "voicemail_enabled": "on",
        "voicemail_mode": "receptionist",
        "external_phone_number": "+14155550178",
        "last_digits": "0199",
        "agent_name": "Mallory",
        "greeting": "Hello from Mallory.",
        "voice": "cedar",
        "about": "Mallory was here.",
        "name": "Mallory",
        "time_zone": "Europe/Paris",
        "purpose": "Mallory calls.",
        "consent_note": "Mallory agreed.",
        "accepted": "on",
        "wanted": "urgent",
        "audio_days": "30",
        "text_days": "60",
    }
    account_fields = {
        "email": owner.email,
        "login": owner.email,
        "action_remove": "",
        "password": PASSWORD,
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    names = {
        **dict.fromkeys(("user", "user_id", "owner", "owner_id"), owner.pk),
        **dict.fromkeys(("id", "pk", "number", "number_id"), number.pk),
        **dict.fromkeys(("message", "message_id"), message.pk),
    }
    return settings_fields | account_fields | names
