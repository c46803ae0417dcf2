"""Which process serves what when pages and calls are kept apart."""

import pytest

from aloha_site.roles import Role

CARRIER = [
    "/api/twilio/voice/incoming",
    "/api/twilio/voice/recording",
    "/api/twilio/voice/stream/some-token",
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
