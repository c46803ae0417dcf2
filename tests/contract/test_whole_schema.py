"""Every operation of docs/openapi.yaml, walked through by machine over a real server.

Each is asked what its schema allows and what it forbids, by an owner who is logged in: no answer
is a fault of ours, and every answer is one that the document describes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from hypothesis import HealthCheck, given, settings, strategies

from accounts.models import User
from telephony.models import Campaign
from tests.contract.api_client import CSRF_TOKEN, ApiClient
from tests.factories import make_call, make_number
from tests.voicemail.messages import leave_message

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
OPERATIONS = re.findall(r"operationId: (\w+)", DOCUMENT.read_text())
FOR_WHO_HAS_NO_NUMBER = {"listAvailableNumbers", "drawRandomNumber", "purchaseNumber"}
NOON_IN_NEW_YORK = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
# What each takes for certain; made-up bodies seldom make sense as a whole.
GOOD_BODIES = {
    "createCampaign": {"name": "Moves", "purpose": "Plan.", "consentNote": "On the order form."},
    "changeAgentProfile": {"agentName": "Kai", "voice": "cedar"},
    "changeCampaign": {"isActive": False},
    "changeMessageSettings": {},
    "changeMessage": {"isRead": True},
    "changeVoicemailSettings": {"voicemailEnabled": True},
    "placeCall": {"phoneNumber": "+12125550147"},
}
WALK = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

pytestmark = pytest.mark.S4


@pytest.fixture(scope="module")
def schema() -> Any:
    import schemathesis  # seconds for whoever only collects

    return schemathesis.openapi.from_path(DOCUMENT)


@pytest.fixture
def noon() -> Iterator[None]:
    """Late enough for calls to be placed."""
    with time_machine.travel(NOON_IN_NEW_YORK, tick=True):
        yield


@dataclass(kw_only=True)
class Script:
    """The owner's session on a real server; every answer is checked."""

    url: str
    session: requests.Session
    session_key: str

    @property
    def cookies(self) -> dict[str, str]:
        return {"sessionid": self.session_key, "csrftoken": CSRF_TOKEN}

    def ask(self, case: Any) -> int:
        """The status of the answer."""
        from schemathesis import checks

        answer: requests.Response = case.call_and_validate(
            base_url=self.url,
            session=self.session,
            headers={"X-CSRFToken": CSRF_TOKEN},
            cookies=self.cookies,
            checks=[
                checks.not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_headers_conformance,
                checks.response_schema_conformance,
                checks.negative_data_rejection,
            ],
        )
        return answer.status_code

    def check(self, case: Any) -> None:
        """Ask; Hypothesis wants nothing back."""
        self.ask(case)


@pytest.fixture
def script(noon: None, aloha_url: str, owner: User) -> Iterator[Script]:
    key = ApiClient(owner).cookies["sessionid"].value
    with requests.Session() as session:
        yield Script(url=aloha_url, session=session, session_key=key)


def rows_of(owner: User) -> dict[str, str]:
    """A call, a message and a campaign of hers, by the names of the paths' parameters."""
    number = make_number(owner)
    campaign = Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")
    return {
        "call_id": str(make_call(number).id),
        "message_id": str(leave_message(number, reason="The boiler leaks.").id),
        "campaign_id": str(campaign.id),
    }


def made_up(operation: Any, own: dict[str, str], cookies: dict[str, str]) -> Any:
    """Requests within the schema and outside it, for rows that there are and for any others."""
    from schemathesis import GenerationMode

    kinds = [operation.as_strategy(cookies=cookies)]
    if own:
        kinds.append(operation.as_strategy(cookies=cookies, path_parameters=own))
    if operation.query or operation.body:
        wrong = {"generation_mode": GenerationMode.NEGATIVE, "cookies": cookies}
        kinds.append(operation.as_strategy(**wrong, **({"path_parameters": own} if own else {})))
    return strategies.one_of(kinds)


def good_case(operation: Any, operation_id: str, own: dict[str, str], owner: User) -> Any:
    body = GOOD_BODIES.get(operation_id)
    if operation_id == "purchaseNumber":
        body = {"country": "US", "phoneNumber": ApiClient(owner).random().json()["phoneNumber"]}
    if body is None:
        return operation.Case(path_parameters=own)
    return operation.Case(path_parameters=own, body=body, media_type="application/json")


@pytest.mark.parametrize("count", [5, pytest.param(60, marks=pytest.mark.check)])
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_answer_is_in_the_document_and_none_is_a_fault(
    script, schema, owner, operation_id, count
):
    rows = {} if operation_id in FOR_WHO_HAS_NO_NUMBER else rows_of(owner)
    operation = schema.find_operation_by_id(operation_id)
    own = {each.name: rows[each.name] for each in operation.path_parameters}
    made_up_requests = given(case=made_up(operation, own, script.cookies))(script.check)
    if operation.method == "delete":
        assert script.ask(good_case(operation, operation_id, own, owner)) == 204
    settings(WALK, max_examples=count)(made_up_requests)()
    if operation.method != "delete":
        assert script.ask(good_case(operation, operation_id, own, owner)) in {200, 201, 202}
