"""S3: every address is sent numbers, tokens and words, by nobody, an owner and staff; no log
has them, neither when all goes well nor when the database has lost its tables.

Forms are filled in for certain and in every field that any form has; what scripts send is made
of the API's own schema. So a new address, form or field is sent canaries without a word here.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.forms import BaseForm
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from telephony.models import OutboundTerms, TranscriptLine
from tests.factories import make_number, make_user
from tests.peers.talkative_agent import WORDS
from tests.site import access_table as table
from tests.site.access_walk import form_about, routes, undone, urls_about
from tests.site.canaries import CALLER, FORWARDER, NUMBER, PASSWORD, TOKEN, Log, take_away
from tests.voicemail.messages import leave_message
from voicemail.models import Message

NOON = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
EVERYTHING = f"{WORDS} {CALLER} {PASSWORD} {TOKEN}"
# Fields whose canary makes sense there.
MEANT = {
    "phone_number": CALLER,
    "external_phone_number": FORWARDER,
    "last_digits": NUMBER[-4:],
    "agent_name": "xylophone",
    "greeting": WORDS,
    "about": WORDS,
    "name": WORDS,
    "purpose": WORDS,
    "consent_note": WORDS,
    "reason": WORDS,
    "password": PASSWORD,
    "oldpassword": PASSWORD,
    "password1": f"{PASSWORD}-too",
    "password2": f"{PASSWORD}-too",
    "q": CALLER,
    "hours": "1",
    "code": TOKEN,
}
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": TOKEN, "Last-Event-ID": TOKEN}
SCRIPTED = set().union(*(keys for kind, keys in table.KINDS.items() if kind.startswith("API")))
ROOMS = ("agent", "telephony", "voicemail")

pytestmark = [pytest.mark.S3, pytest.mark.check]


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Late enough for calls to be placed."""
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def message(owner, log, settings) -> Message:
    settings.METRICS_TOKEN = TOKEN
    log.secrets["number"] = NUMBER[-7:]
    owner.set_password(PASSWORD)
    owner.save()
    OutboundTerms.objects.create(owner=owner)
    number = make_number(owner, phone_number=NUMBER, external_phone_number=FORWARDER)
    message = leave_message(
        number,
        call_fields={"from_number": CALLER, "forwarded_from": FORWARDER},
        summary=WORDS,
        caller_name=WORDS,
        callback_number=CALLER,
    )
    TranscriptLine.objects.create(
        call=message.call, position=0, role="caller", text=WORDS, start_ms=0, end_ms=900
    )
    return message


@pytest.fixture
def boss(db) -> User:
    return make_user("boss@example.com", is_staff=True, is_superuser=True)


@cache
def field_names() -> set[str]:
    """Of all forms."""
    forms: list[type[BaseForm]] = [BaseForm]
    for form in forms:
        forms += form.__subclasses__()
    return {name for form in forms for name in getattr(form, "base_fields", ())}


@cache
def operations() -> dict[str, list[tuple[str, dict[str, object]]]]:
    """What scripts do at each address: the methods and a body for each."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    found = {}
    for path, methods in schema["paths"].items():
        found[path] = [
            (method, body_of(operation, schema))
            for method, operation in methods.items()
            if method != "get"
        ]
    return found


def body_of(operation: dict[str, Any], schema: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return canary_for("", content.get("schema", {"type": "object"}), schema)


def canary_for(name: str, field: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Something that this field may hold, a canary where it is text."""
    for inner in (*field.get("allOf", ()), *field.get("oneOf", ())):
        return canary_for(name, inner, schema)
    if "$ref" in field:
        named = schema["components"]["schemas"][field["$ref"].rpartition("/")[2]]
        return canary_for(name, named, schema)
    if "enum" in field:
        return field["enum"][0]
    match field.get("type"):
        case "object":
            fields = field.get("properties", {}).items()
            return {name: canary_for(name, each, schema) for name, each in fields}
        case "boolean":
            return True
        case "integer":
            return 30
    return CALLER if "number" in name.lower() else WORDS


def send_canaries(client: Client, key: str, url: str, message: Message) -> int:
    """Look, and send what makes no sense and what does; the status of the form that does."""
    meant = form_about(message) | MEANT
    anything = dict.fromkeys(field_names() | meant.keys() | {"next", "cursor"}, EVERYTHING)
    client.get(url, anything | MEANT)
    client.post(url, anything)
    if key in SCRIPTED:
        client.post(url, f'{{"{CALLER}": {WORDS}', content_type="application/json")
    template = re.sub(r"<\w+:(\w+)>", r"{\1}", "/" + dict(routes())[key])
    for method, body in operations().get(template, ()):
        for sent in (body | dict.fromkeys(body, EVERYTHING), body):
            client.generic(method.upper(), url, json.dumps(sent), "application/json")
    return client.post(url, meant).status_code


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "without-tables"])
@pytest.mark.parametrize("kind", table.KINDS)
def test_no_address_writes_down_what_it_is_sent(kind, is_whole, log: Log, message, owner, boss):
    urls, leaks = urls_about(message), set()
    if not is_whole:
        for model in [model for room in ROOMS for model in apps.get_app_config(room).get_models()]:
            take_away(model)
    for key in sorted(table.KINDS[kind]):
        for user in (None, owner, boss):
            with undone():
                client = Client(raise_request_exception=False, headers=HEADERS)
                if user:
                    client.force_login(user)
                    log.secrets["session"] = client.cookies["sessionid"].value
                status = send_canaries(client, key, urls[key], message)
            if is_whole and user == owner and key in table.CHANGES_OWN:
                assert (key, status) == (key, 302)
            leaks |= {(key, leak) for leak in log.leaks()}
            log.forget()
    assert not leaks
