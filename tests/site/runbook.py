"""The signs that docs/runbook.md names, read from the page itself."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
_ROW = re.compile(
    r"^\| \[(\d+)\]\(#([^)]*)\) \|(?: `([^`]*)`)? \| `([^`]*)` \| .* \|$", re.MULTILINE
)


@dataclass(frozen=True)
class Signs:
    """What one trouble shows: a line of the log, blank where it has none, and words elsewhere."""

    anchor: str
    in_log: str
    elsewhere: str


SIGNS = {int(row[1]): Signs(row[2], row[3] or "", row[4]) for row in _ROW.finditer(PAGE)}


def headings() -> dict[int, str]:
    """Each trouble's heading as a link names it."""
    found = re.findall(r"^## (\d+)\. (.+)$", PAGE, re.MULTILINE)
    return {int(number): _anchor(f"{number}. {title}") for number, title in found}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
