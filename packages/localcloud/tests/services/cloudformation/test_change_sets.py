"""Change sets: what they show, what they do, and those without changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., dict[str, Any]]
TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.fixture
def propose(cfn: Any) -> Make:
    def create_and_describe(
        template: dict[str, Any], change_set_type: str = "UPDATE", name: str = "c", **options: Any
    ) -> dict[str, Any]:
        change_set = cfn.create_change_set(
            StackName="s",
            ChangeSetName=name,
            ChangeSetType=change_set_type,
            TemplateBody=json.dumps(template),
            **options,
        )
        description: dict[str, Any] = cfn.describe_change_set(ChangeSetName=change_set["Id"])
        return description

    return create_and_describe


def summarize(change_set: dict[str, Any]) -> dict[str, tuple[str, str]]:
    changes = [change["ResourceChange"] for change in change_set["Changes"]]
    return {change["LogicalResourceId"]: (change["Action"], change.get("Replacement", "")) for change in changes}


def test_a_stack_is_created_by_a_change_set(propose: Make, cfn: Any, events: Any) -> None:
    change_set = propose({"Resources": {"A": TOPIC}}, "CREATE", Tags=[{"Key": "k", "Value": "v"}], Description="first")
    assert (change_set["Status"], change_set["ExecutionStatus"], change_set["Description"]) == (
        "CREATE_COMPLETE",
        "AVAILABLE",
        "first",
    )
    assert summarize(change_set) == {"A": ("Add", "")}
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert cfn.list_change_sets(StackName="s")["Summaries"][0]["ChangeSetName"] == "c"
    with pytest.raises(ClientError, match=r"ChangeSet \[c\] already exists"):
        propose({"Resources": {"A": TOPIC}}, "CREATE")
    cfn.execute_change_set(ChangeSetName="c", StackName="s")
    stack = cfn.describe_stacks(StackName="s")["Stacks"][0]
    assert (stack["StackStatus"], stack["Tags"]) == ("CREATE_COMPLETE", [{"Key": "k", "Value": "v"}])
    assert events()[0] == ("s", "REVIEW_IN_PROGRESS")
    assert cfn.describe_change_set(ChangeSetName="c", StackName="s")["ExecutionStatus"] == "EXECUTE_COMPLETE"
    cfn.delete_change_set(ChangeSetName=change_set["ChangeSetId"])  # which its execution deleted
    assert (stack["ChangeSetId"], cfn.list_change_sets(StackName="s")["Summaries"]) == (change_set["ChangeSetId"], [])
    with pytest.raises(ClientError) as refused:
        cfn.execute_change_set(ChangeSetName="c", StackName="s")
    assert refused.value.response["Error"]["Code"] == "InvalidChangeSetStatus"
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        propose({"Resources": {"A": TOPIC}}, "CREATE")


def test_the_changes_of_an_update(create: Make, propose: Make, cfn: Any, cloud: Any) -> None:
    template = {
        "Parameters": {"Display": {"Type": "String", "Default": "one"}},
        "Resources": {
            "Same": TOPIC,
            "Changed": {**TOPIC, "Properties": {"DisplayName": {"Ref": "Display"}}},
            "Replaced": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "a"}},
            "Follows": {**TOPIC, "Properties": {"TopicName": {"Fn::GetAtt": ["Replaced", "QueueName"]}}},
            "Follows2": {**TOPIC, "Properties": {"DisplayName": {"Fn::GetAtt": ["Replaced", "QueueName"]}}},
            "Policy": TOPIC,
            "Gone": TOPIC,
        },
    }
    create(template)
    resources: Any = template["Resources"]
    resources["Replaced"]["Properties"] = {"QueueName": "b"}
    resources["Policy"] = {**TOPIC, "DeletionPolicy": "Retain"}
    resources["Added"] = resources.pop("Gone")
    change_set = propose(template, Parameters=[{"ParameterKey": "Display", "ParameterValue": "two"}])
    assert summarize(change_set) == {
        "Changed": ("Modify", "False"),
        "Replaced": ("Modify", "True"),
        "Follows": ("Modify", "Conditional"),
        "Follows2": ("Modify", "False"),
        "Policy": ("Modify", "False"),
        "Added": ("Add", ""),
        "Gone": ("Remove", ""),
    }
    changes = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in change_set["Changes"]}
    assert changes["Changed"]["Details"][0]["ChangeSource"] == "ParameterReference"
    assert changes["Replaced"]["Details"][0]["Target"]["RequiresRecreation"] == "Always"
    assert changes["Follows"]["Details"][0]["Evaluation"] == "Dynamic"
    assert changes["Policy"]["Scope"] == ["DeletionPolicy"]
    assert len(cloud.client("sqs").list_queues()["QueueUrls"]) == 1  # nothing is deployed
    cfn.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"
    assert cloud.client("sqs").list_queues()["QueueUrls"][0].endswith("/b")


def test_change_sets_are_obsolete_after_another_update(create: Make, update: Make, propose: Make, cfn: Any) -> None:
    """The changes were computed for the stack as it was: they cannot be executed later."""
    create({"Resources": {"A": TOPIC}})
    propose({"Resources": {"A": TOPIC, "B": TOPIC}})
    other = propose({"Resources": {"A": TOPIC, "C": TOPIC}}, name="d")
    assert "ChangeSetId" not in update({"Resources": {"A": TOPIC, "D": TOPIC}})
    states = {each["ExecutionStatus"] for each in cfn.list_change_sets(StackName="s")["Summaries"]}
    assert states == {"OBSOLETE"}
    with pytest.raises(ClientError, match=r"\[OBSOLETE\] execution status") as refused:
        cfn.execute_change_set(ChangeSetName=other["ChangeSetId"])
    assert refused.value.response["Error"]["Code"] == "InvalidChangeSetStatus"


def test_a_failed_execution_is_shown_and_deletes_the_others(create: Make, propose: Make, cfn: Any) -> None:
    create({"Resources": {"A": TOPIC}})
    other = propose({"Resources": {"A": TOPIC, "B": TOPIC}}, name="d")
    bad = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": -1}}
    change_set = propose({"Resources": {"A": TOPIC, "B": bad}})
    cfn.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert cfn.describe_change_set(ChangeSetName=change_set["ChangeSetId"])["ExecutionStatus"] == "EXECUTE_FAILED"
    with pytest.raises(ClientError, match="does not exist"):
        cfn.describe_change_set(ChangeSetName=other["ChangeSetId"])
    assert propose({"Resources": {"A": TOPIC, "B": TOPIC}})["ExecutionStatus"] == "AVAILABLE"  # the name is free


def test_a_change_set_without_changes_fails(create: Make, propose: Make, cfn: Any) -> None:
    create({"Resources": {"A": TOPIC}})
    change_set = propose({"Resources": {"A": TOPIC}, "Description": "other text"})
    assert (change_set["Status"], change_set["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert change_set["StatusReason"].startswith("The submitted information didn't contain changes.")
    with pytest.raises(ClientError, match=r"cannot be executed in its current \[FAILED\]"):
        cfn.execute_change_set(ChangeSetName="c", StackName="s")
    cfn.delete_change_set(ChangeSetName="c", StackName="s")
    assert cfn.list_change_sets(StackName="s")["Summaries"] == []
    assert propose({"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": "new"}}})["Status"] == "CREATE_COMPLETE"


def test_refused(create: Make, propose: Make, cfn: Any) -> None:
    with pytest.raises(ClientError, match=r"Stack \[s\] does not exist"):
        propose({"Resources": {"A": TOPIC}})
    with pytest.raises(ClientError, match="import of resources is not implemented"):
        propose({"Resources": {"A": TOPIC}}, "IMPORT")
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    with pytest.raises(ClientError, match="CAPABILITY_IAM"):
        propose({"Resources": {"A": role}}, "CREATE")
    with pytest.raises(ClientError, match="does not exist"):
        cfn.describe_stacks(StackName="s")  # no stack remains in review
    with pytest.raises(ClientError) as refused:
        cfn.describe_change_set(ChangeSetName="arn:aws:cloudformation:eu-west-1:000000000000:changeSet/x/y")
    assert refused.value.response["Error"]["Code"] == "ChangeSetNotFound"


def test_on_stack_failure_of_a_change_set(propose: Make, cfn: Any) -> None:
    bad = {"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": -1}}}}
    change_set = propose(bad, "CREATE", OnStackFailure="DELETE")
    cfn.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    assert cfn.describe_stacks(StackName=change_set["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_stack_in_review_is_deleted_completely(propose: Make, cfn: Any) -> None:
    propose({"Resources": {"A": TOPIC}}, "CREATE")
    cfn.delete_stack(StackName="s")
    assert cfn.list_stacks()["StackSummaries"] == []
