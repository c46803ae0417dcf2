"""What staff change of an account is written down with a reason, and the owner reads it."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import AuditEvent, User
from tests.factories import make_user
from tests.site.support import REASON, browser_of

pytestmark = pytest.mark.A2
NO_NUMBERS = {"phone_numbers-TOTAL_FORMS": 0, "phone_numbers-INITIAL_FORMS": 0}


@pytest.fixture
def chief(client, db):
    """A browser of somebody with all rights."""
    client.force_login(User.objects.create_superuser("chief@example.com", "x" * 20))
    return client


def change(desk, user, **given):
    """Send the form of `user` as the page shows it, but for what is given."""
    form = {"email": user.email, "name": user.name, "time_zone": user.time_zone}
    form |= {"is_active": "on", "reason": REASON} | NO_NUMBERS | given
    url = f"/admin/accounts/user/{user.pk}/change/"
    return desk.post(url, {name: value for name, value in form.items() if value is not None})


def written_down(user) -> list[tuple[str, str]]:
    events = AuditEvent.objects.for_user(user).order_by("action")
    return list(events.values_list("action", "reason"))


def test_blocking_and_unblocking_is_written_down(owner):
    lead = browser_of("Support lead")
    change(lead, owner, is_active=None)
    assert not User.objects.get(pk=owner.pk).is_active
    change(lead, owner)
    assert User.objects.get(pk=owner.pk).is_active
    acts = [("blocked the account", REASON), ("unblocked the account", REASON)]
    assert written_down(owner) == acts


def test_making_somebody_staff_and_superuser_is_written_down(chief, owner):
    change(chief, owner, is_staff="on", is_superuser="on")
    wanted = ["gave the account all rights", "made the account a staff account"]
    assert [action for action, _ in written_down(owner)] == wanted
    change(chief, owner)
    assert "took all rights from the account" in dict(written_down(owner))


def test_other_changes_are_named_without_their_values(chief, owner):
    group = Group.objects.create(name="Night shift")
    change(chief, owner, name="Nora W.", groups=[group.pk])
    assert written_down(owner) == [("changed name, groups", REASON)]
    assert owner.groups.get() == group


@pytest.mark.parametrize("reason", ["", "no", "call +14155550199", "see nora@example.com"])
def test_nothing_changes_without_a_reason_that_may_be_kept(chief, owner, reason):
    answer = change(chief, owner, is_staff="on", reason=reason)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"reason"}
    assert not User.objects.get(pk=owner.pk).is_staff
    assert not AuditEvent.objects.exists()


def test_saving_without_a_change_writes_nothing_down(chief, owner):
    assert change(chief, owner).status_code == 302
    assert not AuditEvent.objects.exists()


def test_whoever_only_looks_is_asked_for_no_reason(owner):
    page = browser_of("Auditor").get(f"/admin/accounts/user/{owner.pk}/change/")
    assert page.status_code == 200
    assert 'name="reason"' not in page.content.decode()


def test_the_owner_reads_who_blocked_her_and_why(owner, client):
    lead = browser_of("Support lead")
    change(lead, owner, is_active=None)
    change(lead, owner)
    client.force_login(owner)
    page = client.get("/accounts/profile/").content.decode()
    assert "Aloha support blocked the account." in page
    assert REASON in page


def test_longest_act_fits_the_table(chief):
    user = make_user("someone@example.com", name="Someone")
    group = Group.objects.create(name="Night shift")
    change(chief, user, groups=[group.pk], name="Else", time_zone="Europe/Paris")
    assert written_down(user) == [("changed name, time_zone, groups", REASON)]
