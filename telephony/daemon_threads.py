"""A bounded set of threads whose stuck work never holds up the end of the process.

`concurrent.futures.ThreadPoolExecutor` is joined when the interpreter ends: one thread that waits
for a frozen database would keep a stopped server alive.
"""

import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class DaemonThreads:
    """At most `limit` threads, started when they are needed; work beyond that waits its turn."""

    def __init__(self, name: str, *, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._started = 0
        self._starting = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._waiting: queue.SimpleQueue[_Task[Any]] = queue.SimpleQueue()

    def submit(self, work: Callable[[], R]) -> Future[R]:
        """Run `work` in a copy of this context; cancelled while it waits, it never runs."""
        task = _Task(contextvars.copy_context(), work)
        self._waiting.put(task)
        if not self._idle.acquire(blocking=False):
            self._start_one_more()
        return task.future

    def _start_one_more(self) -> None:
        with self._starting:
            if self._started == self._limit:
                return
            self._started += 1
            name = f"{self._name}-{self._started}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        while True:
            self._waiting.get().run()
            self._idle.release()


class OneAtATime(Executor):
    """Runs work in the order it came, never two pieces at once, on threads shared with others."""

    def __init__(self, threads: DaemonThreads) -> None:
        self._threads = threads
        self._waiting: list[_Task[Any]] = []
        self._is_running = False
        self._changing = threading.Lock()

    def submit(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        task = _Task(contextvars.copy_context(), partial(work, *args, **kwargs))
        with self._changing:
            self._waiting.append(task)
            if self._is_running:
                return task.future
            self._is_running = True
        self._threads.submit(self._run)
        return task.future

    def _run(self) -> None:
        while True:
            with self._changing:
                if not self._waiting:
                    self._is_running = False
                    return
                task = self._waiting.pop(0)
            task.run()


class _Task(Generic[R]):
    """One piece of work and its outcome."""

    def __init__(self, context: contextvars.Context, work: Callable[[], R]) -> None:
        self.future: Future[R] = Future()
        self._context = context
        self._work = work

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._context.run(self._work)
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
