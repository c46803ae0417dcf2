"""Settings for outgoing calls that make no sense are named at the start."""

import pytest

from telephony.outbound_checks import check_outbound_settings


def test_the_defaults_are_fine():
    assert check_outbound_settings() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTBOUND_COUNTRIES", ["US", "UK"]),
        ("OUTBOUND_FIRST_HOUR", 20),
        ("OUTBOUND_LAST_HOUR", 25),
        ("OUTBOUND_RING_SECONDS", 0),
        ("OUTBOUND_RING_SECONDS", 601),
        ("OUTBOUND_MACHINE", "shout"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(settings, name, value):
    setattr(settings, name, value)
    [fault] = check_outbound_settings()
    assert name in fault.msg
