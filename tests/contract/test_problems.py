"""Bad input: always refused with a problem, never a fault of ours, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.management import call_command
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from hypothesis import HealthCheck, given, settings, strategies
from rest_framework.exceptions import Throttled

from agent.errors import ProfileError
from aloha_site.api import problem
from telephony.errors import ProviderRefused, TelephonyError
from telephony.models import UserPhoneNumber
from telephony.number_states import NumberChanged
from tests.contract.api_client import (
    CSRF_TOKEN,
    NUMBERS,
    PROFILE,
    SETTINGS,
    ApiClient,
    field_errors,
    problem_of,
)
from tests.factories import make_number

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
PURCHASE = f"{NUMBERS}/purchase-number"
JSON = "application/json"
GOOD = b'{"phoneNumber": "+14155550123", "country": "US"}'
BODIES = [
    ("POST", PURCHASE),
    ("POST", f"{NUMBERS}/release-number"),
    ("PATCH", SETTINGS),
    ("PATCH", PROFILE),
]


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture(params=BODIES, ids=["purchase", "release", "settings", "profile"])
def send(request, owner):
    """Send a raw body to each address that takes one; the owner's row must not change."""
    method, path = request.param
    number = None if path == PURCHASE else make_number(owner)
    rows = UserPhoneNumber.objects.values()
    before = list(rows)

    def send(body: bytes, content_type: str = JSON, **headers: str) -> HttpResponse:
        return ApiClient(owner).generic(method, path, body, content_type, headers=headers)

    yield send
    assert list(rows.all()) == before
    assert number is None or number.pk == before[0]["id"]


@pytest.mark.N1
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"+14155550123"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b" ", id="a blank"),
        pytest.param(b"country=US", id="a form"),
        pytest.param(b"\xff\xfe\x00", id="no UTF-8"),
        pytest.param(GOOD.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="a byte order mark"),
        pytest.param(b'{"country": "US", "country": "CA"}', id="a name twice"),
        pytest.param(b'{"country": NaN}', id="no number"),
        pytest.param(b'{"country": "\\ud800"}', id="half a surrogate pair"),
        pytest.param(b'{"\\udfff": 1}', id="half a surrogate pair as a name"),
        pytest.param(b'{"country": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"a":' + b"[" * 60_000, id="an endless nest"),
        pytest.param(b'{"a":' * 900 + b"1" + b"}" * 900, id="900 levels"),
        pytest.param(b'{"a":' * 30 + b"1" + b"}" * 30, id="30 levels"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(send, body):
    problem_of(send(body), 400, "parse_error")


@pytest.mark.N1
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=zlib",
        "application/json; charset=nonsense",
        "nonsense",
    ],
)
def test_a_body_of_another_type_or_charset_is_refused(send, content_type):
    problem_of(send(GOOD, content_type), 415, "unsupported_media_type")


@pytest.mark.N1
@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=UTF-8"])
def test_a_body_larger_than_64_kib_is_refused(send, content_type):
    body = json.dumps({"country": "x" * 1_000_000}).encode()
    problem_of(send(body, content_type), 413, "body_too_large")


@pytest.mark.N1
def test_a_body_without_a_length_is_refused(owner):
    script = ApiClient(owner)
    answer = script.patch(SETTINGS, content_type=JSON, headers={"Transfer-Encoding": "chunked"})
    problem_of(answer, 411, "length_required")


@pytest.mark.N1
def test_a_thousand_unknown_fields_are_refused_with_a_short_list(send):
    answer = send(json.dumps({f"field{i}" + "x" * 40: i for i in range(1000)}).encode())
    assert len(problem_of(answer, 400, "invalid")["errors"]) == 20
    assert len(answer.content) < 10_000


@pytest.mark.N1
def test_a_name_as_long_as_the_body_is_not_sent_back(send):
    answer = send(json.dumps({"x" * 60_000: 1}).encode())
    assert problem_of(answer, 400, "invalid")["errors"] == [
        {"field": "x" * 64, "code": "unknown_field", "detail": "There is no such field."}
    ]
    assert len(answer.content) < 1000


@pytest.mark.N1
def test_a_nul_in_a_name_is_refused(send):
    assert field_errors(send(b'{"country\\u0000": "US"}')) == {"country\0": "unknown_field"}


@pytest.mark.N1
def test_a_form_is_refused_also_with_a_valid_token_in_it(script, owner):
    make_number(owner)
    form = {"csrfmiddlewaretoken": CSRF_TOKEN}
    for content_type in ("application/x-www-form-urlencoded", None):
        kind = {"content_type": content_type} if content_type else {}
        data = f"csrfmiddlewaretoken={CSRF_TOKEN}" if content_type else form
        answer = script.post(f"{NUMBERS}/release-number", data, **kind)
        problem_of(answer, 415, "unsupported_media_type")
    assert owner.phone_numbers.get().status == "active"


@pytest.mark.N1
def test_a_thousand_query_parameters_are_refused(script):
    query = {f"field{i}": "1" for i in range(1000)}
    problem_of(script.get(f"{NUMBERS}/available-numbers", query), 400, "bad_request")


@pytest.mark.N1
@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("country=%ff%fe", {"country": "unknown_country"}),
        ("areaCode=%ed%a0%80", {"areaCode": "invalid_area_code"}),
    ],
)
def test_a_query_that_is_no_utf8_is_refused(script, query, refused):
    assert field_errors(script.get(f"{NUMBERS}/available-numbers?{query}")) == refused


