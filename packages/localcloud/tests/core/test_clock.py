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


def test_timers_fire_in_order_at_their_own_time(stepped):
    start, fired = stepped.seconds(), []
    for delay in (30, 10, 20):
        stepped.after(delay, lambda: fired.append(round(stepped.seconds() - start, 6)))
    stepped.advance(25)
    assert fired == [10, 20]
    stepped.advance(5)
    assert fired == [10, 20, 30]


def test_a_timer_set_by_a_callback_fires_in_the_same_step_if_due(stepped):
    fired = []

    def again():
        fired.append(len(fired))
        stepped.after(10, again)

    stepped.after(10, again)
    stepped.advance(35)
    assert fired == [0, 1, 2]


def test_a_cancelled_timer_never_fires(stepped):
    fired = []
    stepped.after(1, lambda: fired.append(1)).cancel()
    stepped.advance(2)
    assert fired == []


def test_one_failing_callback_does_not_stop_the_others(stepped, caplog):
    fired = []
    stepped.after(1, lambda: 1 / 0)
    stepped.after(2, lambda: fired.append("after"))
    stepped.advance(3)
    assert fired == ["after"]
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


def test_an_earlier_timer_fires_before_one_that_was_set_first():
    clock, done = Clock(), threading.Event()
    try:
        clock.after(3600, lambda: None)
        clock.after(0.01, done.set)
        assert done.wait(30)
    finally:
        clock.close()


def test_a_closed_clock_fires_nothing_and_leaves_no_thread():
    before, fired = set(threading.enumerate()), []
    clock = Clock()
    clock.after(0.05, lambda: fired.append(1))
    clock.close()
    fired_in_time = list(fired)  # the closing thread may be late itself
    time.sleep(0.1)
    assert fired == fired_in_time
    assert not set(threading.enumerate()) - before


def test_only_a_stepped_clock_can_be_advanced():
    clock = Clock()
    try:
        with pytest.raises(ValueError, match="runs in real time"):
            clock.advance(1)
    finally:
        clock.close()
