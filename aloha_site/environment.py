"""How settings read one variable of the environment, or of the file .env beside the code."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """A variable's text; a blank one counts as not set."""
    return str(env.str(name, default="")).strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Yes or no. Raises ImproperlyConfigured for anything else."""
    raw = text(name).lower()
    if raw in {"", "0", "1", "true", "false", "yes", "no", "on", "off"}:
        return default if not raw else raw in {"1", "true", "yes", "on"}
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {raw!r}.")


def whole_number(name: str, *, default: int) -> int:
    """Digits alone. Raises ImproperlyConfigured for anything else."""
    raw = text(name)
    if raw and not raw.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}.")
    return int(raw) if raw else default
