"""What an agent used and noted stands with its call."""

from decimal import Decimal

import pytest
from prometheus_client import REGISTRY

from agent.session import AgentFailed, AgentReport
from telephony.agent_reports import keep_report, note_failure
from telephony.models import DoNotCall
from telephony.stream_facts import StreamFacts
from tests.factories import make_call, make_number

USED = AgentReport(usage={"model": "voice", "responses": 3}, cost_usd=Decimal("0.01234"))


@pytest.fixture
def call(owner):
    return make_call(make_number(owner))


def test_usage_and_cost_are_kept(call):
    keep_report(call.id, USED)
    call.refresh_from_db()
    assert call.agent_usage == {"model": "voice", "responses": 3}
    assert call.cost_usd == Decimal("0.01234")


def test_the_figures_of_all_streams_are_added_up(call):
    keep_report(call.id, USED)
    keep_report(call.id, USED, generation=1)
    call.refresh_from_db()
    assert call.agent_usage == {"model": "voice", "responses": 6}
    assert call.cost_usd == Decimal("0.02468")


@pytest.mark.parametrize("order", [[0, 1], [1, 0], [0, 1, 0, 1]])
def test_of_two_reports_of_a_stream_the_final_one_counts_in_whatever_order(call, order):
    early = AgentReport(usage={"model": "voice", "responses": 2})
    for number in order:
        keep_report(call.id, (early, USED)[number], generation=1)
    call.refresh_from_db()
    assert call.agent_usage == {"model": "voice", "responses": 3}
    assert call.cost_usd == Decimal("0.01234")


def test_a_sum_of_which_a_part_is_not_known_is_not_known(call):
    keep_report(call.id, USED)
    keep_report(call.id, AgentReport(usage={"responses": 2}), generation=1)
    call.refresh_from_db()
    assert call.agent_usage == {"model": "voice", "responses": 5}
    assert call.cost_usd is None


def test_the_message_is_kept_once_and_the_last_counts(call):
    for reason in ("The boiler.", "The boiler leaks."):
        keep_report(call.id, AgentReport(reason=reason, urgency="high", caller_name="Ann"))
    (event,) = call.events.filter(kind="message_noted")
    assert event.payload == {
        "caller_name": "Ann",
        "reason": "The boiler leaks.",
        "urgency": "high",
        "callback_number": "",
    }


@pytest.mark.parametrize("order", [[0, 1], [1, 0], [0, 1, 0]])
def test_what_a_later_stream_has_noted_stays_in_whatever_order(call, order):
    reasons = ("The boiler.", "It leaks after all.")
    news = [
        keep_report(call.id, AgentReport(reason=reasons[generation]), generation=generation)
        for generation in order
    ]
    (event,) = call.events.filter(kind="message_noted")
    assert event.payload["reason"] == "It leaks after all."
    assert news == [generation >= max(order[: i + 1]) for i, generation in enumerate(order)]


def test_a_note_that_was_erased_does_not_come_back(call):
    keep_report(call.id, AgentReport(reason="The boiler."))
    call.events.update(payload={}, facts={})
    assert not keep_report(call.id, AgentReport(reason="The boiler."))
    assert call.events.get().payload == {}


def test_an_agent_that_used_nothing_leaves_no_figures(call):
    keep_report(call.id, AgentReport())
    call.refresh_from_db()
    assert call.agent_usage == {}
    assert call.cost_usd is None
    assert not call.events.exists()


@pytest.mark.W7
def test_whoever_was_called_and_wants_no_calls_is_listed(owner):
    call = make_call(make_number(owner), direction="outbound", to_number="+15105550147")
    for _ in range(2):
        keep_report(call.id, AgentReport(wants_no_calls=True))
    entry = DoNotCall.objects.get()
    assert (entry.owner, entry.phone_number, entry.source) == (owner, "+15105550147", "voice")


@pytest.mark.W7
def test_a_caller_is_never_listed(call):
    keep_report(call.id, AgentReport(wants_no_calls=True))
    assert not DoNotCall.objects.exists()


def test_a_code_that_a_server_made_up_stands_with_the_call_and_is_no_label():
    def counted() -> float:
        labels = {"reason": "other"}
        return REGISTRY.get_sample_value("aloha_agent_failures_total", labels) or 0.0

    facts, before = StreamFacts(), counted()
    note_failure(facts, AgentFailed(code="made_up"))
    assert (facts.agent_failure, counted()) == ("made_up", before + 1)
