"""The documents say true things: what they name exists in the code."""

import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from telephony.line_facts import PLACES_AT_ONCE
from telephony.webhook_runner import THREADS

ROOT = Path(__file__).parents[2]
ROOMS = ("accounts", "agent", "aloha_site", "telephony", "voicemail")
PAGES = sorted(
    [*(ROOT / "docs").glob("*.md"), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING"))]
)
TEXT = "\n".join(page.read_text() for page in PAGES)


@cache
def source() -> str:
    files = (file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py")))
    return "\n".join(file.read_text() for file in files)


def named(pattern: str) -> list[str]:
    """What the pages say in this form, spaces as in running text."""
    return sorted({" ".join(found.split()) for found in re.findall(pattern, TEXT)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_there_are(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("command", named(r"manage\.py ([a-z]+)"))
def test_commands_that_are_named_exist(command):
    assert command in get_commands()


@pytest.mark.parametrize("check", named(r"`((?:accounts|agent|site|telephony)\.[EW]\d{3})`"))
def test_checks_that_are_named_exist(check):
    assert f'id="{check}"' in source()


@pytest.mark.A3
def test_the_page_of_checks_has_every_check_once():
    listed = re.findall(
        r"^\| `([a-z]+\.[EW]\d{3})` \|", (ROOT / "docs" / "checks.md").read_text(), re.MULTILINE
    )
    assert listed == sorted(set(re.findall(r'id="([a-z]+\.[EW]\d{3})"', source())))


@pytest.mark.parametrize(
    "path", named(r"`((?:accounts|agent|aloha_site|telephony|voicemail|tests)/(?!\S*NAME)[\w/.]+)`")
)
def test_files_that_are_named_exist(path):
    assert (ROOT / path).exists()


def log_lines() -> list[str]:
    """Lines in backticks behind the words that introduce them in the runbook."""
    runbook = " ".join((ROOT / "docs" / "runbook.md").read_text().split())
    sentences = re.findall(r"[Ll]og(?: of the worker|:| line)? ?:? ?(`[^.;]*)", runbook)
    return sorted({line for text in sentences for line in re.findall(r"`([a-z][a-z :,-]+)`", text)})


@pytest.mark.parametrize("line", log_lines())
def test_log_lines_of_the_runbook_are_written_by_the_code(line):
    assert f'"{line}"' in source()


def test_the_runbook_names_log_lines():
    assert len(log_lines()) > 15


def test_the_six_lines_of_a_call_are_written_by_the_code():
    page = (ROOT / "docs" / "going-live.md").read_text()
    story = page.split("in six lines:")[1].split("```")[1]
    events = [line.split("  ")[0] for line in story.strip().splitlines()]
    assert len(events) == 6
    assert [event for event in events if f'"{event}"' not in source()] == []


def test_the_page_about_deployment_says_how_many_processes_keep_to_the_places():
    (each,) = named(r"may let in (\w+) calls too many")
    (together,) = named(r"Up to (\w+) processes that serve the carrier")
    assert (each, together) == ("eight", "four")
    assert (THREADS, PLACES_AT_ONCE) == (8, 4 * 8)
