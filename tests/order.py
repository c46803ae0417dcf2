"""In which order tests run, and which of them one process runs."""

import zlib

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

OUTAGES = "database outages"
ONE_PROCESS = {
    "tests/contract/test_whole_schema.py": "schema",
    "tests/journeys/test_database_outages.py": OUTAGES,
    "tests/journeys/test_drain_without_database.py": OUTAGES,
    "tests/journeys/test_outages_in_calls.py": OUTAGES,
    "tests/site/test_dev.py": "dev",
    "tests/site/test_live_doctor.py": "doctor",
}
"""Tests of one group run one after the other: they share what takes long to make, or a machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mixed, since some only wait and leave the processor to others; the same in every process.

    Behind all others those with a browser: Playwright leaves an event loop running in its thread.
    Of these the longest come first, so that in the end no process waits for another's.
    """
    for item in items:
        if _uses_browser(item):
            item.add_marker("browser")
    items.sort(key=lambda item: (_uses_browser(item), _place(item)))


def _place(item: pytest.Item) -> tuple[bool, int]:
    is_long = item.get_closest_marker("check") is not None or "journeys" in item.path.parts
    return _uses_browser(item) and not is_long, zlib.crc32(group_of(item.nodeid).encode())


def _uses_browser(item: pytest.Item) -> bool:
    return "playwright" in getattr(item, "fixturenames", ())


def group_of(nodeid: str) -> str:
    """The group of a test, or its own name when it may run anywhere."""
    return ONE_PROCESS.get(nodeid.partition("::")[0], nodeid)


class ByGroup(LoadScopeScheduling):
    """Groups first, then single tests to whichever process is about to be free.

    `--dist loadgroup` writes the group into the names of tests, which pytest 9.2 does not read.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Of a process that died only what it had not run is run again."""
        work = self.assigned_work[node]
        for scope in [scope for scope, unit in work.items() if all(unit.values())]:
            del work[scope]
        crashed: str | None = super().remove_node(node)
        return crashed


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    """Whatever `--dist` says."""
    return ByGroup(config, log)
