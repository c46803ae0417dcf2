"""`manage.py work`: turns calls into messages and does the chores, until told to stop."""

import itertools
import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections, connections
from django.utils import timezone

from accounts.database_faults import OWN_FAULTS
from telephony import kept_endings, request_spool, unnamed_files
from telephony.dialling import settle_unplaced_calls
from telephony.fallback_messages import LOOK_BACK, collect_fallback_messages
from telephony.number_sync import sync_numbers_when_due
from telephony.replay import replay_kept_requests
from telephony.simulator.probe_host import play_waiting_probes
from telephony.simulator.switchboard import Switchboard, play_waiting_calls
from voicemail import erasing, forwarding, forwarding_rhythm, processing
from voicemail.release_mail import send_reminders
from voicemail.reopening import fetch_put_off, write_down_endings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5
LOOK_BACK_SECONDS = 300.0
# How long whoever closes an account waits at most, unless another chore waits for the provider.
WISHES_SECONDS = 2.0
# What the provider holds is looked through wholly at the start and in every so many rounds.
ROUNDS_BETWEEN_WHOLE_LOOKS = 12
SHORT_LOOK = timedelta(hours=2)
# A chore that still waits for the provider is left: the next worker's does it again.
CHORES_END_SECONDS = 5.0
# Each a chore of its own: a disk that fails under one keeps no other from being done.
FORGET_FILES = (request_spool.forget_old, kept_endings.forget_old, unnamed_files.delete_left)


class Command(BaseCommand):
    """Runs the background work; any number of workers may run at once."""

    help = "Turn finished calls into messages, settle numbers. Stops on SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            play_waiting_calls()
            write_down_endings()
            replay_kept_requests()
            settle_unplaced_calls()
            sync_numbers_when_due()
            collect_fallback_messages()
            fetch_put_off()
            processing.work_once(all_time=True)
            send_reminders()
            erasing.keep_house()
            _look_after_forwarding(all_time=True)
            for forget in FORGET_FILES:
                forget(now=timezone.now())
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        logger.info("worker started")
        # A thread of its own: the provider may take its time, callers' messages do not wait for it.
        chores = threading.Thread(target=_do_chores_until, args=[stop], name="chores", daemon=True)
        with Switchboard():
            chores.start()
            _work_until(stop)
            chores.join(CHORES_END_SECONDS)
        logger.info("worker stopped")


def _work_until(stop: threading.Event) -> None:
    """What somebody waits for."""
    looked_back_at = float("-inf")
    while not stop.is_set():
        all_time = time.monotonic() - looked_back_at > LOOK_BACK_SECONDS
        close_old_connections()
        is_busy = [
            attempt(write_down_endings),
            attempt(replay_kept_requests),
            attempt(settle_unplaced_calls),
            attempt(partial(processing.work_once, all_time=all_time)),
        ]
        attempt(send_reminders)
        attempt(partial(_look_after_forwarding, all_time=all_time))
        if all_time:
            looked_back_at = time.monotonic()
        if not any(is_busy):
            stop.wait(PAUSE_SECONDS)


def _do_chores_until(stop: threading.Event) -> None:
    """What asks the provider, or has time; on connections of this thread's own."""
    for number in itertools.count():
        is_whole = number % ROUNDS_BETWEEN_WHOLE_LOOKS == 0
        look_back = LOOK_BACK if is_whole else SHORT_LOOK
        chores: list[Callable[[], object]] = [
            sync_numbers_when_due,
            partial(collect_fallback_messages, look_back=look_back),
            fetch_put_off,
            erasing.keep_house,
            *(partial(forget, now=timezone.now()) for forget in FORGET_FILES),
        ]
        for chore in chores:
            if stop.is_set():
                break
            close_old_connections()
            attempt(chore)
        _carry_out_wishes_until(stop, seconds=LOOK_BACK_SECONDS)
        connections.close_all()
        if stop.is_set():
            return


def _carry_out_wishes_until(stop: threading.Event, *, seconds: float) -> None:
    """Somebody waits for these, but they ask the provider too: so they come between the chores."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stop.wait(WISHES_SECONDS):
        close_old_connections()
        attempt(erasing.carry_out_wishes)


TELL_AGAIN_SECONDS = 300.0
_told_at: dict[str, float] = {}
"""When it was told of each chore last that the database keeps it from being done, in seconds."""


def attempt(
    chore: Callable[[], object],
    *,
    told_at: dict[str, float] = _told_at,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Whether there was something to do; what failed is due again in the next round.

    An outage of the database is told of once in TELL_AGAIN_SECONDS, anything else each time.
    """
    function = chore.func if isinstance(chore, partial) else chore
    name = f"{function.__module__}.{getattr(function, '__name__', '')}"
    try:
        found = bool(chore())
    except Exception as error:
        # The outermost loop: a database that is away for a while must not end the work.
        if not isinstance(error, Error) or isinstance(error, OWN_FAULTS):
            logger.exception("work failed", extra={"chore": name})
        elif clock() - told_at.get(name, float("-inf")) >= TELL_AGAIN_SECONDS:
            told_at[name] = clock()
            logger.exception("work failed", extra={"chore": name})
        return False
    told_at.pop(name, None)
    return found


def _look_after_forwarding(*, all_time: bool) -> None:
    """Ring simulated phones, decide tests, renew proofs, and now and then ask about silence."""
    play_waiting_probes()
    now = timezone.now()
    forwarding.settle_checks(now=now)
    forwarding_rhythm.renew_proofs(now=now, all_time=all_time)
    if all_time:
        forwarding_rhythm.ask_about_silence(now=now)
