"""The queue of jobs: as many as there are slots, the others in order."""

import threading
import time

import pytest

from localcloud.runtime.jobs.queue import Queue

SECONDS = 30


class Work:
    def __init__(self):
        self.began, self.go = threading.Event(), threading.Event()

    def __call__(self):
        self.began.set()
        self.go.wait(SECONDS)


@pytest.fixture
def works():
    started = [Work() for _ in range(4)]
    yield started
    for work in started:
        work.go.set()


def test_other_jobs_wait_in_order(works):
    queue, (one, two, three, four) = Queue(2), works
    assert [queue.put(str(number), 1, work)[1] for number, work in enumerate(works)] == [True, True, False, False]
    assert one.began.wait(SECONDS)
    assert two.began.wait(SECONDS)
    assert not three.began.is_set()
    one.go.set()
    assert three.began.wait(SECONDS)
    assert not four.began.is_set()
    queue.close(0)


def test_no_job_overtakes_one_that_needs_several_slots(works):
    queue, (one, large, small, _) = Queue(2), works
    queue.put("one", 1, one)
    ticket, _ = queue.put("large", 2, large)
    assert queue.put("small", 1, small)[1] is False
    assert queue.cancel(ticket)
    assert small.began.wait(SECONDS)
    assert not large.began.is_set()


def test_a_job_larger_than_the_machine_runs_alone(works):
    queue, (large, small, *_) = Queue(2), works
    assert queue.put("large", 16, large)[1] is True
    assert queue.put("small", 1, small)[1] is False


def test_a_running_job_cannot_be_cancelled(works):
    queue, (one, *_) = Queue(1), works
    ticket, _ = queue.put("one", 1, one)
    assert queue.cancel(ticket) is False


def test_after_close_no_job_begins_and_no_thread_is_left(works):
    before = set(threading.enumerate())
    queue, (one, two, *_) = Queue(1), works
    queue.put("one", 1, one)
    queue.put("two", 1, two)
    closing = threading.Thread(target=queue.close, args=(SECONDS,))
    closing.start()
    until(lambda: not queue._waiting)
    one.go.set()
    closing.join(SECONDS)
    assert not two.began.is_set()
    assert not set(threading.enumerate()) - before


def until(true):
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
