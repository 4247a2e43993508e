import threading
import time

import pytest

from localcloud.core.clock import Clock


@pytest.fixture
def stepped():
    return Clock(stepped=True)


def test_a_stepped_clock_stands_still_until_it_is_advanced(stepped):
    before = stepped.seconds()
    time.sleep(0.01)
    assert stepped.seconds() == before
    stepped.advance(60)
    assert stepped.seconds() == before + 60


def test_what_is_due_runs_in_order_at_its_own_time(stepped):
    start, seen = stepped.seconds(), []
    for delay in (30, 10, 20):
        stepped.after(delay, lambda: seen.append(round(stepped.seconds() - start, 6)))
    stepped.advance(25)
    assert seen == [10, 20]
    stepped.advance(5)
    assert seen == [10, 20, 30]


def test_what_a_callback_sets_off_runs_in_the_same_step_if_due(stepped):
    seen = []

    def again():
        seen.append(len(seen))
        stepped.after(10, again)

    stepped.after(10, again)
    stepped.advance(35)
    assert seen == [0, 1, 2]


def test_a_cancelled_timer_never_fires(stepped):
    seen = []
    stepped.after(1, lambda: seen.append(1)).cancel()
    stepped.advance(2)
    assert seen == []


def test_one_failing_callback_does_not_stop_the_others(stepped, caplog):
    seen = []
    stepped.after(1, lambda: 1 / 0)
    stepped.after(2, lambda: seen.append("after"))
    stepped.advance(3)
    assert seen == ["after"]
    assert "ZeroDivisionError" in caplog.text


def test_ten_minutes_pass_faster_on_a_fast_clock():
    clock, done = Clock(speed=6000), threading.Event()
    try:
        before = clock.seconds()
        clock.after(600, done.set)
        assert done.wait(30)
        assert clock.seconds() - before >= 600
    finally:
        clock.close()


def test_a_sooner_timer_overtakes_one_that_is_waited_for():
    clock, done = Clock(), threading.Event()
    try:
        clock.after(3600, lambda: None)
        clock.after(0.01, done.set)
        assert done.wait(30)
    finally:
        clock.close()


def test_a_closed_clock_fires_nothing_and_leaves_no_thread():
    before, seen = set(threading.enumerate()), []
    clock = Clock()
    clock.after(0.05, lambda: seen.append(1))
    clock.close()
    seen_in_time = list(seen)  # whoever closes it may be late itself
    time.sleep(0.1)
    assert seen == seen_in_time
    assert not set(threading.enumerate()) - before


def test_only_a_stepped_clock_can_be_advanced():
    clock = Clock()
    try:
        with pytest.raises(ValueError, match="runs in real time"):
            clock.advance(1)
    finally:
        clock.close()
