"""Creating, updating and deleting stacks, and what happens when that fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.service import CloudFormation

Make = Callable[..., dict[str, Any]]


def topic(**attributes: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", **attributes}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


BAD = queue(VisibilityTimeout=-1)
CHAIN = {
    "Resources": {
        "Third": topic(Properties={"DisplayName": {"Fn::GetAtt": ["Second", "QueueName"]}}),
        "Second": queue(QueueName={"Fn::Sub": "${First.TopicName}-q"}),
        "First": topic(Properties={"TopicName": "first"}),
    },
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Second", "QueueName"]}, "Description": "d"}},
}


def topics(cloud: Cloud) -> list[str]:
    return [each["TopicArn"].rpartition(":")[2] for each in cloud.client("sns").list_topics()["Topics"]]


def test_created_in_order_and_deleted_in_reverse(create: Make, events: Any, cfn: Any, cloud: Cloud) -> None:
    options = {"Tags": [{"Key": "team", "Value": "a"}], "ClientRequestToken": "once"}
    stack = create(CHAIN, options=options)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert create(CHAIN, options=options)["StackId"] == stack["StackId"]
    assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": "first-q", "Description": "d"}]
    done = [name for name, status in events() if status == "CREATE_COMPLETE"]
    assert done == ["First", "Second", "Third", "s"]
    assert events()[0] == ("s", "CREATE_IN_PROGRESS")
    arn = cloud.arn("sns", "first")
    assert cloud.client("sns").list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    with pytest.raises(ClientError, match=r"Stack \[s\] already exists") as refused:
        create(CHAIN)
    assert refused.value.response["Error"]["Code"] == "AlreadyExistsException"
    cfn.delete_stack(StackName="s")
    done = [name for name, status in events(stack["StackId"]) if status == "DELETE_COMPLETE"]
    assert done == ["Third", "Second", "First", "s"]
    assert topics(cloud) == []
    with pytest.raises(ClientError, match="Stack with id s does not exist"):
        cfn.describe_stacks(StackName="s")
    assert [each["StackStatus"] for each in cfn.list_stacks()["StackSummaries"]] == ["DELETE_COMPLETE"]
    cfn.delete_stack(StackName="s")


def test_a_failed_creation_is_rolled_back(create: Make, events: Any, cfn: Any, cloud: Cloud) -> None:
    template = {"Resources": {"Good": topic(), "Kept": topic(DeletionPolicy="Retain"), "Bad": BAD, "Never": topic()}}
    template["Resources"]["Passing"] = topic(DeletionPolicy="RetainExceptOnCreate")
    template["Resources"]["Bad"]["DependsOn"] = ["Good", "Kept", "Passing"]
    template["Resources"]["Never"]["DependsOn"] = "Bad"
    stack = create(template)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    recorded = events()
    assert ("Bad", "CREATE_FAILED") in recorded
    assert ("Good", "DELETE_COMPLETE") in recorded and ("Passing", "DELETE_COMPLETE") in recorded
    assert ("Kept", "DELETE_SKIPPED") in recorded and not any(name == "Never" for name, _ in recorded)
    assert recorded.index(("s", "ROLLBACK_IN_PROGRESS")) < recorded.index(("Good", "DELETE_IN_PROGRESS"))
    reasons = [each.get("ResourceStatusReason", "") for each in cfn.describe_stack_events(StackName="s")["StackEvents"]]
    assert "The following resource(s) failed to create: [Bad]. Rollback requested by user." in reasons
    assert len(topics(cloud)) == 1
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        cfn.update_stack(StackName="s", UsePreviousTemplate=True)
    cfn.delete_stack(StackName="s")


@pytest.mark.parametrize(
    ("options", "status", "remaining"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1),
        ({"DisableRollback": True}, "CREATE_FAILED", 1),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", 0),
        ({"RetainExceptOnCreate": True}, "ROLLBACK_COMPLETE", 0),
    ],
)
def test_on_failure(cfn: Any, cloud: Cloud, options: Any, status: str, remaining: int) -> None:
    template = {"Resources": {"Good": topic(DeletionPolicy="Retain"), "Bad": {**BAD, "DependsOn": "Good"}}}
    if status == "DELETE_COMPLETE":
        template["Resources"]["Good"] = topic()
    stack_id = cfn.create_stack(StackName="s", TemplateBody=json.dumps(template), **options)["StackId"]
    assert cfn.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == status
    assert len(topics(cloud)) == remaining


def test_a_stack_whose_creation_failed_can_be_updated(create: Make, update: Make, cloud: Cloud) -> None:
    template = {"Resources": {"Good": topic(), "Bad": {**BAD, "DependsOn": "Good"}}}
    assert create(template, options={"OnFailure": "DO_NOTHING"})["StackStatus"] == "CREATE_FAILED"
    template["Resources"]["Bad"] = queue(VisibilityTimeout=3)
    assert update(template)["StackStatus"] == "UPDATE_COMPLETE"
    assert len(topics(cloud)) == 1


def test_resources_are_updated_replaced_added_and_removed(
    create: Make, update: Make, events: Any, physical: Any, cloud: Cloud
) -> None:
    template = {"Resources": {"Q": queue(VisibilityTimeout=3), "R": queue(QueueName="old"), "Gone": topic()}}
    template["Resources"]["User"] = topic(Properties={"DisplayName": {"Fn::GetAtt": ["R", "QueueName"]}})
    create(template)
    q, user = physical("Q"), physical("User")
    template["Resources"]["Q"]["Properties"]["VisibilityTimeout"] = "4"
    template["Resources"]["R"]["Properties"]["QueueName"] = "new"
    del template["Resources"]["Gone"]
    template["Resources"]["Added"] = topic()
    assert update(template)["StackStatus"] == "UPDATE_COMPLETE"
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    assert physical("Q") == q
    attributes = sqs.get_queue_attributes(QueueUrl=q, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "4"}
    assert [url.rpartition("/")[2] for url in sqs.list_queues()["QueueUrls"]] == [q.rpartition("/")[2], "new"]
    assert sns.get_topic_attributes(TopicArn=user)["Attributes"]["DisplayName"] == "new"
    late = events()[events().index(("s", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")) :]
    assert ("R", "DELETE_COMPLETE") in late and ("Gone", "DELETE_COMPLETE") in late
    with pytest.raises(ClientError, match="No updates are to be performed"):
        update(template)


def test_retained_resources_of_an_update(create: Make, update: Make, cloud: Cloud) -> None:
    replaced = {**queue(QueueName="one"), "UpdateReplacePolicy": "Retain"}
    create({"Resources": {"R": replaced, "Gone": topic(DeletionPolicy="Retain")}})
    replaced["Properties"] = {"QueueName": "two"}
    update({"Resources": {"R": replaced}})
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 2
    assert len(topics(cloud)) == 1


def test_a_failed_update_is_rolled_back(
    create: Make, update: Make, events: Any, physical: Any, cfn: Any, cloud: Cloud
) -> None:
    template: dict[str, Any] = {
        "Resources": {"Q": queue(VisibilityTimeout=3), "R": queue(QueueName="old")},
        "Outputs": {"O": {"Value": "before"}},
    }
    create(template)
    q, r = physical("Q"), physical("R")
    template["Resources"] = {"Q": queue(VisibilityTimeout=4), "R": queue(QueueName="new"), "Added": topic()}
    template["Resources"]["Bad"] = {**BAD, "DependsOn": ["Q", "R", "Added"]}
    template["Outputs"]["O"]["Value"] = "after"
    stack = update(template)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"] == "before"
    sqs = cloud.client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=q, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "3"} and physical("R") == r
    assert sorted(sqs.list_queues()["QueueUrls"]) == sorted([q, r]) and topics(cloud) == []
    order = [status for name, status in events() if name == "s"][-5:]
    assert order == [
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    names = [each["LogicalResourceId"] for each in cfn.list_stack_resources(StackName="s")["StackResourceSummaries"]]
    assert sorted(names) == ["Q", "R"]
    del template["Resources"]["Bad"]
    assert update(template)["StackStatus"] == "UPDATE_COMPLETE"


@pytest.mark.parametrize(("skipped", "shown"), [([], ""), (["T"], "d")])
def test_a_failed_rollback_can_be_continued(
    create: Make, update: Make, physical: Any, cfn: Any, cloud: Cloud, skipped: list[str], shown: str
) -> None:
    create({"Resources": {"Q": queue(QueueName="q", VisibilityTimeout=3), "T": topic(), "Last": topic(DependsOn="T")}})
    with pytest.raises(ClientError, match="can not continue its rollback"):
        cfn.continue_update_rollback(StackName="s")
    changed = topic(Properties={"DisplayName": "d"})
    last = topic(DependsOn="T")
    bad = {"Q": queue(QueueName="q", VisibilityTimeout=4), "T": changed, "Last": last}
    cloud.faults.fail("sns.SetTopicAttributes", 2)  # T's update and its rollback
    assert update({"Resources": bad})["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    sns, arn = cloud.client("sns"), physical("T")
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="d")
    cfn.continue_update_rollback(StackName="s", ResourcesToSkip=skipped)
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == shown
    url = f"{cloud.url}/{cloud.account}/q"
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])[
        "Attributes"
    ]
    assert attributes == {"VisibilityTimeout": "3"}


def test_a_failed_update_without_rollback(create: Make, update: Make, cloud: Cloud) -> None:
    template: dict[str, Any] = {"Resources": {"Q": queue(VisibilityTimeout=3)}}
    create(template)
    template["Resources"] = {"Added": topic(), "Q": {**BAD, "DependsOn": "Added"}}
    assert update(template, options={"DisableRollback": True})["StackStatus"] == "UPDATE_FAILED"
    assert len(topics(cloud)) == 1
    template["Resources"]["Q"] = queue(VisibilityTimeout=3)
    assert update(template)["StackStatus"] == "UPDATE_COMPLETE"


def test_a_custom_name_prevents_a_replacement(create: Make, update: Make, cfn: Any) -> None:
    group: dict[str, Any] = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "repo"}}
    template = {"Resources": {"G": group}}
    create(template)
    group["Properties"]["EncryptionConfiguration"] = {"EncryptionType": "KMS"}
    assert update(template)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [each.get("ResourceStatusReason", "") for each in cfn.describe_stack_events(StackName="s")["StackEvents"]]
    assert any("custom-named resource requires replacing. Rename repo and" in reason for reason in reasons)


def test_a_resource_cannot_change_its_type(create: Make, update: Make) -> None:
    create({"Resources": {"A": topic()}})
    with pytest.raises(ClientError, match="modifies resource type of the following resources: \\[A\\]"):
        update({"Resources": {"A": queue()}})


def test_properties_are_checked_by_the_schema(create: Make, cfn: Any) -> None:
    template = {"Resources": {"A": topic(Properties={"TopicNme": "x", "FifoTopic": "perhaps"})}}
    assert create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [
        each for each in cfn.describe_stack_events(StackName="s")["StackEvents"] if each["LogicalResourceId"] == "A"
    ]
    reason = next(each["ResourceStatusReason"] for each in failed if each["ResourceStatus"] == "CREATE_FAILED")
    assert "#: extraneous key [TopicNme] is not permitted" in reason
    assert "#/FifoTopic: expected type: boolean, found: String" in reason


def test_a_bucket_that_is_not_empty_is_not_deleted(create: Make, cfn: Any, events: Any, cloud: Cloud) -> None:
    bucket: dict[str, Any] = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": "full", "VersioningConfiguration": {"Status": "Enabled"}},
    }
    below = topic(Properties={"TopicName": "below"})
    bucket["DependsOn"] = "Below"
    stack = create({"Resources": {"B": bucket, "T": topic(), "Above": topic(DependsOn="B"), "Below": below}})
    s3 = cloud.client("s3")
    s3.put_object(Bucket="full", Key="k", Body=b"x")
    s3.delete_object(Bucket="full", Key="k")  # its versions still exist
    cfn.delete_stack(StackName="s")
    stack = cfn.describe_stacks(StackName="s")["Stacks"][0]
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "DELETE_FAILED",
        "The following resource(s) failed to delete: [B].",
    )
    assert ("B", "DELETE_FAILED") in events() and topics(cloud) == ["below"]  # on which the bucket depends
    cfn.delete_stack(StackName="s", RetainResources=["B"])
    assert cfn.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert s3.head_bucket(Bucket="full")


def test_force_retains_what_cannot_be_deleted(create: Make, cfn: Any, cloud: Cloud) -> None:
    stack = create({"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}}})
    with pytest.raises(ClientError, match="must be in DELETE_FAILED"):
        cfn.delete_stack(StackName="s", DeletionMode="FORCE_DELETE_STACK")
    cloud.client("s3").put_object(Bucket="full", Key="k", Body=b"x")
    cfn.delete_stack(StackName="s")
    cfn.delete_stack(StackName="s", DeletionMode="FORCE_DELETE_STACK")
    assert cfn.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_deletion_retains_resources_and_ignores_missing_ones(create: Make, cfn: Any, events: Any, cloud: Cloud) -> None:
    stack = create({"Resources": {"K": topic(DeletionPolicy="Retain"), "Q": queue(QueueName="q")}})
    cloud.client("sqs").delete_queue(QueueUrl=f"{cloud.url}/{cloud.account}/q")
    cfn.delete_stack(StackName="s")
    recorded = events(stack["StackId"])
    assert (
        ("K", "DELETE_SKIPPED") in recorded
        and ("Q", "DELETE_COMPLETE") in recorded
        and recorded[-1] == ("s", "DELETE_COMPLETE")
    )
    assert len(topics(cloud)) == 1


def test_protection(create: Make, cfn: Any) -> None:
    create({"Resources": {"A": topic()}}, options={"EnableTerminationProtection": True})
    with pytest.raises(ClientError, match="cannot be deleted while TerminationProtection is enabled"):
        cfn.delete_stack(StackName="s")
    cfn.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    cfn.delete_stack(StackName="s")
    assert cfn.describe_stacks()["Stacks"] == []


def test_a_stack_policy_is_stored(create: Make, update: Make, cfn: Any) -> None:
    create({"Resources": {"A": topic()}})
    assert "StackPolicyBody" not in cfn.get_stack_policy(StackName="s")
    cfn.set_stack_policy(StackName="s", StackPolicyBody='{"Statement": []}')
    assert cfn.get_stack_policy(StackName="s")["StackPolicyBody"] == '{"Statement": []}'
    with pytest.raises(ClientError, match="Invalid stack policy"):
        cfn.set_stack_policy(StackName="s", StackPolicyBody="{")
    with pytest.raises(ClientError, match="Invalid stack policy"):
        create({"Resources": {"A": topic()}}, "t", options={"StackPolicyBody": "{"})
    with pytest.raises(ClientError, match="Invalid stack policy"):
        update({"Resources": {"A": queue()}}, options={"StackPolicyBody": "{"})
    stacks = cfn.describe_stacks()["Stacks"]
    assert [(stack["StackName"], stack["StackStatus"]) for stack in stacks] == [("s", "CREATE_COMPLETE")]


@pytest.mark.parametrize(("keys", "message"), [(["aws:x"], "aws: prefixed tag key"), (["a", "a"], "must be unique")])
def test_tags_are_checked(create: Make, cfn: Any, keys: list[str], message: str) -> None:
    tags = [{"Key": key, "Value": "v"} for key in keys]
    with pytest.raises(ClientError, match=message) as refused:
        create({"Resources": {"A": topic()}}, options={"Tags": tags})
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert cfn.describe_stacks()["Stacks"] == []


def test_descriptions(create: Make, cfn: Any, physical: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    create(CHAIN)
    resources = cfn.describe_stack_resources(PhysicalResourceId=physical("First"))["StackResources"]
    assert [each["LogicalResourceId"] for each in resources] == ["First"]
    assert cfn.get_template(StackName="s")["TemplateBody"]["Outputs"] == CHAIN["Outputs"]
    with pytest.raises(ClientError, match="Resource None does not exist for stack s"):
        cfn.describe_stack_resource(StackName="s", LogicalResourceId="None")
    monkeypatch.setattr("localcloud.services.cloudformation.descriptions.PAGE", 2)
    pages = cfn.get_paginator("describe_stack_events").paginate(StackName="s")
    assert len([event for page in pages for event in page["StackEvents"]]) == 11
    with pytest.raises(ClientError, match="regular expression pattern"):
        cfn.create_stack(StackName="1-bad", TemplateBody='{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')


def test_statuses_are_sent_to_eventbridge(create: Make, cloud: Cloud) -> None:
    create({"Resources": {"A": topic()}})
    emitted = [event for event in cloud.events.recent if event["source"] == "aws.cloudformation"]
    assert emitted[-1]["detail"]["status-details"]["status"] == "CREATE_COMPLETE"
    assert {event["detail-type"] for event in emitted} == {
        "CloudFormation Stack Status Change",
        "CloudFormation Resource Status Change",
    }


def test_a_stack_in_progress_says_so(cfn: Any, cloud: Cloud) -> None:
    cloud.service(CloudFormation).stack_operations.response_seconds = 0
    slow = {"Resources": {f"T{number}": topic() for number in range(40)}}
    cfn.create_stack(StackName="s", TemplateBody=json.dumps(slow))
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
    with pytest.raises(ClientError, match="CREATE_IN_PROGRESS state and can not be updated"):
        cfn.update_stack(StackName="s", TemplateBody=json.dumps(slow))
    cloud.reset()
    assert cfn.describe_stacks()["Stacks"] == []


@pytest.mark.parametrize("reset", [True, False])
def test_closing_waits_for_the_resource_in_progress(cfn: Any, cloud: Cloud, monkeypatch: Any, reset: bool) -> None:
    """Otherwise the operation would call a server that no longer exists. It does not go on to the next resource."""
    entered, gate, created = threading.Event(), threading.Event(), []

    def create(context: Any, *_: Any) -> str:
        created.append(context.logical_id)
        entered.set()
        assert gate.wait(20)
        return str(cloud.client("sns").create_topic(Name="late")["TopicArn"])

    monkeypatch.setattr(RESOURCE_TYPES["AWS::SNS::Topic"], "create", create)
    cloud.service(CloudFormation).stack_operations.response_seconds = 0
    cfn.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"T": topic(), "Next": topic()}}))
    assert entered.wait(20)
    if reset:
        cloud.reset()
    closing = threading.Thread(target=cloud.close_services)
    closing.start()
    closing.join(0.3)
    assert closing.is_alive()
    gate.set()
    closing.join(20)
    assert not closing.is_alive()
    assert created == ["T"]
