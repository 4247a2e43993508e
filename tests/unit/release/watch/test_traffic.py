"""Known requests: sent at their rate while they are needed, labelled, and each counted once."""

import io
import itertools
import time
from dataclasses import replace

import pytest

from release.invocation import Request
from release.samples import parse, read, writers
from release.watch.traffic import FASTEST, THROTTLED, Traffic

ONE, TWO = Request(b"1"), Request(b"2", "application/json")


class FakeRuntime:
    """Answers with these outcomes in turn: an error is raised."""

    def __init__(self, *outcomes):
        self.outcomes, self.requests = itertools.cycle(outcomes or (None,)), []

    def invoke_endpoint(self, **request):
        self.requests.append(request)
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        attributes = {"CustomAttributes": outcome} if outcome else {}
        return {"Body": io.BytesIO(b"ok"), "ContentType": "text/csv", **attributes}


def drive(traffic, enough, speed=1.0):
    """Until so many were sent; returns the counts."""
    end = time.monotonic() + 30
    with traffic:
        traffic.drive(True, speed)
        while traffic.counts.sent < enough:
            assert time.monotonic() < end, traffic.counts
            time.sleep(0.005)
        traffic.drive(False)
    return traffic.counts


def model_error(refuse, message, status=500):
    error = refuse("ModelError", status=424)
    error.response |= {"OriginalStatusCode": status, "OriginalMessage": message}
    return error


def test_answered_failed_and_lost_add_up(refuse):
    runtime = FakeRuntime(None, refuse("ModelError"), OSError("no answer"))
    counts = drive(Traffic(runtime, "e", [ONE, TWO], 200), 4)
    assert counts.sent == len(runtime.requests) == counts.answered + counts.failed + counts.lost
    assert abs(counts.answered - counts.failed) <= 1
    assert abs(counts.failed - counts.lost) <= 1
    assert {(each["Body"], each["ContentType"]) for each in runtime.requests} == {(*ONE,), (*TWO,)}


def test_every_request_asks_who_answers_and_is_marked_for_who_reads_captured_data():
    runtime = FakeRuntime()
    drive(Traffic(runtime, "e", [ONE], 200), 2)
    assert {each["InferenceId"] for each in runtime.requests} == {"known-request"}
    assert {(each["CustomAttributes"], each["Accept"]) for each in runtime.requests} == {
        ("identify", "application/json")
    }


@pytest.mark.parametrize(
    ("outcome", "status", "label"),
    [
        ("package=churn/7;request=1", 200, ("churn/7", True)),
        ("package=churn/7;request=12", 200, ("churn/7", False)),
        (None, 200, None),
        ("trace=1", 200, None),
        ({"message": '{"error": "no", "package": "churn/7"}'}, 500, ("churn/7", False)),
        (
            {"message": '{"package": "churn/7", "error": "a long message that was c', "status": 400},
            400,
            ("churn/7", False),
        ),
        ({"message": "<h1>Internal Server Error</h1>"}, 500, None),
        (OSError("no answer"), 504, None),
    ],
)
def test_a_reply_says_who_answered_and_when_nobody_knows(refuse, outcome, status, label):
    traffic = Traffic(
        FakeRuntime(model_error(refuse, **outcome) if isinstance(outcome, dict) else outcome), "e", [ONE], 200
    )
    drive(traffic, 1)
    reply = traffic.take()[0]
    assert (reply.request, reply.status, reply.label) == (ONE, status, label)
    assert reply.body == (b"ok" if status == 200 else b"")
    assert reply.latency_ms >= 0
    assert traffic.take() == []  # each is taken once


def test_no_faster_than_the_rate():
    began = time.monotonic()
    sent = drive(Traffic(FakeRuntime(), "e", [ONE], 20), 6).sent
    assert sent <= 20 * (time.monotonic() - began) + 1


def test_the_rate_is_by_the_clock_of_aws_as_far_as_a_machine_allows():
    def rate(per_second, speed):
        traffic = Traffic(FakeRuntime(), "e", [ONE], per_second)
        traffic.drive(False, speed)
        return round(1 / traffic._interval)

    assert (rate(5, 1), rate(5, 20), rate(5, 200), rate(900, 1), rate(900, 2)) == (5, 100, FASTEST, 900, 900)


def test_a_clock_that_turns_out_to_be_faster_is_followed_at_once():
    traffic = Traffic(FakeRuntime(), "e", [ONE], 0.01)
    with traffic:
        traffic.drive(True)
        time.sleep(0.1)
    assert traffic.counts.sent == 0
    assert drive(Traffic(FakeRuntime(), "e", [ONE], 0.01), 5, speed=10_000).sent >= 5


@pytest.mark.parametrize(("bodies", "rate"), [([], 10), ([ONE], 0)])
def test_without_requests_or_rate_nothing_is_sent(bodies, rate):
    traffic = Traffic(FakeRuntime(), "e", bodies, rate)
    assert not traffic.possible
    with traffic:
        traffic.drive(True)
        time.sleep(0.02)
    assert traffic.counts.sent == 0


def test_nothing_is_sent_before_it_is_needed():
    traffic = Traffic(FakeRuntime(), "e", [ONE], 1000)
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


@pytest.mark.parametrize("code", ["ThrottlingException", "ModelNotReadyException"])
def test_what_no_model_has_seen_is_no_answer_of_one(refuse, code):
    traffic = Traffic(FakeRuntime(refuse(code, status=400)), "e", [ONE], 200)
    assert drive(traffic, 1).failed >= 1
    assert {reply.status for reply in traffic.take()} == {THROTTLED}


def test_one_thread_has_one_request_under_way():
    class Slow(FakeRuntime):
        busy = most = 0

        def invoke_endpoint(self, **request):
            self.busy += 1
            self.most = max(self.most, self.busy)
            time.sleep(0.005)
            self.busy -= 1
            return super().invoke_endpoint(**request)

    one, many = Slow(), Slow()
    drive(Traffic(one, "e", [ONE], 1000, threads=1), 20)
    drive(Traffic(many, "e", [ONE], 1000), 20)
    assert one.most == 1 < many.most
