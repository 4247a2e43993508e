"""The queue of jobs: as many run as there are slots, the others wait in order."""

import threading
import time

import pytest

from localcloud.runtime.jobs.queue import Queue

SECONDS = 30


class Work:
    def __init__(self):
        self.started, self.finish = threading.Event(), threading.Event()

    def __call__(self):
        self.started.set()
        self.finish.wait(SECONDS)


@pytest.fixture
def works():
    works = [Work() for _ in range(4)]
    yield works
    for work in works:
        work.finish.set()


def test_other_jobs_wait_in_order(works):
    queue, (first, second, third, fourth) = Queue(2), works
    assert [queue.put(str(number), 1, work)[1] for number, work in enumerate(works)] == [True, True, False, False]
    assert first.started.wait(SECONDS)
    assert second.started.wait(SECONDS)
    assert not third.started.is_set()
    first.finish.set()
    assert third.started.wait(SECONDS)
    assert not fourth.started.is_set()
    queue.close(0)


def test_no_job_overtakes_one_that_needs_several_slots(works):
    queue, (first, large, small, _) = Queue(2), works
    queue.put("first", 1, first)
    ticket, _ = queue.put("large", 2, large)
    assert queue.put("small", 1, small)[1] is False
    assert queue.cancel(ticket)
    assert small.started.wait(SECONDS)
    assert not large.started.is_set()


def test_a_job_larger_than_the_machine_runs_alone(works):
    queue, (large, small, *_) = Queue(2), works
    assert queue.put("large", 16, large)[1] is True
    assert queue.put("small", 1, small)[1] is False


def test_a_running_job_cannot_be_cancelled(works):
    queue, (first, *_) = Queue(1), works
    ticket, _ = queue.put("first", 1, first)
    assert queue.cancel(ticket) is False


def test_after_close_no_job_begins_and_no_thread_is_left(works):
    before = set(threading.enumerate())
    queue, (first, second, *_) = Queue(1), works
    queue.put("first", 1, first)
    queue.put("second", 1, second)
    closing = threading.Thread(target=queue.close, args=(SECONDS,))
    closing.start()
    wait_until(lambda: not queue._waiting)
    first.finish.set()
    closing.join(SECONDS)
    assert not second.started.is_set()
    assert not set(threading.enumerate()) - before


def wait_until(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.005)
