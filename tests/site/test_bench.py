"""The bench measures what it says: figures from known stamps, and a few calls end to end."""

import asyncio
import os
from dataclasses import replace

import pytest

from bench import websocket
from bench.figures import Figures, median_figures, ratios, side_by_side, table
from bench.level import Load
from bench.processes import running
from bench.search import Search
from bench.stamps import FRAME_BYTES, Delays, Track, read_stamp, stamped

FIGURES = Figures(
    candidate="aloha_uvicorn",
    calls_per_core=300,
    cpu_ms_per_call_minute=200.0,
    rss_per_call_kib=40.0,
    half_calls=150,
    up_p99_ms=0.5,
    down_p99_ms=None,
    barge_in_p99_ms=0.4,
    lost=0,
    reordered=0,
)


def test_a_stamp_is_read_from_twenty_milliseconds_of_base64():
    payload = stamped(7, 1_000, 123_456_789)
    assert len(payload) == -(-FRAME_BYTES // 3) * 4
    assert read_stamp(payload) == (7, 1_000, 123_456_789)


def test_the_percentile_is_the_delay_that_so_many_did_not_exceed():
    delays = Delays()
    for milliseconds in range(1, 101):
        delays.add(milliseconds * 1_000_000 - 1)
    assert delays.percentile_ms(50) == 50.0
    assert delays.percentile_ms(99) == 99.0
    assert delays.percentile_ms(100) == 100.0


def test_nothing_measured_has_no_percentile():
    assert Delays().percentile_ms(99) is None


def test_a_delay_beyond_all_steps_counts_as_the_longest():
    delays = Delays()
    delays.add(5_000_000_000)
    assert delays.percentile_ms(99) > 1_000


@pytest.mark.parametrize(
    ("sequences", "lost", "reordered"),
    [
        pytest.param([0, 1, 2, 3], 0, 0, id="all there"),
        pytest.param([0, 1, 3], 1, 0, id="one missing"),
        pytest.param([0, 2, 1, 3], 0, 1, id="two swapped"),
        pytest.param([0, 1, 2], 1, 0, id="the last one missing"),
    ],
)
def test_lost_and_reordered_frames_are_counted(sequences, lost, reordered):
    track = Track()
    track.sent = 4
    for sequence in sequences:
        track.take(sequence)
    assert (track.lost, track.reordered) == (lost, reordered)


@pytest.mark.parametrize("size", [0, 5, 125, 126, 300, 60_000])
def test_frames_of_any_size_come_out_as_they_went_in(size):
    payload = bytes(index % 251 for index in range(size))
    data = websocket.client_frame(payload) + websocket.server_frame(payload, websocket.PING)
    frames, rest = websocket.split_frames(data + b"\x81")
    assert frames == [(websocket.TEXT, payload), (websocket.PING, payload)]
    assert rest == b"\x81"


def test_a_frame_in_two_pieces_waits_for_the_second():
    data = websocket.client_frame(b"x" * 200)
    assert websocket.split_frames(data[:150]) == ([], data[:150])


def test_masked_payloads_are_unmasked():
    assert websocket.unmask(
        bytes([1 ^ 9, 2 ^ 8, 3 ^ 7, 4 ^ 6, 5 ^ 9]), bytes([9, 8, 7, 6])
    ) == bytes([1, 2, 3, 4, 5])


@pytest.mark.parametrize("limit", [3, 60, 340, 700])
def test_the_search_ends_near_the_limit(limit):
    search = Search(100, precision=1.06, most_levels=20)
    while (calls := search.next_level()) is not None:
        search.took(calls, holds=calls <= limit)
    assert search.holds <= limit < search.fails
    assert search.fails <= search.holds * 1.06 or search.fails - search.holds == 1


def test_a_level_that_fails_once_is_tried_again():
    search = Search(100, precision=1.06, most_levels=5)
    search.took(search.next_level(), holds=False)
    assert search.next_level() == 100
    search.took(100, holds=True)
    assert search.holds == 100


@pytest.mark.P1
@pytest.mark.P2
def test_ratios_set_ours_beside_the_others():
    other = replace(FIGURES, candidate="fastapi", calls_per_core=100, cpu_ms_per_call_minute=500.0)
    found = ratios({"aloha_uvicorn": FIGURES, "fastapi": other})
    assert found == {"calls_per_core_to_fastapi": 3.0, "cpu_to_fastapi": 0.4}


def test_repetitions_give_their_median_and_all_losses():
    worse = replace(FIGURES, calls_per_core=200, up_p99_ms=1.5, lost=2)
    figures = median_figures([FIGURES, worse])
    assert (figures.calls_per_core, figures.up_p99_ms, figures.lost) == (250, 1.0, 2)
    assert figures.down_p99_ms is None


def test_the_table_says_what_was_not_measured():
    assert "| 300 | 200 | 0.50 / - | 0.40 | 40 | 0, 0 |" in table({"aloha_uvicorn": FIGURES})


@pytest.mark.P3
@pytest.mark.check
def test_a_few_calls_pass_through_ours_and_through_a_plain_consumer(tmp_path):
    async def measure():
        async with Load() as load:
            with running(
                ["aloha_uvicorn", "plain_uvicorn"],
                tmp_path,
                realtime_port=load.realtime_port,
                database_url="",
                core=min(os.sched_getaffinity(0)),
                priority=False,
            ) as candidates:
                return [await load.run(each, 3, seconds=1, drain_seconds=20) for each in candidates]

    for level in asyncio.run(measure()):
        assert level.opened == 3
        assert level.frames > 3 * 50
        assert (level.lost, level.reordered, level.broken) == (0, 0, 0)
        assert level.up_p99_ms > 0 < level.down_p99_ms
        assert level.rss_kib > 0 < level.generator_percent


def test_processor_time_at_one_level_is_compared_by_its_middle():
    lines = side_by_side({"aloha_uvicorn": [240.0, 300.0, 900.0], "fastapi": [600.0]})
    assert lines.splitlines()[1].endswith("the first takes 0.50 of it")
