"""Staff read why no agent heard a caller out, and which code stands behind it."""

import pytest

from agent.backends.realtime_failures import FATAL, RETRYABLE
from telephony.failure_causes import NO_STREAM, NOT_ANSWERED, SILENT, cause_of, label_of
from telephony.models import Call

pytestmark = pytest.mark.A1


def failed(code: str = "", **fields) -> Call:
    facts = {"agent_failure": code} if code else {}
    return Call(agent_outcome="failed", stream_facts=facts, **fields)


@pytest.mark.parametrize(
    ("call", "cause"),
    [
        (failed("http_401"), "OpenAI refuses the key (http_401)"),
        (failed("http_503"), "the agent's server refused the session (http_503)"),
        (
            failed("insufficient_quota"),
            "the OpenAI account has no credit left (insufficient_quota)",
        ),
        (failed("closed_1011"), "the agent's server closed the session (closed_1011)"),
        (
            failed("session_connection_lost"),
            "the agent's server closed the session (session_connection_lost)",
        ),
        (failed("something_new"), "the agent failed (something_new)"),
        (failed(), SILENT),
        (Call(agent_outcome="finished", stream_facts={"agent_failure": "closed"}), ""),
        (Call(stream_state="issued", carrier_records=True), NO_STREAM),
        (Call(stream_state="issued"), ""),
        (Call(stream_state="none", carrier_records=True), ""),
        (Call(carrier_fell_back=True), NOT_ANSWERED),
        (
            Call(direction="outbound", failure_code="not_callable"),
            "the provider did not place the call (not_callable)",
        ),
    ],
)
def test_each_failure_has_its_cause(call, cause):
    assert cause_of(call) == cause


@pytest.mark.parametrize("code", sorted(FATAL | RETRYABLE))
def test_every_error_of_the_api_that_ends_calls_is_put_into_words(code):
    assert not cause_of(failed(code)).startswith("the agent failed")


@pytest.mark.parametrize("code", ["internal", "session_content", "http_503", "closed_1011"])
def test_known_failures_are_counted_under_their_code(code):
    assert label_of(code) == code


@pytest.mark.parametrize("code", ["something_new", "session_x", "http_7000", "closed_12345", ""])
def test_what_a_server_makes_up_is_no_label_of_its_own(code):
    assert label_of(code) == "other"
