"""The person's own page."""

from accounts.models import User

URL = "/accounts/profile/"


def test_an_owner_changes_name_and_time_zone(client, owner):
    client.force_login(owner)
    assert client.post(URL, {"name": "Nora W.", "time_zone": "Europe/Paris"}).url == URL
    user = User.objects.get()
    assert (user.name, user.time_zone) == ("Nora W.", "Europe/Paris")


def test_an_unknown_time_zone_is_refused_and_the_name_kept_in_the_form(client, owner):
    client.force_login(owner)
    page = client.post(URL, {"name": "Nora W.", "time_zone": "Mars/Olympus"}).content.decode()
    assert 'value="Nora W."' in page
    assert User.objects.get().time_zone == "America/Los_Angeles"


def test_a_zone_without_a_place_is_kept_when_only_the_name_changes(client, owner):
    User.objects.update(time_zone="Etc/GMT+5")
    client.force_login(owner)
    page = client.get(URL).content.decode()
    assert '<option value="Etc/GMT+5" selected>' in page
    client.post(URL, {"name": "Nora W.", "time_zone": "Etc/GMT+5"})
    user = User.objects.get()
    assert (user.name, user.time_zone) == ("Nora W.", "Etc/GMT+5")


def test_the_form_changes_nothing_but_name_and_time_zone(client, owner):
    client.force_login(owner)
    form = {"name": "N", "time_zone": "UTC", "is_staff": "on", "email": "other@example.com"}
    client.post(URL, form)
    user = User.objects.get()
    assert (user.email, user.is_staff) == ("owner@example.com", False)


def test_visitors_log_in_first(client, db):
    assert client.get(URL).url == f"/accounts/login/?next={URL}"
