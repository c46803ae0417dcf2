"""How settings read one variable of the environment, or of the file .env beside the code."""

import contextlib
import io
import re
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
_QUOTED = re.compile(r"""('[^']*'|"(?:\\.|[^"\\])*")\s+#.*""")
_PLAIN = re.compile(r"\s*([^'\"\s].*?)?\s+#.*")


def without_comments(lines: str) -> str:
    """The text of a .env file without what stands behind a value, a blank and a #.

    So does compose.yaml's reader. A # within a value or within quotes is part of it.
    """
    return "\n".join(_without_comment(line) for line in lines.splitlines())


def _without_comment(line: str) -> str:
    name, _, value = line.partition("=")
    if name.startswith("#"):
        return line
    found = _QUOTED.fullmatch(value) or _PLAIN.fullmatch(value)
    return f"{name}={found[1] or ''}" if found else line


def read_file(path: Path) -> None:
    """Put a .env file into the environment, where what is set already goes first."""
    with contextlib.suppress(OSError):  # none there, or one that only a service manager may read
        env.read_env(io.StringIO(without_comments(path.read_text(encoding="utf-8"))))


read_file(BASE_DIR / ".env")


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
