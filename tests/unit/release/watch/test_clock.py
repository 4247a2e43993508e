"""How fast AWS's clock runs."""

from datetime import UTC, datetime, timedelta

import pytest

from release.watch.clock import AwsClock, Deadline

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "real", "speed"),
    [(9, 0.045, 1), (20, 0.1, 200), (12, 11, 1), (15, 11, 1), (600, 600.4, 1), (120, 60, 2)],
)
def test_whole_seconds_of_responses_show_it_after_a_while(seconds, real, speed):
    now = [100.0]
    clock = AwsClock(lambda: now[0])
    assert clock.speed == 1
    clock.observe(START)
    now[0] += real
    clock.observe(START + timedelta(seconds=seconds))
    assert round(clock.speed) == speed


@pytest.mark.parametrize(
    ("seconds", "real", "passed"), [(301, 301, True), (299, 299, False), (9000, 29, False), (9000, 31, True)]
)
def test_a_deadline_leaves_a_machine_beside_a_fast_clock_some_real_seconds(seconds, real, passed):
    now = [100.0]
    deadline = Deadline(300, lambda: now[0])
    assert not deadline.passed(START)
    now[0] += real
    assert deadline.passed(START + timedelta(seconds=seconds)) is passed


def test_a_deadline_of_nothing_passes_at_once():
    assert Deadline(0, iter((100.0, 100.1, 100.2)).__next__).passed(START) is False
    deadline = Deadline(0, iter((100.0, 100.1)).__next__)
    deadline.elapsed(START)
    assert deadline.passed(START + timedelta(seconds=1))
