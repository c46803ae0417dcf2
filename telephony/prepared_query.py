"""A query that Django builds and compiles once per process, for where building it costs too much.

The queryset is built with placeholders in the place of the facts of one call. The SQL is kept,
and later runs put the real values where the placeholders stand. A moment may stand there moved by
a fixed time, as in `now - DAY`. Everything else in the queryset must not change in a process.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
Value = str | datetime
Values = Mapping[str, Value]

# Where the placeholder of a moment lies, and how far from it a param still belongs to it.
_FAR = datetime(2900, 1, 1, tzinfo=UTC)
_NEAR = timedelta(days=1_000)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One parameter: a constant, or the value of that name, moved by an offset if a moment."""

    constant: Any
    name: str = ""
    offset: timedelta | None = None

    def fill(self, values: Values) -> Any:
        value = values.get(self.name)
        if isinstance(value, datetime):
            return connection.ops.adapt_datetimefield_value(value + (self.offset or timedelta()))
        return self.constant if value is None else value


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A query with its parameters left open."""

    model: type[Model]
    sql: str
    slots: tuple[_Slot, ...]


class PreparedQuery(Generic[M]):
    """`build` gets the values by name; it is asked for again only for other `constants`."""

    def __init__(self, build: Callable[..., QuerySet[M]]) -> None:
        self._build = build
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}

    def rows(self, values: Values, *, constants: tuple[Any, ...] = ()) -> Iterable[M]:
        """The rows with their annotations, which SQLite gives as 0 and 1 where they are claims.

        Raises ValueError when the query changes a value on its way, for instance its case.
        """
        key = (connection.vendor, constants, *sorted(values))
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(values)
        params = [slot.fill(values) for slot in compiled.slots]
        rows: Iterable[Any] = compiled.model._default_manager.raw(compiled.sql, params)
        return rows

    def _compile(self, values: Values) -> _Compiled:
        first, second = (_placeholders(values, mark) for mark in (1, 2))
        rows = self._build(**first)
        sql, params = rows.query.sql_with_params()
        slots = tuple(_slot(param, first) for param in params)
        # The proof: filled with other values they give what Django makes of those.
        expected = self._build(**second).query.sql_with_params()
        if (sql, tuple(slot.fill(second) for slot in slots)) != expected:
            raise ValueError("the query changes a value on its way")
        return _Compiled(rows.model, sql, slots)


def _placeholders(values: Values, mark: int) -> Values:
    """Values of the same kinds that occur nowhere else."""
    return {
        name: _FAR + timedelta(days=2 * index * _NEAR.days, seconds=mark)
        if isinstance(value, datetime)
        else f"\0{name}\0{mark}"
        for index, (name, value) in enumerate(values.items())
    }


def _slot(param: Any, placeholders: Values) -> _Slot:
    moment = _moment(param)
    for name, placeholder in placeholders.items():
        if isinstance(placeholder, datetime):
            if moment is not None and abs(moment - placeholder) < _NEAR:
                return _Slot(None, name, moment - placeholder)
        elif param == placeholder:
            return _Slot(None, name)
    return _Slot(param)


def _moment(param: Any) -> datetime | None:
    """The time that a parameter is: for SQLite Django writes it as text, in UTC without saying."""
    if isinstance(param, str):
        try:
            param = datetime.fromisoformat(param)
        except ValueError:
            return None
    if not isinstance(param, datetime):
        return None
    return param if param.tzinfo else param.replace(tzinfo=UTC)
