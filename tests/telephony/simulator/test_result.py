"""Who took the call, from what happened in it."""

import pytest

from telephony.simulator.result import AnsweredBy, Outcome


@pytest.mark.parametrize(
    ("outcome", "answered_by", "status"),
    [
        pytest.param(
            Outcome(answered=True, opened_stream=True, heard_agent=True),
            AnsweredBy.AGENT,
            "completed",
            id="the agent spoke",
        ),
        pytest.param(
            Outcome(answered=True, opened_stream=True, heard_agent=True, reached_recorder=True),
            AnsweredBy.CLASSIC,
            "completed",
            id="the agent failed and a recorder took over",
        ),
        pytest.param(
            Outcome(answered=True, opened_stream=True),
            AnsweredBy.FAILED,
            "completed",
            id="a stream on which nobody spoke",
        ),
        pytest.param(
            Outcome(answered=True), AnsweredBy.NOT_IN_SERVICE, "completed", id="only words"
        ),
        pytest.param(
            Outcome(answered=True, was_hung_up=True),
            AnsweredBy.FAILED,
            "completed",
            id="the caller left before anybody took the call",
        ),
        pytest.param(Outcome(), AnsweredBy.FAILED, "failed", id="hung up before the answer"),
        pytest.param(
            Outcome(answered=True, failed_at_once=True),
            AnsweredBy.FAILED,
            "failed",
            id="an application error at once",
        ),
        pytest.param(
            Outcome(reject_reason="busy"), AnsweredBy.REJECTED, "busy", id="rejected as busy"
        ),
        pytest.param(
            Outcome(reject_reason="rejected"), AnsweredBy.REJECTED, "failed", id="rejected"
        ),
    ],
)
def test_outcomes(outcome, answered_by, status):
    assert (outcome.answered_by, outcome.status) == (answered_by, status)
