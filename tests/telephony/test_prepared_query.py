"""A query that is compiled once gives what Django's own would have given."""

from datetime import timedelta

import pytest
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Upper
from django.utils import timezone

from telephony.models import Call, UserPhoneNumber
from telephony.prepared_query import PreparedQuery
from tests.factories import make_call, make_number

HOUR = timedelta(hours=1)


def recently_called(*, number, now):
    recent = Call.objects.filter(
        number=OuterRef("pk"), started_at__gt=now - HOUR, started_at__lte=now
    )
    rows = UserPhoneNumber.objects.filter(phone_number=number, country="US")
    return rows.annotate(was_called=Exists(recent))


@pytest.fixture
def query():
    return PreparedQuery(recently_called)


@pytest.mark.parametrize(("minutes", "expected"), [(59, True), (61, False), (-1, False)])
def test_every_run_has_its_own_values(query, owner, stranger, minutes, expected):
    now = timezone.now()
    first, second = make_number(owner), make_number(stranger)
    make_call(second, started_at=now - timedelta(minutes=minutes))
    for number, was_called in [(first, False), (second, expected)]:
        [row] = query.rows({"number": number.phone_number, "now": now})
        assert (row, bool(row.was_called)) == (number, was_called)


def test_rows_come_with_the_types_of_their_fields(query, owner):
    number = make_number(owner)
    [row] = query.rows({"number": number.phone_number, "now": timezone.now()})
    assert (row.id, row.created_at, row.user_id) == (number.id, number.created_at, owner.id)


def test_nothing_is_built_after_the_first_run(owner):
    built = []

    def build(*, number):
        built.append(number)
        return UserPhoneNumber.objects.filter(phone_number=number)

    query = PreparedQuery(build)
    for line in range(5):
        list(query.rows({"number": f"+1415555010{line}"}))
    assert len(built) == 2


def test_other_constants_are_another_query(owner):
    wanted = "US"
    query = PreparedQuery(
        lambda *, number: UserPhoneNumber.objects.filter(phone_number=number, country=wanted)
    )
    number = make_number(owner)
    assert len(list(query.rows({"number": number.phone_number}, constants=(wanted,)))) == 1
    wanted = "DE"
    assert len(list(query.rows({"number": number.phone_number}, constants=(wanted,)))) == 0


def test_hostile_values_stay_values(query, owner):
    make_number(owner)
    for text in ("' OR 1=1 --", "%s", "%(x)s", '"; DROP TABLE x', "\\"):
        assert list(query.rows({"number": text, "now": timezone.now()})) == []


def test_a_query_that_changes_a_value_is_refused(db):
    query = PreparedQuery(lambda *, number: Call.objects.filter(from_number__in=[number.upper()]))
    with pytest.raises(ValueError, match="changes a value"):
        query.rows({"number": "sip:a@b.example"})


def test_what_the_database_changes_itself_is_allowed(owner):
    call = make_call(make_number(owner), from_number="SIP:A@B.EXAMPLE")
    query = PreparedQuery(
        lambda *, number: Call.objects.annotate(upper=Upper(Value(number))).filter(
            from_number=F("upper")
        )
    )
    assert list(query.rows({"number": "sip:a@b.example"})) == [call]
