"""The style sheets: one rule for one thing."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "static" / "css"
TOKENS = re.compile(r"[^{}]+\{|\}")


def rules(sheet: Path) -> Iterator[tuple[str, str]]:
    """Each rule's media query, or nothing, and its selector."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    around: list[str] = []
    for token in TOKENS.findall(text):
        if token == "}":
            around.pop()
            continue
        opened = " ".join(token[:-1].split(";")[-1].split())
        if not opened.startswith("@") and not any("@keyframes" in each for each in around):
            yield " ".join(around), opened
        around.append(opened)


def test_no_rule_stands_in_two_style_sheets():
    found = defaultdict(set)
    for sheet in FOLDER.glob("*.css"):
        for rule in rules(sheet):
            found[rule].add(sheet.name)
    twice = {rule: sorted(names) for rule, names in found.items() if len(names) > 1}
    assert len(found) > 400
    assert twice == {}


def test_colours_stand_in_the_tokens_only():
    """Elsewhere only what lies over everything, and the white behind a QR code.

    The admin has tokens of its own: Django's variables, with our values.
    """
    allowed = {"#ffffff", "#fff", "#000"}
    for sheet in FOLDER.glob("*.css"):
        if sheet.name in {"tokens.css", "support.css"}:
            continue
        text = sheet.read_text(encoding="utf-8")
        colours = set(re.findall(r"(?<=[\s(,])#[0-9a-fA-F]{3,8}\b(?=[\s;,)])", text))
        assert colours <= allowed, sheet.name
