"""Responses of localcloud's services and moto's, and refusals, with boto3 and with plain HTTP."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from localcloud.core.cloud import Cloud
from localcloud.core.counters import CALLS, DEFECTS, MISSING
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.server.composition import compose
from localcloud.server.listening import listening


class Events(Service):
    name = "events"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.rules: dict[str, dict[str, Any]] = {}
        self.waiting = threading.Event()

    @operation("PutRule")
    def put_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        self.rules[request["Name"]] = {"Arn": self.cloud.arn("events", f"rule/{request['Name']}"), **request}
        return {"RuleArn": self.rules[request["Name"]]["Arn"]}

    @operation("ListRules")
    def list_rules(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(list(self.rules.values()), request, "Rules", limit=2, size_key="Limit")

    @operation("DescribeRule")
    def describe_rule(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["Name"] not in self.rules:
            raise Refusal("ResourceNotFoundException", f"Rule {request['Name']} does not exist.")
        return self.rules[request["Name"]]

    @operation("DeleteRule")
    def delete_rule(self, request: dict[str, Any]) -> None:
        del self.rules[request["Name"]]  # a defect for a rule that is not there

    @operation("TestEventPattern", locked=False)
    def test_event_pattern(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Result": self.waiting.wait(50)}


class CloudWatch(Service):
    name = "cloudwatch"
    validation_code = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.put: list[dict[str, Any]] = []

    @operation("PutMetricData")
    def put_metric_data(self, request: dict[str, Any]) -> None:
        self.put.append(request)


@pytest.fixture
def services() -> list[type[Service]]:
    return [Events, CloudWatch]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def message(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Message"])


def post(url: str, body: bytes, **headers: str) -> tuple[int, httpx.Headers, bytes]:
    """Plain HTTP, signed as boto3 signs; a header that is "" is left out."""
    scope = f"Credential=local/20260101/eu-west-1/{headers.pop('service', 'events')}/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=x"}
    signed |= {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx.post(
        url, content=body, headers={name: value for name, value in signed.items() if value}, timeout=30
    )
    return response.status_code, response.headers, response.content


def test_localclouds_services_respond(aws: Any) -> None:
    events = aws("events")
    arn = events.put_rule(Name="daily", ScheduleExpression="rate(1 day)")["RuleArn"]
    assert arn == "arn:aws:events:eu-west-1:000000000000:rule/daily"
    assert events.describe_rule(Name="daily")["ScheduleExpression"] == "rate(1 day)"


def test_a_token_leads_to_the_next_page(aws: Any) -> None:
    for number in range(5):
        aws("events").put_rule(Name=f"rule-{number}")
    first = aws("events").list_rules()
    second = aws("events").list_rules(NextToken=first["NextToken"])
    names = [rule["Name"] for rule in first["Rules"] + second["Rules"]]
    assert names == [f"rule-{number}" for number in range(4)]


def test_a_service_s_refusal_arrives(aws: Any) -> None:
    with pytest.raises(aws("events").exceptions.ResourceNotFoundException, match="Rule gone does not exist"):
        aws("events").describe_rule(Name="gone")


def test_a_request_is_checked_against_awss_model(cloud: Cloud, aws: Any) -> None:
    with pytest.raises(ClientError) as refused:
        aws("events").put_rule(Name="not/a name", State="MAYBE")
    assert code(refused) == "ValidationException"
    assert message(refused).startswith("2 validation errors detected: ")
    assert "PutRule.State" in message(refused)
    assert not cloud.service(Events).rules


def test_one_error_is_singular_and_has_the_service_s_own_code(aws: Any) -> None:
    with pytest.raises(ClientError) as refused:
        aws("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m" * 256}])
    assert code(refused) == "ValidationError"
    assert message(refused).startswith("1 validation error detected: PutMetricData.MetricData[0].MetricName: 256")


def test_an_operation_that_is_not_implemented_is_refused_and_counted(cloud: Cloud, aws: Any) -> None:
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            aws("events").list_archives()
        assert code(refused) == "NotImplementedByLocalcloud"
    assert message(refused) == "events.ListArchives is not implemented by localcloud."
    assert cloud.counters[f"{MISSING}: events.ListArchives"] == 2


def test_an_operation_that_aws_does_not_have_is_unknown(cloud: Cloud) -> None:
    status, headers, body = post(cloud.url, b"{}", X_Amz_Target="AWSEvents.MakeCoffee")
    assert status == 400
    assert json.loads(body)["__type"] == headers["X-Amzn-Errortype"] == "UnknownOperationException"


NO_TIME = b'{"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": %s}]}'


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"[]", NO_TIME % b"1e30", NO_TIME % b'"soon"'], ids=len)
def test_an_unreadable_body_is_not_a_defect(cloud: Cloud, body: bytes) -> None:
    target = "GraniteServiceVersion20100801.PutMetricData"
    status, _, response = post(cloud.url, body, X_Amz_Target=target, service="monitoring")
    assert (status, json.loads(response)["__type"]) == (400, "SerializationException")
    assert (cloud.service(CloudWatch).put, cloud.counters[DEFECTS]) == ([], 0)


@pytest.mark.parametrize("path", ["/", "/service/GraniteServiceVersion20100801/operation/PutMetricData"])
def test_a_request_without_an_operation_is_refused(cloud: Cloud, path: str) -> None:
    status, _, body = post(cloud.url + path, b"\xa0", service="monitoring", Content_Type="application/cbor")
    assert (status, json.loads(body)["__type"]) == (400, "NotImplementedByLocalcloud")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "bucket.localhost:80", "STS.eu-west-1.amazonaws.com", ""])
def test_localcloud_s_host_names_and_aws_s_are_accepted(cloud: Cloud, host: str) -> None:
    status, _, _ = post(cloud.url, b'{"Name": "x"}', X_Amz_Target="AWSEvents.PutRule", Host=host)
    assert (status, list(cloud.service(Events).rules)) == (200, ["x"])


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "amazonaws.com.example.com", "localhost:x"])
@pytest.mark.parametrize("path", ["", "/_localcloud/reset"])
def test_a_page_whose_host_resolves_to_this_machine_is_refused(cloud: Cloud, host: str, path: str) -> None:
    """DNS rebinding: to a browser such a page and localcloud have the same origin."""
    cloud.service(Events).rules["kept"] = {}
    target, kind = "AWSEvents.DeleteRule", "application/json"
    status, _, body = post(cloud.url + path, b'{"Name": "kept"}', X_Amz_Target=target, Content_Type=kind, Host=host)
    assert (status, body.startswith(b"localcloud answers as 127.0.0.1")) == (403, True)
    assert cloud.service(Events).rules == {"kept": {}}


def test_only_one_region_is_served(cloud: Cloud) -> None:
    import boto3

    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    elsewhere = boto3.client("events", region_name="us-east-1", endpoint_url=cloud.url, **keys)
    with pytest.raises(ClientError, match="This localcloud is region eu-west-1; .* set AWS_REGION=eu-west-1"):
        elsewhere.list_rules()


def test_an_unsigned_request_is_refused(cloud: Cloud) -> None:
    status, _, body = post(cloud.url, b"{}", X_Amz_Target="AWSEvents.ListRules", Authorization="")
    assert (status, json.loads(body)["__type"]) == (400, "MissingAuthenticationTokenException")


def test_a_body_that_is_not_json_is_refused(cloud: Cloud) -> None:
    for body in (b"{", b"[]", gzip.compress(b"{}")):
        status, _, response = post(cloud.url, body, X_Amz_Target="AWSEvents.ListRules")
        assert (status, json.loads(response)["__type"]) == (400, "SerializationException")


def test_every_response_has_its_own_id(cloud: Cloud) -> None:
    ids = {post(cloud.url, b"{}", X_Amz_Target="AWSEvents.ListRules")[1]["X-Amzn-Requestid"] for _ in range(3)}
    assert len(ids) == 3


def test_the_query_protocol_is_supported(cloud: Cloud) -> None:
    form = b"Action=PutMetricData&Namespace=n&MetricData.member.1.MetricName=m&MetricData.member.1.Value=2.5"
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    status, headers, _ = post(cloud.url, form, service="monitoring", Content_Type=kind)
    assert (status, headers["Content-Type"]) == (200, "text/xml")
    assert cloud.service(CloudWatch).put == [{"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 2.5}]}]
    status, _, body = post(cloud.url, b"Action=PutMetricData", service="monitoring", Content_Type=kind)
    assert status == 400
    assert b"<Code>ValidationError</Code>" in body


def test_a_compressed_body_is_decompressed(cloud: Cloud, aws: Any) -> None:
    """botocore compresses a long PutMetricData."""
    data = [{"MetricName": f"metric-{number}", "Value": float(number)} for number in range(500)]
    aws("cloudwatch").put_metric_data(Namespace="n", MetricData=data)
    assert len(cloud.service(CloudWatch).put[0]["MetricData"]) == 500


def test_operations_run_one_at_a_time_unless_they_wait(cloud: Cloud, aws: Any) -> None:
    waiting = [threading.Thread(target=lambda: aws("events").test_event_pattern(EventPattern="{}", Event="{}"))]
    waiting[0].start()
    aws("events").put_rule(Name="meanwhile")  # does not wait for the one that waits
    with cloud.lock:
        held = threading.Thread(target=lambda: aws("events").put_rule(Name="after"))
        held.start()
        held.join(0.3)
        assert held.is_alive()
        assert "after" not in cloud.service(Events).rules
    held.join(30)
    assert "after" in cloud.service(Events).rules
    cloud.service(Events).waiting.set()
    waiting[0].join(30)


def test_many_waiting_calls_block_no_others(cloud: Cloud, aws: Any) -> None:
    client = aws("events")
    threads = [
        threading.Thread(target=lambda: client.test_event_pattern(EventPattern="{}", Event="{}")) for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for number in range(5):
        client.put_rule(Name=f"rule-{number}")
    assert all(thread.is_alive() for thread in threads)
    cloud.service(Events).waiting.set()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_a_defect_is_a_500_that_is_counted_and_logged(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    with listening(compose(tmp_path, services=[Events])) as cloud:
        with pytest.raises(ClientError) as failed:
            cloud.client("events").delete_rule(Name="gone")
        assert code(failed) == "InternalFailure"
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert cloud.counters[DEFECTS] == 1
    assert "KeyError: 'gone'" in caplog.text


def test_a_defect_of_moto_is_counted(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.sqs.models import SQSBackend

    monkeypatch.setattr(SQSBackend, "list_queues", lambda *_: 1 / 0)
    with listening(compose(tmp_path, services=[])) as cloud:
        with pytest.raises(ClientError) as failed:
            cloud.client("sqs").list_queues()
        assert code(failed) == "InternalFailure"
        assert cloud.counters[DEFECTS] == 1


def test_motos_own_control_is_not_served(cloud: Cloud, aws: Any) -> None:
    """Moto's reset would reset its own services only, and any web page can post to it."""
    aws("s3").create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert post(f"{cloud.url}/moto-api/reset", b"", service="s3")[0] == 400
    assert httpx.post(f"{cloud.url}/moto-api/reset", timeout=30).status_code == 403
    assert [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]] == ["kept"]


