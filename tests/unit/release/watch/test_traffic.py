"""Bake traffic: sent only while it is needed, and every request counted once."""

import io
import itertools
import time
from dataclasses import replace

import pytest

from release.samples import parse, read, writers
from release.watch.traffic import Traffic


class FakeRuntime:
    def __init__(self, *outcomes):
        self.outcomes, self.bodies = itertools.cycle(outcomes or (None,)), []

    def invoke_endpoint(self, Body, **_):
        self.bodies.append(Body)
        if outcome := next(self.outcomes):
            raise outcome
        return {"Body": io.BytesIO(b"ok")}


def drive(traffic, enough):
    """Until so many were sent; returns the counts."""
    end = time.monotonic() + 30
    with traffic:
        traffic.drive(True)
        while traffic.counts.sent < enough:
            assert time.monotonic() < end, traffic.counts
            time.sleep(0.005)
        traffic.drive(False)
    return traffic.counts


def test_answered_failed_and_lost_add_up(refuse):
    runtime = FakeRuntime(None, refuse("ModelError"), OSError("no answer"))
    counts = drive(Traffic(runtime, "e", [b"1", b"2"], 200), 4)
    assert counts.sent == len(runtime.bodies) == counts.answered + counts.failed + counts.lost
    assert abs(counts.answered - counts.failed) <= 1
    assert abs(counts.failed - counts.lost) <= 1
    assert set(runtime.bodies) == {b"1", b"2"}


def test_no_faster_than_the_rate():
    began = time.monotonic()
    sent = drive(Traffic(FakeRuntime(), "e", [b"1"], 20), 6).sent
    assert sent <= 20 * (time.monotonic() - began) + 1


@pytest.mark.parametrize(("bodies", "rate"), [([], 10), ([b"1"], 0)])
def test_without_requests_or_rate_nothing_is_sent(bodies, rate):
    traffic = Traffic(FakeRuntime(), "e", bodies, rate)
    assert not traffic.possible
    with traffic:
        traffic.drive(True)
        time.sleep(0.02)
    assert traffic.counts.sent == 0


def test_nothing_is_sent_before_it_is_needed():
    traffic = Traffic(FakeRuntime(), "e", [b"1"], 1000)
    with traffic:
        time.sleep(0.03)
    assert traffic.counts.sent == 0


def test_recorded_rows_as_requests():
    samples = parse('age;plan\n3;"a;b"\n\n4;"line\nbreak"\n', ";")
    assert samples.bodies() == [b'3;"a;b"\n', b'4;"line\nbreak"\n']
    by_type = writers(replace(samples, rows=samples.rows[:1]))
    assert by_type["application/json"]() == b'{"instances": [{"age": "3", "plan": "a;b"}]}'
    assert by_type["application/jsonlines"]() == b'{"age": "3", "plan": "a;b"}\n'
    assert by_type["application/x-parquet"]()[:4] == b"PAR1"
    assert parse("", ",").bodies() == []


def test_a_throttled_s3_costs_no_bake_traffic(context, s3, refuse, monkeypatch):
    s3.objects["sample.csv"] = b"age\n3\n"
    whole, busy = s3.get_object, [refuse("SlowDown", status=503)]

    def get_object(**request):
        if busy:
            raise busy.pop()
        return whole(**request)

    monkeypatch.setattr(s3, "get_object", get_object)
    package = {"CustomerMetadataProperties": {"sample_requests": "s3://bucket/sample.csv"}}
    assert read(context, package).bodies() == [b"3\n"]
    assert (busy, context.lines) == ([], [])
