"""Each kind of target is called as AWS calls it; failures are retried, then sent to the dead-letter queue."""

import json

import pytest

ROLE = "arn:aws:iam::000000000000:role/r"


def test_a_queue_gets_the_default_notification(schedule, queue, step, bodies):
    arn = schedule("s", queue("q"))
    step(1)
    (body,) = bodies("q")
    event = json.loads(body)
    assert (event["source"], event["detail-type"], event["resources"]) == ("aws.scheduler", "Scheduled Event", [arn])


def test_a_fifo_queue_gets_its_group(schedule, queue, step, drain):
    arn = queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    schedule("s", arn, target={"Input": "x", "SqsParameters": {"MessageGroupId": "g"}})
    step(1)
    (message,) = drain("q.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_a_topic(cloud, schedule, queue, step, bodies):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue("q"), Attributes={"RawMessageDelivery": "true"})
    schedule("s", topic, target={"Input": "ring"})
    step(1)
    assert bodies("q") == ["ring"]


def test_an_event_bus(cloud, schedule, queue, step, bodies):
    events = cloud.client("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["shop"], "detail": {"n": [1]}}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queue("q")}])
    parameters = {"EventBridgeParameters": {"Source": "shop", "DetailType": "tick"}, "Input": '{"n": 1}'}
    schedule("s", cloud.arn("events", "event-bus/default"), target=parameters)
    step(1)
    (event,) = bodies("q")
    assert json.loads(event)["detail-type"] == "tick"


def test_a_sagemaker_pipeline_with_parameters(cloud, schedule, step):
    parameters = [{"Name": "Since", "Value": "yesterday"}]
    more = {"SageMakerPipelineParameters": {"PipelineParameterList": parameters}}
    schedule("s", cloud.arn("sagemaker", "pipeline/churn"), target=more)
    step(1)
    (requests,) = cloud.services["sagemaker"].requests
    assert (requests["PipelineName"], requests["PipelineParameters"]) == ("churn", parameters)


def test_a_repeated_attempt_has_the_same_token(cloud, schedule, step):
    cloud.services["sagemaker"].busy = 2
    schedule("s", cloud.arn("sagemaker", "pipeline/churn"))
    for _ in range(3):
        step(3)
    requests = cloud.services["sagemaker"].requests
    assert len(requests) == 3
    assert len({each["ClientRequestToken"] for each in requests}) == 1


def test_codepipeline_and_codebuild(cloud, schedule, step):
    schedule("p", cloud.arn("codepipeline", "churn-build"))
    schedule("b", cloud.arn("codebuild", "project/churn-tests"))
    step(1)
    assert [requests["name"] for requests in cloud.services["codepipeline"].requests] == ["churn-build"]
    assert [requests["projectName"] for requests in cloud.services["codebuild"].requests] == ["churn-tests"]


def test_universal_targets(cloud, schedule, queue, step, bodies):
    queue("q")
    text = json.dumps({"QueueUrl": f"{cloud.url}/{cloud.account}/q", "MessageBody": "<aws.scheduler.attempt-number>"})
    schedule("s", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", target={"Input": text})
    start = json.dumps({"PipelineName": "churn", "PipelineParameters": [{"Name": "a", "Value": "b"}]})
    schedule("p", "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution", target={"Input": start})
    event = json.dumps({"Entries": [{"Source": "shop", "DetailType": "d", "Detail": "{}"}]})
    schedule("e", "arn:aws:scheduler:::aws-sdk:eventbridge:putEvents", target={"Input": event})
    step(1)
    assert bodies("q") == ["1"]
    (requests,) = cloud.services["sagemaker"].requests
    assert requests["PipelineParameters"] == [{"Name": "a", "Value": "b"}]


def test_a_permanent_failure_is_a_dead_letter_immediately(cloud, schedule, queue, step, drain):
    dead = {"DeadLetterConfig": {"Arn": queue("dead")}, "Input": "lost"}
    arn = schedule("s", cloud.arn("sqs", "none"), target=dead)
    step(1)
    (letter,) = drain("dead")
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert letter["Body"] == "lost"
    assert (attributes["SCHEDULE_ARN"], attributes["TARGET_ARN"]) == (arn, cloud.arn("sqs", "none"))
    assert "NonExistentQueue" in attributes["ERROR_CODE"]
    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in attributes
    counted = [
        (datum.name, dict(datum.dimensions)) for datum in cloud.metrics.recent if datum.namespace == "AWS/Scheduler"
    ]
    assert counted == [
        (name, {"ScheduleGroup": "default"})
        for name in (
            "InvocationAttemptCount",
            "TargetErrorCount",
            "InvocationDroppedCount",
            "InvocationsSentToDeadLetterCount",
        )
    ]


def test_the_number_of_retries_is_limited(cloud, schedule, queue, step, drain):
    cloud.services["sagemaker"].busy = 99
    more = {"DeadLetterConfig": {"Arn": queue("dead")}, "RetryPolicy": {"MaximumRetryAttempts": 2}}
    schedule("s", cloud.arn("sagemaker", "pipeline/churn"), "at(2999-01-01T00:00:00)", target=more, State="DISABLED")
    schedule("t", cloud.arn("sagemaker", "pipeline/churn"), "rate(365 days)", target=more)
    for _ in range(4):
        step(10)
    (letter,) = drain("dead")
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("ThrottlingException", "2")
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert len(cloud.services["sagemaker"].requests) == 3


def test_invalid_parameters_of_an_operation_are_a_dead_letter(schedule, queue, step, drain):
    more = {"DeadLetterConfig": {"Arn": queue("dead")}, "Input": '{"Queue": "q"}'}
    schedule("s", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", target=more)
    step(1)
    (letter,) = drain("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"
    assert "QueueUrl" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


@pytest.mark.parametrize(
    ("arn", "members", "code", "message"),
    [
        ("queue", {}, "ValidationException", "not in correct format"),
        ("arn:aws:lambda:eu-west-1:000000000000:function:f", {}, "NotImplementedByLocalcloud", "sqs"),
        ("arn:aws:sqs:us-east-1:000000000000:q", {}, "ValidationException", "somewhere else"),
        ("arn:aws:sqs:eu-west-1:000000000000:q.fifo", {}, "ValidationException", "MessageGroupId"),
        ("arn:aws:events:eu-west-1:000000000000:event-bus/default", {}, "ValidationException", "EventBridgeParameters"),
        ("arn:aws:scheduler:::aws-sdk:nothing:doIt", {}, "ValidationException", "not a universal target"),
        ("arn:aws:scheduler:::aws-sdk:sqs:doIt", {}, "ValidationException", "no operation doIt"),
        ("arn:aws:scheduler:::aws-sdk:sqs:receiveMessage", {}, "ValidationException", "only read"),
        ("arn:aws:scheduler:::aws-sdk:sqs:sendMessage", {"Input": "[]"}, "ValidationException", "JSON object"),
    ],
)
def test_invalid_targets(scheduler, refused, arn, members, code, message):
    target = {"Arn": arn, "RoleArn": ROLE, **members}
    request = {"Name": "s", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    assert message in refused(scheduler.create_schedule, code, Target=target, **request)


def test_after_a_reset_there_is_no_retry(cloud, schedule, step):
    cloud.services["sagemaker"].busy = 99
    schedule("s", cloud.arn("sagemaker", "pipeline/churn"))
    step(0.5)
    attempts = len(cloud.services["sagemaker"].requests)
    assert attempts == 1
    cloud.reset()
    step(3600)
    assert len(cloud.services["sagemaker"].requests) == attempts
