"""Migration operations that put a table under row level security."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

POLICY = "own_rows"
_PRIVILEGED = "(SELECT current_setting('aloha.role', true)) IN ('service', 'staff')"
# Subqueries, so that PostgreSQL reads the settings once for a query and not once for a row.
_CURRENT_USER = "(SELECT nullif(current_setting('aloha.user_id', true), '')::uuid)"


class ProtectRows(Operation):
    """Show a table's rows to their owner only, also to the role that owns the table.

    `owner` is the column with the owner's id. With `through` it is the column that names a row of
    that table, itself protected, and whoever sees that row sees this one.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(self, table: str, *, owner: str, through: str = "") -> None:
        self.table = table
        self.owner = owner
        self.through = through

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kwargs = {"owner": self.owner} | ({"through": self.through} if self.through else {})
        return type(self).__name__, [self.table], kwargs

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing that models know of changes."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        schema_editor.execute(f"ALTER TABLE {self.table} ENABLE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {self.table} FORCE ROW LEVEL SECURITY")
        schema_editor.execute(
            f"CREATE POLICY {POLICY} ON {self.table} USING ({_PRIVILEGED} OR {self._is_own()})"
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        schema_editor.execute(f"DROP POLICY {POLICY} ON {self.table}")
        schema_editor.execute(f"ALTER TABLE {self.table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {self.table} DISABLE ROW LEVEL SECURITY")

    def _is_own(self) -> str:
        if not self.through:
            return f"{self.owner} = {_CURRENT_USER}"
        return (
            f"EXISTS (SELECT FROM {self.through} AS own WHERE own.id = {self.table}.{self.owner})"
        )

    def describe(self) -> str:
        return f"Show rows of {self.table} to their owner only"

    @property
    def migration_name_fragment(self) -> str:
        return f"protect_{self.table}"
