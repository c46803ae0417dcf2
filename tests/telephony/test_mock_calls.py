"""Simulated calls: what the log says of them, and what is left for the simulator."""

import logging

import pytest

from telephony.backends.mock import MockBackend
from telephony.errors import ProviderRefused
from telephony.models import SimulatedOrder
from tests.factories import make_call, make_number

DOCUMENT = "<Response><Hangup/></Response>"
SID = "SIMULATED_CALL_" + "0" * 32


def orders() -> list[tuple[str, str, str]]:
    return list(SimulatedOrder.objects.values_list("call_sid", "kind", "document"))


def test_a_placed_call_is_logged_once_with_its_number_masked(owner, caplog):
    number = make_number(owner)
    with caplog.at_level(logging.INFO):
        sid = MockBackend().place_call(
            to="+15105550147",
            from_=number.phone_number,
            url="https://aloha.example.com/outgoing",
            status_url="https://aloha.example.com/status",
            ring_seconds=25,
        )
    [record] = caplog.records
    assert (record.levelname, record.call_sid, record.to) == ("INFO", sid, "…0147")


def test_the_simulator_finds_its_orders_as_they_came(db):
    MockBackend().redirect_call(SID, document=DOCUMENT)
    MockBackend().end_call(SID)
    assert orders() == [(SID, "redirect", DOCUMENT), (SID, "end", "")]


def test_a_call_that_is_over_gets_no_order(owner):
    call = make_call(make_number(owner), status="completed")
    MockBackend().end_call(call.call_sid)
    assert orders() == []


@pytest.mark.parametrize("sid", [SID[:-1] + "F", SID + "0", "CA" + "0" * 32])
def test_no_order_is_left_for_a_call_that_cannot_be(db, sid):
    with pytest.raises(ProviderRefused):
        MockBackend().end_call(sid)
    assert orders() == []
