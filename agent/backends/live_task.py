"""What the model behind the Live API's voice does: works on a task, and calls tools. Pure.

An answer that calls tools ends and waits for their results, and is then told to go on; only after
that does the voice say what has come of it.
"""

from agent.backends import live_commands as commands
from agent.backends import live_events as wire
from agent.backends.live_usage import LiveMeter
from agent.backends.realtime_events import Item
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_tools import Toolbox
from agent.errors import SessionRefused


class LiveTask:
    """The task of one session after another. Results of tools go to the outbox."""

    def __init__(self, tools: Toolbox, meter: LiveMeter, outbox: Outbox) -> None:
        self.is_open = False  # not at its end
        self.has_results = False  # it may go on
        self._tools, self._meter, self._outbox = tools, meter, outbox
        self._calls_answered = 0

    def session_begins(self) -> None:
        """Another session knows nothing of it."""
        self.is_open = self.has_results = False
        self._calls_answered = 0

    def receive(self, event: wire.TaskEvent) -> bool:
        """Take what the server tells of it; whether a tool was called. Raises SessionRefused."""
        match event:
            case wire.TaskBegun():
                self.is_open = True
                self._tools.answer_begins()
            case wire.TaskItemDone():
                return self._item_done(event.item)
            case wire.TaskCompleted() | wire.TaskFailed() | wire.TaskIncomplete():
                self._meter.add_task(event.response.usage)
                self.is_open = bool(self._calls_answered)
                self.has_results = self.has_results or self.is_open
                self._calls_answered = 0
        return False

    def go_on(self) -> None:
        """Let it, with the results of its tools."""
        self.has_results = False
        self._outbox.send(commands.go_on_with_task)

    def _item_done(self, item: Item) -> bool:
        answer = self._tools.take(item) if item.type == "function_call" else None
        if answer is None:
            return False
        self._outbox.send(commands.answer_tool, *answer)
        self.is_open = True
        self._calls_answered += 1
        if self._tools.is_stuck:
            raise SessionRefused("tool_loop")
        return True
