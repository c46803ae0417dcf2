"""docs/configuration.md: what .env.example says of each variable, with the defaults of the code."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aloha_site.environment import BASE_DIR

PAGE = BASE_DIR / "docs" / "configuration.md"
EXAMPLE = BASE_DIR / ".env.example"
SETTINGS = Path(__file__).with_name("settings.py")

HEAD = """# Configuration

Aloha is configured by environment variables, or by a file `.env` beside `manage.py`. A blank value
counts as not set; a value that makes no sense stops the start with the variable's name.

This page is made from `.env.example` and `aloha_site/settings.py`: after a change of either run
`python manage.py renderconfiguration`.
"""


@dataclass(slots=True, kw_only=True)
class Entry:
    """Variables that one comment describes."""

    says: str
    names: list[str] = field(default_factory=list)


def render() -> str:
    """The whole page."""
    defaults = dict(_defaults(SETTINGS.read_text(encoding="utf-8")))
    rows = [_row(entry, defaults) for entry in _entries(EXAMPLE.read_text(encoding="utf-8"))]
    return "\n".join([HEAD, "| variable | unset | what it says |", "|---|---|---|", *rows, ""])


def _entries(example: str) -> Iterator[Entry]:
    """The comments of .env.example with the variables below each."""
    comment: list[str] = []
    entry: Entry | None = None
    for line in example.splitlines():
        name = re.match(r"([A-Z_]+)=", line)
        if line.startswith("#"):
            if entry:
                yield entry
                entry, comment = None, []
            comment.append(line.removeprefix("#").strip())
        elif name:
            entry = entry or Entry(says=" ".join(comment))
            entry.names.append(name[1])
        else:
            if entry:
                yield entry
            entry, comment = None, []
    if entry:
        yield entry


def _defaults(source: str) -> Iterator[tuple[str, str]]:
    """Name and default of every variable that is read with a constant one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Call(
                    func=ast.Name(id="_whole_number"),
                    args=[ast.Constant(value=name)],
                    keywords=[ast.keyword(value=ast.Constant(value=default))],
                )
                | ast.Call(
                    func=ast.Name(id="_text"),
                    args=[ast.Constant(value=name), ast.Constant(value=default)],
                )
            ):
                yield str(name), str(default)


def _row(entry: Entry, defaults: dict[str, str]) -> str:
    names = "<br>".join(f"`{name}`" for name in entry.names)
    unset = ""
    if any(name in defaults for name in entry.names):
        shown = (f"`{defaults[name]}`" if name in defaults else "—" for name in entry.names)
        unset = "<br>".join(shown)
    return f"| {names} | {unset} | {entry.says.replace('|', '&#124;')} |"
