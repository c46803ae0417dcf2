"""A coarse ear on the line: voices from silence, steady noise, clicks and scraps."""

import random

import pytest

from agent.speech import mulaw, prompts
from agent.speech.mulaw import FRAME_BYTES
from telephony.voice_watch import EVERY_SAMPLE, VoiceWatch

pytestmark = pytest.mark.M6

EVERY_FIFTH = 5 * FRAME_BYTES
SILENCE = bytes([mulaw.SILENCE]) * FRAME_BYTES


def heard(*frames: bytes, watch: VoiceWatch | None = None) -> list[bool]:
    watch = watch or VoiceWatch()
    return [watch.hears_voice(frame) for frame in frames]


def sampled(audio: bytes) -> list[bytes]:
    """One frame each tenth of a second, as the line looks at them."""
    starts = range(0, len(audio) - FRAME_BYTES, EVERY_FIFTH)
    return [audio[start : start + FRAME_BYTES] for start in starts]


def noise(level: int, count: int) -> list[bytes]:
    rng = random.Random(1)
    return [
        mulaw.encode([rng.randrange(-level, level) for _ in range(FRAME_BYTES)])
        for _ in range(count)
    ]


def test_a_sentence_is_heard_for_most_of_its_time():
    voiced = heard(*sampled(prompts.load("greeting_voicemail")))
    assert sum(voiced) > len(voiced) / 2


def test_silence_is_no_voice():
    assert not any(heard(*[SILENCE] * 100))


def test_steady_noise_is_no_voice_once_it_is_known():
    assert not any(heard(*noise(300, 100))[10:])


def test_a_sentence_stands_out_from_steady_noise():
    watch = VoiceWatch()
    heard(*noise(300, 60), watch=watch)
    assert sum(heard(*sampled(prompts.load("greeting_voicemail")), watch=watch)) > 20


def test_a_click_is_no_voice():
    click = mulaw.encode([20_000] * FRAME_BYTES)
    assert not any(heard(*[SILENCE] * 20, click, *[SILENCE] * 20))


def test_the_end_of_a_sentence_is_noticed_within_two_tenths_of_a_second():
    watch = VoiceWatch()
    heard(*sampled(prompts.load("greeting_voicemail")), watch=watch)
    assert not any(heard(*[SILENCE] * 20, watch=watch)[2:])


@pytest.mark.parametrize("samples", [0, 1, EVERY_SAMPLE])
def test_what_is_too_short_to_be_a_voice_is_silent(samples):
    loud = mulaw.encode([20_000] * samples)
    assert not any(heard(*[SILENCE] * 20, *[loud] * 20))
