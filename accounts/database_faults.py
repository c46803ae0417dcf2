"""What the database says when it does not take something: whose fault it is decides what follows.

Read-only after a failover, or not migrated yet, PostgreSQL answers with other errors than when it
is away, and SQLite with the same. All of it passes.
"""

from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)

IS_AWAY = (OperationalError, InterfaceError)

# It takes the same later: `InternalError` is read-only, `ProgrammingError` a table not there yet,
# `NotSupportedError` a plan from before a migration.
PASSES = (*IS_AWAY, InternalError, ProgrammingError, NotSupportedError)

# What the database says of the values themselves: they would be refused tomorrow as well.
OWN_FAULTS = (DataError, IntegrityError)
