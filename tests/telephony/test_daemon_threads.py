"""Threads for work that may get stuck."""

import contextvars
import subprocess
import sys
import threading

import pytest

from telephony.daemon_threads import DaemonThreads, OneAtATime

PATIENCE_S = 10
_word = contextvars.ContextVar("word", default="")


@pytest.fixture
def threads() -> DaemonThreads:
    return DaemonThreads("test", limit=2)


def test_results_and_errors_come_back(threads):
    assert threads.submit(lambda: 6 * 7).result(PATIENCE_S) == 42
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(PATIENCE_S)


def test_no_more_run_at_once_than_the_limit(threads):
    together, alone = threading.Barrier(2), threading.Barrier(3)
    for _ in range(2):
        threads.submit(lambda: alone.wait(PATIENCE_S))
    third = threads.submit(lambda: "ran")
    assert not third.done()
    alone.wait(PATIENCE_S)
    assert third.result(PATIENCE_S) == "ran"
    pair = [threads.submit(lambda: together.wait(PATIENCE_S)) for _ in range(2)]
    assert sorted(one.result(PATIENCE_S) for one in pair) == [0, 1]


def test_work_that_is_cancelled_while_it_waits_never_runs(threads):
    release, ran = threading.Event(), []
    stuck = [threads.submit(lambda: release.wait(PATIENCE_S)) for _ in range(2)]
    dropped = threads.submit(lambda: ran.append("dropped"))
    assert dropped.cancel()
    release.set()
    for one in stuck:
        one.result(PATIENCE_S)
    threads.submit(lambda: None).result(PATIENCE_S)
    assert ran == []


def test_a_thread_is_used_again(threads):
    names = {
        threads.submit(lambda: threading.current_thread().name).result(PATIENCE_S)
        for _ in range(20)
    }
    assert len(names) <= 2


def test_the_work_sees_the_context_of_whoever_gave_it(threads):
    _word.set("marker")
    assert threads.submit(_word.get).result(PATIENCE_S) == "marker"


def test_stuck_work_does_not_keep_a_process_alive():
    program = (
        "import threading; from telephony.daemon_threads import DaemonThreads; "
        "begun = threading.Event(); "
        "DaemonThreads('stuck', limit=1).submit(lambda: (begun.set(), threading.Event().wait())); "
        "begun.wait()"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=PATIENCE_S, check=False)
    assert done.returncode == 0


def test_work_of_one_owner_runs_in_order_and_never_two_at_once(threads):
    alone, order = threading.Lock(), []

    def work(number):
        assert alone.acquire(blocking=False)
        order.append(number)
        alone.release()

    one = OneAtATime(threads)
    for future in [one.submit(work, number) for number in range(200)]:
        future.result(PATIENCE_S)
    assert order == list(range(200))


def test_owners_do_not_wait_for_each_other(threads):
    release = threading.Event()
    stuck = OneAtATime(threads).submit(release.wait, PATIENCE_S)
    assert OneAtATime(threads).submit(lambda: "ran").result(PATIENCE_S) == "ran"
    release.set()
    assert stuck.result(PATIENCE_S)


def test_an_error_does_not_stop_what_stands_behind_it(threads):
    one = OneAtATime(threads)
    failed, following = one.submit(lambda: 1 // 0), one.submit(lambda: 6 * 7)
    with pytest.raises(ZeroDivisionError):
        failed.result(PATIENCE_S)
    assert following.result(PATIENCE_S) == 42
