"""Which process serves what when pages and calls are kept apart."""

import re
import uuid

import pytest

from aloha_site.roles import Role
from telephony import webhook_urls

CARRIER = [
    "/api/twilio/voice/stream/some-token",
    *(
        "/" + re.sub("<uuid:call_id>", str(uuid.UUID(int=7)), str(url.pattern))
        for url in webhook_urls.urlpatterns
    ),
]
PEOPLE = ["/", "/aloha/inbox", "/admin/", "/api/twilio/voice/outbound", "/api/calls", "/static/x"]


@pytest.mark.parametrize("path", CARRIER)
def test_the_carrier_is_served_by_media_processes_alone(path):
    assert [role for role in Role if role.serves(path)] == [Role.ALL, Role.MEDIA]


@pytest.mark.parametrize("path", PEOPLE)
def test_people_are_served_by_web_processes_alone(path):
    assert [role for role in Role if role.serves(path)] == [Role.ALL, Role.WEB]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_operators_are_answered_by_all(path):
    assert all(role.serves(path) for role in Role)
