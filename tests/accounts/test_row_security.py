"""Row level security: what PostgreSQL shows to whom, whatever a query asks for."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.checks import run_checks
from django.db import ProgrammingError, connection, transaction

from accounts.checks import owner_tables
from accounts.row_security import service_scope, staff_scope, user_scope
from agent.profiles import profile_of
from telephony.models import UserPhoneNumber
from tests.factories import make_call, make_number
from tests.voicemail.messages import leave_message

pytestmark = [
    pytest.mark.S2,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such rules"),
]


@pytest.fixture
def rows(owner, stranger):
    """An owner and a stranger with a number, a call, a message and an agent each."""
    for user in (owner, stranger):
        leave_message(make_number(user))
        profile_of(user)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def without_scope() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aloha.role', '', true)")


FILLED = ("user_phone_numbers", "telephony_call", "voicemail_message", "agent_agentprofile")
THREADS = 8


@pytest.mark.parametrize("table", FILLED)
def test_a_query_without_a_scope_finds_nothing(rows, table):
    assert count(table) == 2
    without_scope()
    assert count(table) == 0


@pytest.mark.parametrize("table", FILLED)
def test_a_query_that_forgets_its_owner_finds_the_owners_rows_only(rows, owner, table):
    with user_scope(owner.pk):
        assert count(table) == 1


@pytest.mark.parametrize("scope", [service_scope, staff_scope])
def test_service_and_staff_see_everybody(rows, scope):
    without_scope()
    with scope():
        assert count("user_phone_numbers") == 2


def test_the_scope_before_comes_back(rows, owner, stranger):
    with user_scope(owner.pk):
        with user_scope(stranger.pk):
            assert UserPhoneNumber.objects.get().user == stranger
        assert UserPhoneNumber.objects.get().user == owner


def test_the_scope_before_comes_back_after_an_error(rows, owner, stranger):
    with user_scope(owner.pk):
        with pytest.raises(ZeroDivisionError), user_scope(stranger.pk):
            _ = 1 / 0
        assert UserPhoneNumber.objects.get().user == owner


def test_a_scope_ends_with_its_transaction(rows, owner):
    without_scope()
    with user_scope(owner.pk):
        pass
    assert count("user_phone_numbers") == 0


def test_nobody_writes_into_anothers_rows(rows, owner, stranger):
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with user_scope(owner.pk), refused, transaction.atomic():
        make_number(stranger, phone_number="+14155550199", status="purchasing")


def test_nobody_changes_anothers_rows(rows, owner, stranger):
    with user_scope(owner.pk):
        changed = UserPhoneNumber.objects.filter(user=stranger).update(area_code="999")
    assert not changed


def test_every_owner_table_is_protected(db):
    assert not run_checks(tags=["database"], databases=["default"])
    assert len(owner_tables()) >= 15


def test_a_table_without_its_policy_is_an_error(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telephony_call NO FORCE ROW LEVEL SECURITY")
    (error,) = run_checks(tags=["database"], databases=["default"])
    assert error.id == "accounts.E001"
    assert "telephony_call" in error.msg


def _look(users, looks: int) -> int:
    """How many foreign rows raw queries of one thread find, over changing owners."""
    foreign = 0
    for turn in range(looks):
        mine = users[turn % len(users)]
        with user_scope(mine.pk), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM telephony_call WHERE owner_id <> %s", [mine.pk])
            foreign += cursor.fetchone()[0]
        assert count("telephony_call") == 0, "the scope outlived its transaction"
        connection.close()  # back to the pool
    return foreign


def _look_from_threads(users, looks: int) -> int:
    def work() -> int:
        try:
            return _look(users, looks // THREADS)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(future.result() for future in [pool.submit(work) for _ in range(THREADS)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "looks",
    [pytest.param(400, id="400"), pytest.param(50_000, id="50,000", marks=pytest.mark.soak)],
)
def test_no_foreign_row_over_threads_and_pooled_connections(
    owner, stranger, looks, record_property
):
    for user in (owner, stranger):
        make_call(make_number(user))
    foreign = _look_from_threads([owner, stranger], looks)
    record_property(
        "figures",
        f"{connection.vendor}: {looks:,} looks over {THREADS} threads and pooled connections,"
        f" {foreign} foreign rows.",
    )
    assert foreign == 0


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_a_scope_costs_half_a_millisecond_at_most(owner, record_property):
    make_number(owner)
    plain, scoped = [], []
    for _ in range(2_000):
        start = time.perf_counter()
        with transaction.atomic():
            list(UserPhoneNumber.objects.all())
        middle = time.perf_counter()
        with user_scope(owner.pk):
            list(UserPhoneNumber.objects.all())
        plain.append(middle - start)
        scoped.append(time.perf_counter() - middle)
    overhead_ms = 1_000 * (sorted(scoped)[1_000] - sorted(plain)[1_000])
    record_property(
        "figures",
        f"{connection.vendor}: a scope costs {overhead_ms:.3f} ms (median of 2,000).",
    )
    assert overhead_ms <= 0.5
