"""How each kind of database is spoken to."""

from pathlib import Path
from typing import Any

# Counters that every process has to see, those of log-in limits before all. Nothing asks it while
# somebody talks or looks at a page. Its table is made by a migration of the accounts room.
SHARED_CACHE: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "accounts_cache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}


def database_settings(configured: dict[str, Any] | None, *, var_dir: Path) -> dict[str, Any]:
    """One entry of DATABASES: of the database that was named, else an SQLite file of our own."""
    database = configured or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": var_dir / "aloha.sqlite3",
    }
    if database["ENGINE"] == "django.db.backends.sqlite3":
        var_dir.mkdir(parents=True, exist_ok=True)
        # IMMEDIATE takes the write lock at BEGIN, so two writers wait instead of failing half-way.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif database["ENGINE"] == "django.db.backends.postgresql":
        options = database.setdefault("OPTIONS", {})
        options.setdefault("connect_timeout", 3)
        # A server that vanished from the network is noticed in seconds, not after hours.
        options |= {"tcp_user_timeout": 5000, "keepalives_idle": 5}
        options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5}
        # After a restart of the server the pool holds dead connections; none is handed out.
        database["CONN_HEALTH_CHECKS"] = True
    # A lasting connection per thread exhausts PostgreSQL under ASGI; the pool does the keeping.
    database["CONN_MAX_AGE"] = 0
    return database