@pytest.mark.N1
def test_an_answer_in_another_format_is_refused(script):
    answer = script.get(f"{NUMBERS}/active-number", headers={"Accept": "text/html"})
    problem_of(answer, 406, "not_acceptable")


@pytest.mark.N1
def test_every_refusal_has_a_name_of_its_own(script):
    first, second = (problem_of(script.release(), 404, "no_number") for _ in range(2))
    assert first["instance"] != second["instance"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (Throttled(wait=3.2), 429, "throttled"),
        (BadRequest(), 400, "bad_request"),
        (MultiPartParserError(), 400, "bad_request"),
        (NumberChanged(), 409, "number_changed"),
        (ProviderRefused(), 502, "provider_refused"),
        (ProfileError("agent_name", "too_long", "The name is too long."), 400, "too_long"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_kind_of_refusal_has_its_status(error, status, code):
    answer = problem(error, {})
    body = json.loads(answer.content)
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(Throttled(wait=3.2), "4"), (NumberChanged(), "5"), (ProviderRefused(), None)],
)
def test_what_may_succeed_later_says_when(error, seconds):
    assert problem(error, {}).headers.get("Retry-After") == seconds


def test_the_fields_of_a_refusal_are_named_as_scripts_know_them():
    answer = problem(ProfileError("agent_name", "too_long", "The name is too long."), {})
    assert json.loads(answer.content)["errors"] == [
        {"field": "agentName", "code": "too_long", "detail": "The name is too long."}
    ]


@pytest.mark.parametrize("fault", [RuntimeError("broken"), TelephonyError("broken")])
def test_a_fault_of_ours_is_no_refusal(fault):
    assert problem(fault, {}) is None


def json_values() -> strategies.SearchStrategy[Any]:
    """Any JSON, half surrogate pairs and NUL included."""
    text = strategies.text(strategies.characters(), max_size=12)
    scalars = strategies.none() | strategies.booleans() | strategies.integers() | text
    return strategies.recursive(
        scalars | strategies.floats(),
        lambda inner: (
            strategies.lists(inner, max_size=4) | strategies.dictionaries(text, inner, max_size=4)
        ),
        max_leaves=8,
    )


NAMES = strategies.sampled_from(
    [
        "phoneNumber", "country", "areaCode", "voicemailEnabled", "voicemailMode",
        "externalPhoneNumber", "forwardingEnabled", "forwardingConfirmed",
    ]
)  # fmt: skip


@pytest.mark.S4
@pytest.mark.N1
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=json_values() | strategies.dictionaries(NAMES, json_values(), max_size=5))
def test_no_json_is_a_fault_of_ours(owner, body):
    script = ApiClient(owner)
    for method, path in BODIES:
        answer = script.generic(method, path, json.dumps(body), JSON)
        # An empty object is a legal body: nothing to change, nothing to release.
        if path == PROFILE and body == {}:
            assert answer.status_code == 200
            continue
        assert answer.status_code in {400, 404, 409}
        problem_of(answer, answer.status_code, answer.json()["code"])
    assert not UserPhoneNumber.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(lambda: iter([GOOD]), 411, id="chunked"),
        pytest.param(lambda: b"x" * 1_000_000, 413, id="1 MB"),
        pytest.param(lambda: b"[]", 400, id="no object"),
        pytest.param(lambda: GOOD, 201, id="good"),
    ],
)
def test_a_real_server_refuses_the_same(aloha_url, owner, body, status):
    session = ApiClient(owner).cookies["sessionid"].value
    answer = requests.post(
        f"{aloha_url}{PURCHASE}",
        data=body(),
        cookies={"csrftoken": CSRF_TOKEN, "sessionid": session},
        headers={"X-CSRFToken": CSRF_TOKEN, "Content-Type": JSON},
        timeout=10,
    )
    kind = JSON if status == 201 else "application/problem+json"
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)


# --- The description ------------------------------------------------------------------------------


def test_the_description_is_valid_and_the_one_in_the_documents(db, tmp_path):
    """When this fails: `python manage.py spectacular --file docs/openapi.yaml`."""
    fresh = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(fresh))
    assert DOCUMENT.read_text() == fresh.read_text()


def test_every_refusal_in_the_description_is_a_problem():
    for path in yaml.safe_load(DOCUMENT.read_text())["paths"].values():
        for operation in path.values():
            assert {"401", "default"} <= operation["responses"].keys()
            for status, answer in operation["responses"].items():
                if status == "204":
                    assert "content" not in answer
                    continue
                kind = JSON if status.startswith("2") else "application/problem+json"
                assert answer["content"].keys() == {kind}


@pytest.mark.parametrize("query", ["", "?version=1%0d%0aX:1", "?lang=%00"])
def test_anybody_may_read_the_description(db, query):
    answer = ApiClient().get(f"/api/schema{query}")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content) == yaml.safe_load(DOCUMENT.read_text())


@pytest.mark.parametrize("path", ["/api/calls/none", "/api/calls/none/", "/api/nothing"])
def test_where_nothing_is_scripts_get_a_problem(script, path):
    problem_of(script.get(path), 404, "not_found")


def test_where_nothing_is_people_get_a_page(client, db):
    answer = client.get("/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