XML, FORM = "application/xml", "application/x-www-form-urlencoded"
FAILING_IN_MOTO = [
    ("POST", "/bucket?delete", b"<x", "s3", XML, "MalformedXML"),
    ("PUT", "/bucket/k?uploadId=1&partNumber=x", b"", "s3", XML, "SerializationException"),
    ("POST", "/", b"Action=Publish", "sns", FORM, "ValidationError"),
]


@pytest.mark.parametrize(("method", "path", "body", "service", "kind", "code_"), FAILING_IN_MOTO)
def test_a_request_that_moto_fails_on_and_aws_refuses_is_refused(
    cloud: Cloud, aws: Any, method: str, path: str, body: bytes, service: str, kind: str, code_: str
) -> None:
    aws("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    scope = f"Credential=local/20260101/eu-west-1/{service}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=x", "Content-Type": kind}
    response = httpx.request(method, cloud.url + path, content=body, headers=headers, timeout=30)
    assert (response.status_code, cloud.counters[DEFECTS]) == (400, 0), response.text
    assert f"<Code>{code_}</Code>" in response.text


MISSING_IN_MOTO = [
    ("codeconnections", "list_connections", {}),
    ("sns", "create_sms_sandbox_phone_number", {"PhoneNumber": "+10000000"}),
    ("lambda", "put_function_recursion_config", {"FunctionName": "f", "RecursiveLoop": "Allow"}),
    ("codedeploy", "list_git_hub_account_token_names", {}),
]


@pytest.mark.parametrize(("service", "method", "request_"), MISSING_IN_MOTO, ids=lambda value: str(value)[:30])
def test_an_operation_that_moto_does_not_implement_is_refused_and_counted(
    cloud: Cloud, aws: Any, service: str, method: str, request_: Any
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws(service), method)(**request_)
    assert code(refused) == "NotImplementedByLocalcloud"
    name = "".join(part.capitalize() for part in method.split("_")).replace("Sms", "SMS")
    assert message(refused) == f"{service}.{name} is not implemented by localcloud."
    assert cloud.counters[f"{MISSING}: {service}.{name}"] == 1


def test_moto_uses_the_account_of_the_cloud(cloud: Cloud, aws: Any) -> None:
    assert aws("sts").get_caller_identity()["Account"] == cloud.account
    url = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert url == f"{cloud.url}/000000000000/q"
    with cloud.moto("sqs") as backend:
        assert list(backend.queues) == ["q"]
    assert cloud.counters[CALLS] == 2


def test_motos_services_are_used_by_one_thread_at_a_time_unless_they_wait(cloud: Cloud, aws: Any) -> None:
    """They are not thread-safe."""
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    got: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: got.append(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)))
    waiting.start()
    with cloud.moto("sqs"):
        held = threading.Thread(target=lambda: sqs.send_message(QueueUrl=queue, MessageBody="hello"))
        held.start()
        held.join(0.3)
        assert held.is_alive()
        assert aws("sns").list_topics()["Topics"] == []
    held.join(30)
    waiting.join(30)
    assert [message["Body"] for message in got[0]["Messages"]] == ["hello"]


