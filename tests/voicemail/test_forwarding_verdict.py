"""V3: what a test call shows, at what time."""

import pytest

from telephony.models import CallStatus
from tests.voicemail.checks import NOW, later
from voicemail.forwarding import DEADLINE
from voicemail.forwarding_models import CheckOutcome
from voicemail.forwarding_verdict import ProbeFacts, verdict

pytestmark = pytest.mark.V3

RINGING = {
    "status": CallStatus.RINGING,
    "came_back": False,
    "was_answered": False,
    "key_pressed": False,
    "heard_out": False,
}
TALKING = {"status": CallStatus.IN_PROGRESS, "was_answered": True}
OVER = {"status": CallStatus.COMPLETED, "was_answered": True}


def judged(at, **facts) -> CheckOutcome | None:
    return verdict(ProbeFacts(**(RINGING | facts)), now=at, deadline_at=NOW + DEADLINE)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param({}, None, id="it rings"),
        pytest.param({"came_back": True}, CheckOutcome.PROVEN, id="it came back"),
        pytest.param(TALKING, None, id="taken, nobody knows by whom"),
        pytest.param(TALKING | {"key_pressed": True}, CheckOutcome.PICKED_UP, id="a key"),
        pytest.param(TALKING | {"heard_out": True}, CheckOutcome.CARRIER_VOICEMAIL, id="no key"),
        pytest.param(OVER, CheckOutcome.PICKED_UP, id="hung up on us"),
        pytest.param(OVER | {"heard_out": True}, CheckOutcome.CARRIER_VOICEMAIL, id="to the end"),
        pytest.param({"status": CallStatus.BUSY}, CheckOutcome.DECLINED, id="declined"),
        pytest.param({"status": CallStatus.NO_ANSWER}, CheckOutcome.NOTHING_CAME, id="rang out"),
        pytest.param({"status": CallStatus.CANCELED}, CheckOutcome.NOTHING_CAME, id="cancelled"),
        pytest.param({"status": CallStatus.FAILED}, CheckOutcome.NOT_PLACED, id="failed"),
        pytest.param(
            {"status": CallStatus.BUSY, "came_back": True},
            CheckOutcome.PROVEN,
            id="busy because we rejected what came back",
        ),
        pytest.param(
            OVER | {"heard_out": True, "came_back": True},
            CheckOutcome.PROVEN,
            id="voicemail after it came back",
        ),
    ],
)
def test_the_verdict_before_the_deadline(facts, outcome):
    assert judged(later(20), **facts) == outcome


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        pytest.param({}, CheckOutcome.NOTHING_CAME, id="still ringing"),
        pytest.param(TALKING, CheckOutcome.PICKED_UP, id="still talking"),
        pytest.param({"came_back": True}, CheckOutcome.PROVEN, id="came back"),
    ],
)
def test_at_the_deadline_there_is_a_verdict(facts, outcome):
    assert judged(NOW + DEADLINE, **facts) == outcome
