"""docs/acceptance.md names tests that exist, and every promise once."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "acceptance.md").read_text()
LAST = {"D": 7, "N": 13, "W": 10, "M": 12, "V": 6, "U": 5, "A": 5, "S": 4, "P": 7}
PROMISES = [f"{room}{number}" for room, last in LAST.items() for number in range(1, last + 1)]
TIERS = ("check", "soak")
TEST = r"`(tests/[\w/]+\.py)::([\w:]+)`"
NAMED = sorted(set(re.findall(TEST, PAGE)))
PARTS = re.split(r"^\*\*([A-Z]\d+)\*\*", PAGE, flags=re.MULTILINE)[1:]
TEXTS = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


@cache
def names_in(file: str) -> set[str]:
    """The tests of one file, those of classes as Class::test."""
    body = ast.parse((ROOT / file).read_text()).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    return _functions(body) | {
        f"{group.name}::{name}" for group in classes for name in _functions(group.body)
    }


@cache
def marks_of(file: str, name: str) -> set[str]:
    """What every case of a test is marked with, by itself, its class or its module."""
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text()).body
    marks = _marks(body)
    for part in name.split("::"):
        node = next(node for node in body if getattr(node, "name", "") == part)
        assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        body = node.body
        marks |= {ast.unparse(mark) for mark in node.decorator_list} | _marks(body)
    return {mark.removeprefix("pytest.mark.") for mark in marks}


def tier_of(file: str, name: str) -> str:
    """The tier without which no case of this test runs; empty for those of `./dev test`."""
    return next((tier for tier in reversed(TIERS) if tier in marks_of(file, name)), "")


def _marks(body: list[ast.stmt]) -> set[str]:
    """What a module or class is marked with as a whole."""
    values = [
        node.value
        for node in body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    marks = [each for value in values for each in getattr(value, "elts", [value])]
    return {ast.unparse(mark) for mark in marks}


def _functions(body: list[ast.stmt]) -> set[str]:
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_the_page_names_exists(file):
    named = {name for named_in, name in NAMED if named_in == file}
    assert named <= names_in(file)


def test_every_test_that_runs_in_a_later_tier_alone_says_in_which():
    said = re.findall(TEST + r"(?: \(`(\w+)`)?", PAGE)
    wrong = [
        f"{file}::{name}: {tier or 'default'}"
        for file, name, tier in said
        if tier != tier_of(file, name)
    ]
    assert wrong == []


def test_every_test_carries_the_marker_of_the_promise_that_names_it():
    missing = [
        f"{file}::{name}: {promise}"
        for promise, text in TEXTS.items()
        for file, name in re.findall(TEST, text)
        if promise not in marks_of(file, name)
    ]
    assert missing == []


def test_every_promise_stands_on_the_page_once():
    assert Counter(re.findall(r"^\*\*([A-Z]\d+)\*\*", PAGE, re.MULTILINE)) == Counter(PROMISES)


def test_every_promise_names_a_test_or_says_what_is_missing():
    silent = {
        name for name, text in TEXTS.items() if "`tests/" not in text and "- Missing: " not in text
    }
    assert not silent


def test_every_promise_that_tests_are_marked_with_names_one():
    """A marker in pyproject.toml means that something shows the promise by now."""
    markers = set(re.findall(r'"([A-Z]\d+): ', (ROOT / "pyproject.toml").read_text()))
    shown = {name for name, text in TEXTS.items() if "- `tests/" in text}
    assert markers <= shown


def test_every_figure_that_the_page_links_to_is_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