def test_a_missing_resource_is_not_a_missing_operation(aws: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for call, request, gone in (
        (s3.head_bucket, {"Bucket": "none"}, "404"),
        (s3.head_object, {"Bucket": "bucket", "Key": "none"}, "404"),
        (s3.get_object, {"Bucket": "bucket", "Key": "none"}, "NoSuchKey"),
        (s3.list_objects_v2, {"Bucket": "none"}, "NoSuchBucket"),
    ):
        with pytest.raises(ClientError) as refused:
            call(**request)
        assert code(refused) == gone


def test_moto_does_not_keep_deleted_objects(aws: Any) -> None:
    from moto.sqs.models import Message

    url = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert not Message.instances_tracked


def test_s3_keeps_keys_and_metadata_as_they_are(aws: Any) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    keys = ["a b/c+d%/ü=&?#", "a//b", "a%2Fb", "/a", "a/./b", "a/"]
    for key in keys:
        s3.put_object(Bucket="bucket", Key=key, Body=key.encode(), Metadata={"my_key": "1", "myKey": "2", "a-b": "3"})
        response = s3.get_object(Bucket="bucket", Key=key)
        assert response["Body"].read() == key.encode()
        assert response["Metadata"] == {"my_key": "1", "mykey": "2", "a-b": "3"}
    assert {item["Key"] for item in s3.list_objects_v2(Bucket="bucket")["Contents"]} == set(keys)


def test_no_other_web_page_may_read_responses(cloud: Cloud) -> None:
    _, headers, _ = post(cloud.url, b"", service="s3", Origin="http://evil.example")
    assert "Access-Control-Allow-Origin" not in headers


def test_the_log_contains_changes_and_refusals(cloud: Cloud, aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "localcloud.calls"):
        aws("events").put_rule(Name="daily")
        aws("events").list_rules()
        with pytest.raises(ClientError):
            aws("events").describe_rule(Name="gone")
    lines = [record.getMessage().rpartition(" ")[0].rpartition(" ")[0] for record in caplog.records]
    assert lines == ["events.PutRule 200", "events.DescribeRule 400"]


def test_an_empty_object_with_expect_100_continue_is_stored(cloud: Any) -> None:
    """botocore sends "Expect: 100-continue" also before an empty body: nothing follows."""
    from botocore.config import Config

    config = Config(read_timeout=30, retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": cloud.region}
    s3 = boto3.client("s3", endpoint_url=cloud.url, config=config, **keys)
    s3.create_bucket(Bucket="empties", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="empties", Key="nothing", Body=b"")
    assert s3.head_object(Bucket="empties", Key="nothing")["ContentLength"] == 0
