"""The architecture, held: one line of imports, no cycles, pure modules, no missing migration."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
# Each room may import those to its right; nobody imports the first.
LINE = ("aloha_site", "voicemail", "telephony", "agent", "accounts")
PURE = (
    "telephony.actions",
    "telephony.answering",
    "telephony.bridge",
    "telephony.frame_limits",
    "telephony.heard_words",
    "telephony.media_stream",
    "telephony.mixdown",
    "telephony.patience",
    "telephony.playback",
    "telephony.said",
    "telephony.simulator.playback",
    "telephony.stream_facts",
    "telephony.voice_watch",
    "agent.backends.live_clock",
    "agent.backends.live_commands",
    "agent.backends.live_dialogue",
    "agent.backends.live_events",
    "agent.backends.live_goodbye",
    "agent.backends.live_owed",
    "agent.backends.live_speech",
    "agent.backends.live_task",
    "agent.backends.live_turns",
    "agent.backends.live_usage",
    "agent.backends.realtime_commands",
    "agent.backends.realtime_dialogue",
    "agent.backends.realtime_events",
    "agent.backends.realtime_tools",
    "agent.brief",
    "agent.dialogue",
    "agent.instructions",
    "agent.session",
    "agent.speech.endpointer",
    "voicemail.carriers",
)
IMPURE_IMPORTS = {
    "aiohttp", "asyncio", "channels", "datetime", "django", "random", "requests", "rest_framework",
    "socket", "threading", "time", "twilio", "uvicorn",
}  # fmt: skip


def modules() -> dict[str, Path]:
    found = {}
    for room in LINE:
        for path in (ROOT / room).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports_of(name: str, *, at_start_only: bool = False) -> set[str]:
    """Dotted names a module imports; `from a import b` counts as a.b where that is a module."""
    tree = ast.parse(MODULES[name].read_text())
    nodes = tree.body if at_start_only else ast.walk(tree)
    imported: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                imported.add(whole if whole in MODULES else str(node.module))
    return imported


def rooms_to_the_left(name: str) -> set[str]:
    forbidden = LINE[: LINE.index(name.split(".")[0])]
    return {imported.split(".")[0] for imported in imports_of(name)} & set(forbidden)


def test_a_room_imports_only_from_rooms_to_its_right():
    assert {name: left for name in MODULES if (left := rooms_to_the_left(name))} == {}


def test_no_module_imports_itself_through_others():
    graph = {name: imports_of(name) & MODULES.keys() for name in MODULES}
    state: dict[str, str] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if state.get(name) == "open":
            pytest.fail(" -> ".join((*trail, name)))
        if name not in state:
            state[name] = "open"
            for imported in sorted(graph[name]):
                visit(imported, (*trail, name))
            state[name] = "done"

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_no_framework_socket_or_clock(name):
    seen, waiting = set(), [name]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        imported = imports_of(module)
        impure = {each.split(".")[0] for each in imported} & IMPURE_IMPORTS
        assert not impure, f"{module}, imported by {name}, imports {impure}"
        waiting += [each for each in imported if each in MODULES]


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


def test_no_module_is_longer_than_350_lines():
    lengths = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 350} == {}


# Row level security begins with these: a later migration without a scope finds no rows at all.
FIRST_PROTECTED = {"accounts": 2, "agent": 3, "telephony": 8, "voicemail": 3}
DATA_MIGRATIONS = [
    path
    for room in FIRST_PROTECTED
    for path in sorted((ROOT / room / "migrations").glob("[0-9]*.py"))
    if int(path.name[:4]) >= FIRST_PROTECTED[room] and "RunPython(" in path.read_text()
]


@pytest.mark.S2
def test_migrations_of_data_open_a_scope():
    without = [path.name for path in DATA_MIGRATIONS if "service_scope()" not in path.read_text()]
    assert not without
