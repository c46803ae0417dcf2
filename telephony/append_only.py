"""Where migration 0014 looks for the operation; it is `accounts.append_only`'s."""

from accounts.append_only import AppendOnly, sqlite_trigger

__all__ = ["AppendOnly", "sqlite_trigger"]
