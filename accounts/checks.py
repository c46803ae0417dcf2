"""System checks of the accounts room."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# Tables of ours that hold nothing of one owner, or that are needed to find out who asks.
UNPROTECTED = frozenset(
    {
        "accounts_user",
        "accounts_user_groups",
        "accounts_user_user_permissions",
        "telephony_simulatedorder",
        "telephony_syncrun",
        "telephony_usagecounter",
    }
)
ROOMS = ("accounts", "agent", "telephony", "voicemail")


@register(Tags.database)
def check_row_security(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every owner's table has its policy, and the policies hold for our own database role.

    Runs where Django asks databases: `migrate`, and `check --database default`.
    """
    if not databases or connection.vendor != "postgresql" or _migrations_are_pending():
        return []
    return [*_check_tables(), *_check_role()]


def owner_tables() -> set[str]:
    """Tables of our rooms that hold rows of owners."""
    models = (model for room in ROOMS for model in apps.get_app_config(room).get_models(True))
    return {model._meta.db_table for model in models} - UNPROTECTED


def _migrations_are_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _check_tables() -> list[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
            " AND relname = ANY(%s) AND oid IN (SELECT polrelid FROM pg_policy)",
            [sorted(owner_tables())],
        )
        protected = {name for (name,) in cursor.fetchall()}
    return [
        checks.Error(
            f"The table {table} has no row level security: a query that forgets whose rows it "
            "may see would show everybody's.",
            hint="Add accounts.row_policies.ProtectRows to a migration of its app.",
            id="accounts.E001",
        )
        for table in sorted(owner_tables() - protected)
    ]


def _check_role() -> list[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        (bypasses,) = cursor.fetchone()
    if not bypasses:
        return []
    level = checks.Warning if settings.DEBUG else checks.Error
    return [
        level(
            "The database role of DATABASE_URL is a superuser or bypasses row level security: "
            "PostgreSQL holds no rows back from it.",
            hint="CREATE ROLE aloha LOGIN NOSUPERUSER NOBYPASSRLS, and make it the owner of the "
            "database.",
            id="accounts.E002",
        )
    ]
