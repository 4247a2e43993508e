"""CloudFormation calls the services as its caller, or under the role of the stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.policies import allow

pytestmark = pytest.mark.roles
ROLE = "arn:aws:iam::000000000000:role/stacks"
OPERATOR = "arn:aws:iam::000000000000:role/operator"
QUEUE = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}}
LONGER = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q", "DelaySeconds": 5}}}}
SSM = {
    "Parameters": {"Name": {"Type": "AWS::SSM::Parameter::Value<String>"}},
    "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}},
}


@pytest.fixture
def operator(cloud: Any, access: Any) -> Any:
    """CloudFormation's client of somebody who is not the administrator."""
    from boto3.session import Session

    keys = cloud.credentials.issue(cloud.access.assume(OPERATOR, "ann", service="sts.amazonaws.com"))
    session = Session(keys.access_key, keys.secret_key, keys.token, cloud.region)
    return session.client("cloudformation", endpoint_url=cloud.url)


@pytest.fixture
def called(access: Any) -> Callable[[], list[tuple[str, str]]]:
    """Who called which services, since the last call."""

    def take() -> list[tuple[str, str]]:
        calls = sorted({(who, service) for who, _, service in access.clients})
        access.clients.clear()
        return calls

    return take


def test_resources_are_created_updated_and_deleted_as_the_caller(operator: Any, called: Any) -> None:
    operator.create_stack(StackName="s", TemplateBody=json.dumps(QUEUE))
    assert called() == [(OPERATOR, "sqs")]
    operator.update_stack(StackName="s", TemplateBody=json.dumps(LONGER))
    assert called() == [(OPERATOR, "sqs")]
    operator.delete_stack(StackName="s")
    assert called() == [(OPERATOR, "sqs")]


def test_a_change_set_acts_as_the_caller_who_executes_it(cfn: Any, operator: Any, called: Any) -> None:
    request = {"StackName": "s", "ChangeSetName": "first", "ChangeSetType": "CREATE"}
    cfn.create_change_set(**request, TemplateBody=json.dumps(QUEUE))
    assert called() == []
    operator.execute_change_set(StackName="s", ChangeSetName="first")
    assert called() == [(OPERATOR, "sqs")]


def test_the_role_of_a_stack_is_used_by_all_its_operations(operator: Any, called: Any, access: Any) -> None:
    operator.create_stack(StackName="s", TemplateBody=json.dumps(QUEUE), RoleARN=ROLE)
    operator.update_stack(StackName="s", TemplateBody=json.dumps(LONGER))
    operator.delete_stack(StackName="s")
    assert called() == [(ROLE, "sqs")]
    assert access.sessions[ROLE] == ("cloudformation.amazonaws.com", "")


def test_a_role_that_does_not_trust_cloudformation_is_refused(cfn: Any, refused: Any, access: Any) -> None:
    access.untrusting = {ROLE}
    request = {"StackName": "s", "TemplateBody": json.dumps(QUEUE), "RoleARN": ROLE}
    sentence = refused(cfn.create_stack, "ValidationError", **request)
    assert sentence == f"Role {ROLE} is invalid or cannot be assumed"
    assert cfn.list_stacks()["StackSummaries"] == []


def test_templates_and_parameters_are_read_with_permission(cloud: Any, operator: Any, called: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="bucket", Key="t.json", Body=json.dumps(SSM).encode())
    cloud.client("ssm").put_parameter(Name="/name", Value="q", Type="String")
    parameters = [{"ParameterKey": "Name", "ParameterValue": "/name"}]
    operator.create_stack(
        StackName="s",
        TemplateURL=f"https://bucket.s3.{cloud.region}.amazonaws.com/t.json",
        Parameters=parameters,
        RoleARN=ROLE,
    )
    assert called() == [(OPERATOR, "s3"), (ROLE, "sqs"), (ROLE, "ssm")]


def test_a_denied_call_fails_the_resource_in_aws_s_words(cloud: Any, cfn: Any) -> None:
    denied = "User: arn:x is not authorized to perform: sqs:createqueue on resource: y because no identity-based policy"
    cloud.faults.fail("sqs.CreateQueue", code="AccessDenied", status=403, message=denied)
    cfn.create_stack(StackName="s", TemplateBody=json.dumps(QUEUE))
    events = cfn.describe_stack_events(StackName="s")["StackEvents"]
    (reason,) = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert reason.startswith(f'Resource handler returned message: "{denied}')
    assert "Error Code: AccessDenied" in reason


def test_a_rollback_goes_on_as_the_caller_who_continues_it(cloud: Any, cfn: Any, operator: Any, called: Any) -> None:
    topic: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}
    changed = {**topic, "Properties": {"TopicName": "t", "DisplayName": "d"}}
    cfn.create_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"T": topic}}))
    cloud.faults.fail("sns.SetTopicAttributes", 2)  # the update and its rollback
    cfn.update_stack(StackName="s", TemplateBody=json.dumps({"Resources": {"T": changed}}))
    called()
    operator.continue_update_rollback(StackName="s")
    assert called() == [(OPERATOR, "sns")]
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_the_caller_s_policies_decide_about_each_resource(cloud: Any, cfn: Any, open_session: Any) -> None:
    ann = open_session("ann", allow("cloudformation:CreateStack"), allow("sqs:GetQueueUrl"))
    cloud.client_as(ann, "cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(QUEUE))
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cfn.describe_stack_events(StackName="s")["StackEvents"]
    (reason,) = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert f"User: {ann.arn} is not authorized to perform: sqs:CreateQueue on resource: " in reason
    assert "because no identity-based policy allows the sqs:CreateQueue action" in reason


def test_with_a_role_the_caller_needs_only_to_pass_it(
    cloud: Any, cfn: Any, create_role: Any, open_session: Any, refused: Any
) -> None:
    trust = {"Principal": {"Service": "cloudformation.amazonaws.com"}}
    role = create_role("stacks", allow("sqs:*"), trust=trust)
    request = {"StackName": "s", "TemplateBody": json.dumps(QUEUE), "RoleARN": role}
    bob = cloud.client_as(open_session("bob", allow("cloudformation:CreateStack")), "cloudformation")
    assert "is not authorized to perform: iam:PassRole" in refused(bob.create_stack, "AccessDenied", **request)
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": trust["Principal"]["Service"]}})
    ann = cloud.client_as(open_session("ann", allow("cloudformation:CreateStack"), passing), "cloudformation")
    ann.create_stack(**request)
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
