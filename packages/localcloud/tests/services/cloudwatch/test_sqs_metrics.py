"""The queues are moto's; their metrics are reported every minute, so that an alarm can evaluate them."""

from datetime import timedelta

ALARM = {
    "AlarmName": "letters",
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": "letters"}],
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def state(aws):
    return aws("cloudwatch").describe_alarms(AlarmNames=["letters"])["MetricAlarms"][0]["StateValue"]


def test_an_alarm_on_a_queue_with_messages(cloud, aws):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    aws("cloudwatch").put_metric_alarm(**ALARM)
    cloud.clock.advance(600)
    assert state(aws) == "OK"
    sqs.send_message(QueueUrl=url, MessageBody="lost")
    cloud.clock.advance(120)
    assert state(aws) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    cloud.clock.advance(600)
    assert state(aws) == "OK"


def test_messages_in_flight_are_not_visible(cloud, aws):
    sqs, now = aws("sqs"), cloud.clock.now()
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    for body in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    cloud.clock.advance(60)
    values = {
        name: aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=f"ApproximateNumberOfMessages{name}",
            Dimensions=[{"Name": "QueueName", "Value": "letters"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=600,
            Statistics=["Maximum"],
        )["Datapoints"][0]["Maximum"]
        for name in ("Visible", "NotVisible", "Delayed")
    }
    assert values == {"Visible": 2, "NotVisible": 1, "Delayed": 0}
