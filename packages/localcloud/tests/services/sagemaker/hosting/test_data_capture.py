import base64
import json
import re

import pytest

CONFIG = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bucket/captured/",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}
PATH = re.compile(r"captured/churn/AllTraffic/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f]{8}-[0-9a-f-]{27}\.jsonl")


class Captured:
    def __init__(self, hosting):
        self.hosting, self.s3 = hosting, hosting.s3
        self.capture = None

    def start(self, **changes):
        from localcloud.services.sagemaker.hosting.data_capture import DataCapture

        self.capture = DataCapture.from_config(
            self.hosting.cloud, self.hosting.session, CONFIG | changes, "churn", "AllTraffic"
        )
        return self.capture

    def record(self, body=b"1,2", kind="text/csv", response=b"0.5", response_type="text/csv", status=200, **more):
        from localcloud.services.sagemaker.hosting.invocation import Invocation, InvocationResult

        self.capture.record(Invocation(body, kind, **more), InvocationResult(status, response, response_type))

    def objects(self):
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket="bucket", Prefix="captured").get("Contents", [])]

    def records(self):
        bodies = [self.s3.get_object(Bucket="bucket", Key=key)["Body"].read().decode() for key in self.objects()]
        return [json.loads(line) for body in bodies for line in body.splitlines()]


@pytest.fixture
def captured(hosting):
    return Captured(hosting)


@pytest.mark.parametrize("config", [None, CONFIG | {"EnableCapture": False}, CONFIG | {"InitialSamplingPercentage": 0}])
def test_a_config_that_captures_nothing_gives_no_capture(hosting, config):
    from localcloud.services.sagemaker.hosting.data_capture import DataCapture

    assert DataCapture.from_config(hosting.cloud, hosting.session, config, "churn", "AllTraffic") is None


def test_a_fleets_requests_are_captured_in_sagemakers_own_form(hosting, captured):
    fleet = hosting.started(capture=CONFIG, COLOUR="green")
    hosting.route((fleet, 1))
    now = hosting.cloud.clock.now()
    hosting.invoke("1,2", InferenceId="row-1", CustomAttributes="trace=7")
    hosting.cloud.clock.advance(60)
    hosting.until(captured.objects)
    [key] = captured.objects()
    assert PATH.fullmatch(key)
    assert key.startswith(f"captured/churn/AllTraffic/{now:%Y/%m/%d/%H/%M-%S}-")
    [record] = captured.records()
    event = record.pop("eventMetadata")
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("eventId"))
    time = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert event == {"customAttributes": ["trace=7"], "inferenceId": "row-1", "inferenceTime": time}
    request, response = (
        {"observedContentType": content_type, "mode": mode, "data": data, "encoding": "CSV"}
        for content_type, mode, data in (
            ("text/csv", "INPUT", "1,2"),
            ("text/csv; charset=utf-8", "OUTPUT", "green"),
        )
    )
    assert record == {"captureData": {"endpointInput": request, "endpointOutput": response}, "eventVersion": "0"}


def test_it_is_written_every_minute_of_the_clock_and_not_before(captured):
    clock = captured.hosting.cloud.clock
    clock.advance(3600 - clock.seconds() % 3600)  # to a full hour: each hour has its own objects
    captured.start()
    captured.record()
    clock.advance(59)
    captured.record()
    assert captured.objects() == []
    clock.advance(1)
    captured.hosting.until(lambda: len(captured.records()) == 2)
    captured.record()
    clock.advance(60)
    captured.hosting.until(lambda: len(captured.records()) == 3)
    assert len(captured.objects()) == 2


def test_what_is_left_is_written_when_the_fleet_ends(hosting, captured):
    fleet = hosting.started(capture=CONFIG)
    hosting.send(fleet)
    fleet.stop()
    hosting.until(lambda: len(captured.records()) == 1)


def test_what_is_left_is_written_when_the_cloud_closes(hosting, captured):
    fleet = hosting.started(capture=CONFIG)
    hosting.send(fleet)
    hosting.cloud.close_services()
    assert len(captured.records()) == 1


def test_a_reset_discards_what_was_captured(hosting, captured):
    fleet = hosting.started(capture=CONFIG)
    hosting.send(fleet)
    fleets = hosting.cloud.services["sagemaker"].fleets
    fleets.reset()
    hosting.until(lambda: not fleets.fleets)
    assert captured.objects() == []


def test_each_hour_has_its_own_objects(captured):
    captured.start()
    captured.record()
    captured.capture._timer.cancel()
    captured.hosting.cloud.clock.advance(3600)
    captured.record()
    captured.capture.flush()
    hours = {key.rsplit("/", 1)[0] for key in captured.objects()}
    assert len(hours) == 2


@pytest.mark.parametrize("percentage, expected", [(1, 2), (30, 60), (99, 198)])
def test_sampling_is_exact_over_many(captured, percentage, expected):
    captured.start(InitialSamplingPercentage=percentage)
    for _ in range(200):
        captured.record()
    captured.capture.flush()
    assert len(captured.records()) == expected


@pytest.mark.parametrize(
    "modes, parts",
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_capture_options_choose_the_parts(captured, modes, parts):
    captured.start(CaptureOptions=[{"CaptureMode": mode} for mode in modes])
    captured.record()
    captured.capture.flush()
    assert captured.records()[0]["captureData"].keys() == parts


@pytest.mark.parametrize(
    "body, kind, encoding",
    [
        (b"1,2", "text/csv", "CSV"),
        (b"1,2", "text/csv; charset=utf-8", "CSV"),
        (b'{"a": "\xc3\xa9"}', "application/json", "JSON"),
        (b"1,2", "application/x-other", "BASE64"),
        (b"\xff\x00", "text/csv", "BASE64"),
        (b"1,2", "", "BASE64"),
    ],
)
def test_encodings_follow_the_content_type(captured, body, kind, encoding):
    captured.start()
    captured.record(body, kind)
    captured.capture.flush()
    request = captured.records()[0]["captureData"]["endpointInput"]
    assert (request["encoding"], request["observedContentType"]) == (encoding, kind)
    data = request["data"]
    assert (base64.b64decode(data) if encoding == "BASE64" else data.encode()) == body


def test_without_content_types_everything_is_base64(captured):
    captured.start(CaptureContentTypeHeader={})
    captured.record()
    captured.capture.flush()
    assert captured.records()[0]["captureData"]["endpointInput"]["encoding"] == "BASE64"


def test_only_successful_invocations_are_captured(captured):
    captured.start()
    for status in (400, 500, 200):
        captured.record(status=status)
    captured.capture.flush()
    assert len(captured.records()) == 1


def test_many_at_once_are_written_early(captured, monkeypatch):
    from localcloud.services.sagemaker.hosting import data_capture

    monkeypatch.setattr(data_capture, "BUFFER_LIMIT", 10)
    captured.start()
    for _ in range(25):
        captured.record()
    captured.hosting.until(lambda: len(captured.records()) >= 10)
    captured.capture.flush()
    assert len(captured.records()) == 25


def test_a_bucket_that_is_not_there_does_not_harm_a_response(hosting, caplog):
    fleet = hosting.started(capture=CONFIG | {"DestinationS3Uri": "s3://nowhere/captured"})
    hosting.route((fleet, 1))
    assert hosting.invoke()["Body"].read() == b"blue"
    fleet.capture.flush()
    assert "1 captured requests are dropped" in caplog.text
    assert hosting.invoke()["Body"].read() == b"blue"
