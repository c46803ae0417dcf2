"""Campaigns for scripts: what is answered, and what is refused."""

import pytest

from telephony.models import Campaign
from tests.contract.api_client import ApiClient, field_errors, problem_of
from tests.factories import make_call, make_number

CAMPAIGNS = "/api/campaigns"
CAMPAIGN = {"name": "Visits", "purpose": "Confirm visits.", "consentNote": "On the order form."}

pytestmark = pytest.mark.W7


@pytest.fixture
def api(owner) -> ApiClient:
    return ApiClient(owner)


def create(api: ApiClient, **changes):
    return api.post(CAMPAIGNS, CAMPAIGN | changes, content_type="application/json")


def change(api: ApiClient, record, **changes):
    return api.patch(f"{CAMPAIGNS}/{record['id']}", changes, content_type="application/json")


def test_a_campaign_is_made_and_read(api, owner):
    made = create(api)
    record = made.json()
    assert made.status_code == 201
    assert record.keys() == {
        "id", "name", "purpose", "consentNote", "isActive", "createdAt", "updatedAt",
    }  # fmt: skip
    assert {name: record[name] for name in CAMPAIGN} == CAMPAIGN
    assert record["isActive"] is True
    assert api.get(f"{CAMPAIGNS}/{record['id']}").json() == record
    assert Campaign.objects.get().owner == owner


def test_a_change_leaves_the_rest(api):
    record = create(api).json()
    changed = change(api, record, isActive=False).json()
    assert changed["updatedAt"] > record["updatedAt"]
    assert changed | {"updatedAt": ""} == record | {"isActive": False, "updatedAt": ""}
    assert change(api, record, name="Moves").json()["isActive"] is False


def test_a_deleted_campaign_leaves_its_calls_and_is_deleted_again(api, owner):
    record = create(api).json()
    call = make_call(make_number(owner), campaign=Campaign.objects.get())
    for _ in range(2):
        assert api.delete(f"{CAMPAIGNS}/{record['id']}").status_code == 204
    call.refresh_from_db()
    assert call.campaign is None
    problem_of(api.get(f"{CAMPAIGNS}/{record['id']}"), 404, "campaign_not_found")


def test_a_name_is_taken_once_for_each_owner(api, stranger):
    create(api)
    problem_of(create(api), 409, "name_taken")
    other = create(api, name="Moves").json()
    problem_of(change(api, other, name="Visits"), 409, "name_taken")
    assert create(ApiClient(stranger)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": ""}, {"name": "blank"}),
        ({"name": "x" * 81}, {"name": "max_length"}),
        ({"purpose": 7}, {"purpose": "invalid"}),
        ({"purpose": "x" * 2001}, {"purpose": "max_length"}),
        ({"consentNote": None}, {"consentNote": "null"}),
        ({"owner": "me"}, {"owner": "unknown_field"}),
        ({"name": "a\0b"}, {"name": "null_characters_not_allowed"}),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(api, changes, errors):
    assert field_errors(create(api, **changes)) == errors


def test_a_switch_is_true_or_false(api):
    record = create(api).json()
    assert field_errors(change(api, record, isActive="no")) == {"isActive": "invalid"}


def test_the_list_comes_in_pages_that_stay_put(api):
    for number in range(5):
        create(api, name=f"Campaign {number}")
    first = api.get(CAMPAIGNS, {"limit": 2}).json()
    create(api, name="Later")
    second = api.get(first["next"]).json()
    names = [campaign["name"] for campaign in (*first["results"], *second["results"])]
    assert names == [f"Campaign {number}" for number in (4, 3, 2, 1)]
    assert first["previous"] is None
    assert first["next"].startswith("/api/campaigns?")
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_owners_see_their_own(api, stranger):
    create(api)
    assert ApiClient(stranger).get(CAMPAIGNS).json() == {
        "results": [], "next": None, "previous": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"limit": 0}, {"limit": "min_value"}),
        ({"limit": 101}, {"limit": "max_value"}),
        ({"cursor": "nonsense!"}, {"cursor": "invalid_cursor"}),
        ({"order": "name"}, {"order": "unknown_field"}),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api, query, errors):
    assert field_errors(api.get(CAMPAIGNS, query)) == errors
