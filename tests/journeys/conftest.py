"""What every journey needs: the server, a worker beside it, recorded human speech."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from voicemail import processing

ALLISON = Path("/usr/share/asterisk/sounds/en_US_f_Allison")


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker that does what `manage.py work` does, until the test is over."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.1):
                processing.work_once(all_time=False)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def human_speech() -> Path:
    """A person saying some seconds of English, 8 kHz 16-bit PCM."""
    path = ALLISON / "vm-intro.wav"
    if not path.exists():
        pytest.skip("needs asterisk-core-sounds-en-wav")
    return path
