"""How soon the owner reads what a caller says, from the agent's side knowing the words on."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Playbook, prompt, tone
from agent.fake_realtime.server import FakeRealtime
from telephony.models import UserPhoneNumber, VoicemailMode
from telephony.simulator.callers import Listener, WavCaller
from telephony.simulator.carrier import SimulatedCall
from tests.agent.test_endpointer import voice
from tests.factories import PASSWORD, make_number
from tests.journeys.test_realtime_call import use  # noqa: F401  # a fixture
from tests.journeys.test_running_call import running

LINES = 22
WAIT_MS = 60_000
BETWEEN_MS = 1_500
"""From one sentence to the next: the server hears 0.5 s of silence before it takes a turn."""

NOTE_WHEN_SHOWN = """list => {
  window.shown = {};
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        window.shown[node.querySelector(".turn-text").textContent.trim()] = Date.now();
  }).observe(list, { childList: true });
}"""


class Talker(WavCaller):
    """Once somebody reads along: one sentence after the other, whatever the agent does.

    Stays on the line until it is enough.
    """

    def __init__(self, *, is_read: threading.Event, is_enough: threading.Event) -> None:
        super().__init__([voice(400)] * LINES)
        self._is_read, self._is_enough = is_read, is_enough

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        is_due = self._speak_at_ms is None or not self._is_read.is_set()
        if listener is Listener.AGENT and is_due:
            self._speak_at_ms = self._now_ms + BETWEEN_MS
        return super().exchange(heard, listener=listener)

    @property
    def hangs_up(self) -> bool:
        return self._is_enough.is_set()


class Dictation(Playbook):
    """Every turn in words of its own, with the moment at which they are known."""

    def __init__(self) -> None:
        super().__init__([[tone("Yes.")]], purposes={"greeting": [prompt("leave_message")]})
        self.known_ms: dict[str, float] = {}
        self.is_read = threading.Event()

    def words(self, turn: int) -> str:
        said = f"This is sentence number {turn}."
        self.known_ms[said] = time.time() * 1_000
        return said


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.RECEPTIONIST)


@pytest.fixture
def dictation(aloha_url, number, use) -> Iterator[Dictation]:  # noqa: F811
    """A caller who talks to a model that writes her words down at once."""
    script, is_enough = Dictation(), threading.Event()

    async def call() -> None:
        manner = Manner(latency_ms=100, transcription_ms=0)
        async with FakeRealtime(lambda: script, manner=manner) as server:
            use(server)
            await SimulatedCall(
                base_url=aloha_url,
                caller=Talker(is_read=script.is_read, is_enough=is_enough),
                to_number=number.phone_number,
                from_number="+15105550147",
            ).run()

    thread = threading.Thread(target=lambda: asyncio.run(call()))
    thread.start()
    yield script
    is_enough.set()
    thread.join()


@pytest.mark.check
@pytest.mark.U1
@pytest.mark.measured
def test_callers_words_are_on_the_screen_within_a_second(aloha_url, owner, page: Page, dictation):
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{aloha_url}/accounts/login/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{aloha_url}/")
    page.goto(f"{aloha_url}/aloha/calls/{running(owner).id}")
    page.locator("[data-lines]").evaluate(NOTE_WHEN_SHOWN)
    dictation.is_read.set()
    last = page.get_by_text(f"This is sentence number {LINES}.", exact=True)
    expect(last).to_be_visible(timeout=WAIT_MS)
    shown_ms = page.evaluate("window.shown")
    delays_ms = sorted(shown_ms[said] - known for said, known in dictation.known_ms.items())
    assert len(delays_ms) == LINES
    assert delays_ms[int(LINES * 0.95)] < 1_000
