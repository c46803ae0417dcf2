"""What operators ask."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder


def test_the_process_is_alive_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_a_migrated_database_is_ready(client, db):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


def test_a_missing_migration_is_not_ready(client, db):
    latest = MigrationRecorder.Migration.objects.filter(app="voicemail").order_by("name").last()
    latest.delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"1 migrations are not applied.\n")


def test_a_database_that_does_not_answer_is_not_ready(client, db):
    def refuse(*_):
        raise OperationalError("gone away")

    with connection.execute_wrapper(refuse):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_answers_about_health_are_not_kept(client, db, path):
    assert "no-store" in client.get(path)["Cache-Control"]
