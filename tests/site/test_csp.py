"""The Content Security Policy of every answer."""

import pytest
from django.http import HttpResponse

from aloha_site.csp import HEADER, NONCE, SELF, ContentSecurityPolicyMiddleware, build_policy


@pytest.mark.U5
def test_pages_load_nothing_from_elsewhere_and_run_nothing_that_stands_in_them(client, db):
    policy = client.get("/")[HEADER]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/admin/login/", "/accounts/login/", "/no-such-page", "/readyz"])
def test_every_answer_has_the_policy(client, db, path):
    assert "frame-ancestors 'none'" in client.get(path)[HEADER]


def test_a_nonce_stands_in_the_header_of_the_page_that_uses_it(rf):
    seen = []

    def page(request):
        seen.append(str(request._csp_nonce))
        return HttpResponse()

    answer = ContentSecurityPolicyMiddleware(page)(rf.get("/"))
    assert f"script-src 'self' 'nonce-{seen[0]}'" in answer[HEADER]


def test_two_pages_have_two_nonces(rf):
    page = ContentSecurityPolicyMiddleware(lambda request: HttpResponse(str(request._csp_nonce)))
    assert page(rf.get("/")).content != page(rf.get("/")).content


def test_a_view_may_have_a_policy_of_its_own(rf):
    page = ContentSecurityPolicyMiddleware(lambda _: HttpResponse(headers={HEADER: "sandbox"}))
    assert page(rf.get("/"))[HEADER] == "sandbox"


def test_without_a_nonce_its_place_is_left_out():
    assert build_policy({"script-src": [SELF, NONCE]}) == "script-src 'self'"
