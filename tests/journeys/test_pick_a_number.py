"""A new owner picks a number and gives it back, with and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from telephony.models import NumberStatus, UserPhoneNumber
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.U1


@pytest.fixture(
    params=[
        pytest.param(True, id="scripts"),
        pytest.param(False, id="no scripts", marks=pytest.mark.check),
    ]
)
def anyones_page(request, browser: Browser, aloha_url):
    """A page that is logged in, with scripts and without."""
    make_user("ada@example.com", name="Ada Plumber")
    context = browser.new_context(java_script_enabled=request.param)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{aloha_url}/accounts/login/")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{aloha_url}/aloha/settings")
    yield page
    context.close()


def pick(page: Page, area_code: str) -> str:
    """Search, choose and confirm; the number as the page writes it."""
    page.get_by_label("Area code").fill(area_code)
    page.get_by_role("button", name="Search Numbers").click()
    found = page.get_by_role("heading", name=f"in area code {area_code}")
    expect(found).to_be_focused()
    expect(found).to_be_in_viewport()
    number = page.locator(".offer-number").first.inner_text()
    page.get_by_role("button", name="Use this number").first.click()
    expect(page.get_by_role("heading", name=f"Take {number}?")).to_be_visible()
    expect(page.get_by_text("Nothing is charged, and only simulated phones")).to_be_visible()
    assert not UserPhoneNumber.objects.filter(status=NumberStatus.ACTIVE).exclude(
        phone_number__endswith=number[-4:]
    )
    page.get_by_role("button", name="Take this number").click()
    expect(page.get_by_text(f"{number} is yours and answers now.")).to_be_visible()
    return number


def test_a_number_is_picked_and_given_back(anyones_page):
    page = anyones_page
    number = pick(page, "415")
    assert UserPhoneNumber.objects.get().phone_number == "+1" + re.sub(r"\D", "", number)
    page.get_by_role("link", name="Release Number").click()
    page.get_by_label(re.compile("last four digits")).fill("0000")
    page.get_by_role("button", name="Release Number").click()
    expect(page.get_by_text(re.compile("These are not the last four digits")).first).to_be_visible()
    page.get_by_label(re.compile("last four digits")).fill(number[-4:])
    page.get_by_role("button", name="Release Number").click()
    expect(page.get_by_text(f"{number} is released.")).to_be_visible()
    assert UserPhoneNumber.objects.get().status == NumberStatus.RELEASED


def test_a_random_number_is_picked_where_there_are_no_area_codes(anyones_page):
    page = anyones_page
    page.get_by_label("Country").select_option("GB")
    page.get_by_role("button", name="Random Number").click()
    page.get_by_role("button", name="Use this number").click()
    page.get_by_role("button", name="Take this number").click()
    expect(page.get_by_text("is yours and answers now.")).to_be_visible()
    assert UserPhoneNumber.objects.get().country == "GB"


def test_a_number_is_changed_for_another(anyones_page, aloha_url):
    page = anyones_page
    old = pick(page, "415")
    page.get_by_role("link", name="Change number").click()
    page.get_by_label("Area code").fill("212")
    page.get_by_role("button", name="Search Numbers").click()
    page.get_by_role("button", name="Use this number").first.click()
    expect(page.get_by_text(f"{old} is released for good as soon as")).to_be_visible()
    page.get_by_role("button", name="Take this number").click()
    expect(page.get_by_text("is yours and answers now.")).to_be_visible()
    statuses = UserPhoneNumber.objects.order_by("created_at").values_list("status", flat=True)
    assert list(statuses) == [NumberStatus.RELEASED, NumberStatus.ACTIVE]


def test_the_area_code_is_asked_for_only_where_there_are_some(aloha_url, anyones_page):
    page = anyones_page
    has_scripts = page.locator("noscript p").count() == 0
    page.get_by_label("Country").select_option("FR")
    expect(page.get_by_label("Area code")).to_be_visible(visible=not has_scripts)
    page.get_by_label("Country").select_option("CA")
    expect(page.get_by_label("Area code")).to_be_visible()
