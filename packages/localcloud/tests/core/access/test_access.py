"""Calls of roles and services against the policies of an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.policies import ACCOUNT, allow, document

from localcloud.core.access.permissions import MOST_QUESTIONS
from localcloud.core.refusal import Refusal

pytestmark = pytest.mark.roles
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/test"
OBJECT = {"Bucket": "one", "Key": "a/b"}


@pytest.fixture
def services() -> list[str]:
    return []


@pytest.fixture
def denied(cloud: Any) -> Callable[..., str]:
    """The sentence of a denied call."""

    def authorize(principal: Any, service: str, operation: str, request: dict[str, Any]) -> str:
        with pytest.raises(Refusal) as caught:
            cloud.access.authorize(principal, service, operation, request)
        return caught.value.message

    return authorize


@pytest.fixture
def bucket(aws: Any) -> str:
    aws("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return "one"


def test_the_administrator_may_do_everything(cloud: Any) -> None:
    cloud.access.authorize(cloud.credentials.administrator, "s3", "GetObject", OBJECT)


def test_a_role_may_do_what_its_policy_allows_and_nothing_else(cloud: Any, open_session: Any, denied: Any) -> None:
    deploy = open_session("deploy", allow("s3:GetObject", resource="arn:aws:s3:::one/a/*"))
    cloud.access.authorize(deploy, "s3", "GetObject", OBJECT)
    assert denied(deploy, "s3", "GetObject", {"Bucket": "one", "Key": "b"}) == (
        f'User: {SESSION} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::one/b" '
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_a_condition_on_an_objects_tags_is_about_the_version_that_is_read(
    cloud: Any, aws: Any, open_session: Any, denied: Any, bucket: str
) -> None:
    s3, missing = aws("s3"), {"Null": {"s3:ExistingObjectTag/approved": "false"}}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    reader = open_session("deploy", allow("s3:GetObject*", Condition=missing))
    first = {**OBJECT, "VersionId": s3.put_object(**OBJECT, Body=b"1")["VersionId"]}
    for request in (OBJECT, first):
        denied(reader, "s3", "GetObject", request)
    s3.put_object_tagging(**first, Tagging={"TagSet": [{"Key": "approved", "Value": "yes"}]})
    for request in (OBJECT, first):
        cloud.access.authorize(reader, "s3", "GetObject", request)
    s3.put_object(**OBJECT, Body=b"2")  # a new version, without tags
    cloud.access.authorize(reader, "s3", "GetObject", first)
    denied(reader, "s3", "GetObject", OBJECT)


def test_a_boundary_limits_a_role(cloud: Any, aws: Any, open_session: Any, denied: Any) -> None:
    boundary = aws("iam").create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:ListBucket")))
    deploy = open_session("deploy", allow("s3:*"), PermissionsBoundary=boundary["Policy"]["Arn"])
    cloud.access.authorize(deploy, "s3", "ListObjectsV2", {"Bucket": "one"})
    assert denied(deploy, "s3", "GetObject", OBJECT).endswith(
        "because no permissions boundary allows the s3:GetObject action"
    )


def test_a_new_version_of_a_policy_counts_at_once(cloud: Any, aws: Any, open_session: Any, denied: Any) -> None:
    deploy = open_session("deploy", allow("s3:GetObject"))
    cloud.access.authorize(deploy, "s3", "GetObject", OBJECT)
    aws("iam").put_role_policy(RoleName="deploy", PolicyName="own", PolicyDocument=document(allow("s3:PutObject")))
    denied(deploy, "s3", "GetObject", OBJECT)


def test_passing_a_role_needs_a_permission_of_its_own(
    cloud: Any, open_session: Any, create_role: Any, denied: Any
) -> None:
    jobs = create_role("jobs")
    model = {"ModelName": "m", "ExecutionRoleArn": jobs, "PrimaryContainer": {"Image": "i"}}
    deploy = open_session("deploy", allow("sagemaker:CreateModel"))
    assert denied(deploy, "sagemaker", "CreateModel", model) == (
        f"User: {SESSION} is not authorized to perform: iam:PassRole on resource: {jobs} "
        "because no identity-based policy allows the iam:PassRole action"
    )
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    other = open_session(
        "other", allow("sagemaker:CreateModel"), allow("iam:PassRole", resource=jobs, Condition=condition)
    )
    cloud.access.authorize(other, "sagemaker", "CreateModel", model)


def test_an_explicit_deny_of_a_bucket_wins(cloud: Any, aws: Any, open_session: Any, bucket: str, denied: Any) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document(deny))
    deploy = open_session("deploy", allow("s3:*"))
    cloud.access.authorize(deploy, "s3", "PutObject", OBJECT)
    assert denied(deploy, "s3", "GetObject", OBJECT).endswith("with an explicit deny in a resource-based policy")


def test_local_http_counts_as_tls(cloud: Any, aws: Any, open_session: Any, bucket: str) -> None:
    everything = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    statements = [
        {**everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**everything, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document(*statements))
    cloud.access.authorize(open_session("deploy", allow("s3:GetObject")), "s3", "GetObject", OBJECT)


def test_a_service_needs_the_policy_of_the_resource(cloud: Any, aws: Any, denied: Any) -> None:
    topic = aws("sns").create_topic(Name="notices")["TopicArn"]
    alarm = cloud.arn("cloudwatch", "alarm:a")
    cloudwatch = cloud.access.service("cloudwatch.amazonaws.com", alarm)
    publish = {"TopicArn": topic, "Message": "hello"}

    def set_policy(**condition: Any) -> None:
        statement = allow("sns:Publish", resource=topic, Principal={"Service": "cloudwatch.amazonaws.com"}, **condition)
        aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(statement))

    set_policy(Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}})
    denied(cloudwatch, "sns", "Publish", publish)
    set_policy(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": alarm}})
    cloud.access.authorize(cloudwatch, "sns", "Publish", publish)


def test_alarms_reach_a_topic_with_the_policy_that_aws_gives_it_and_rules_do_not(
    cloud: Any, aws: Any, denied: Any
) -> None:
    publish = {"TopicArn": aws("sns").create_topic(Name="notices")["TopicArn"], "Message": "hello"}
    cloud.access.authorize(cloud.access.service("cloudwatch.amazonaws.com", "arn:x"), "sns", "Publish", publish)
    denied(cloud.access.service("events.amazonaws.com", "arn:x"), "sns", "Publish", publish)


def test_rules_send_a_topic_neither_account_nor_arn(cloud: Any, aws: Any, denied: Any) -> None:
    topic = aws("sns").create_topic(Name="notices")["TopicArn"]
    rules = {"Service": "events.amazonaws.com"}
    conditional = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    statement = allow("sns:Publish", resource=topic, Principal=rules, Condition=conditional)
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(statement))
    rule = cloud.access.service("events.amazonaws.com", cloud.arn("events", "rule/r"))
    denied(rule, "sns", "Publish", {"TopicArn": topic, "Message": "hello"})


def test_a_service_assumes_only_roles_that_trust_it_for_this_source(cloud: Any, create_role: Any) -> None:
    rule = cloud.arn("events", "rule/churn-dev-approved")
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": f"{rule[:-8]}*"}}
    arn = create_role("events", trust={"Principal": {"Service": "events.amazonaws.com"}, "Condition": condition})
    session = cloud.access.assume(arn, "rule", service="events.amazonaws.com", source_arn=rule)
    assert session.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/events/rule"
    for service, source in (("scheduler.amazonaws.com", rule), ("events.amazonaws.com", cloud.arn("events", "rule/x"))):
        with pytest.raises(Refusal) as caught:
            cloud.access.assume(arn, "rule", service=service, source_arn=source)
        assert caught.value.message.startswith(
            f"User: {service} is not authorized to perform: sts:AssumeRole on resource: {arn} "
        )


def test_a_role_that_does_not_exist_cannot_be_assumed(cloud: Any) -> None:
    with pytest.raises(Refusal) as caught:
        cloud.access.assume(DEPLOY, "x", service="events.amazonaws.com")
    assert caught.value.code == "AccessDenied"


def test_a_session_policy_limits_a_session(cloud: Any, create_role: Any, denied: Any) -> None:
    arn = create_role("deploy", allow("s3:*"))
    narrow = (document(allow("s3:GetObject")),)
    session = cloud.access.assume_role(cloud.credentials.administrator, arn, "test", session_policies=narrow)
    cloud.access.authorize(session, "s3", "GetObject", OBJECT)
    assert denied(session, "s3", "PutObject", OBJECT).endswith(
        "because no session policy allows the s3:PutObject action"
    )


def test_users_have_their_own_policies_and_those_of_their_groups(cloud: Any, aws: Any, denied: Any) -> None:
    from localcloud.core.access.principal import USER, Principal

    iam = aws("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="own", PolicyDocument=document(allow("s3:GetObject")))
    ann = Principal(USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT)
    denied(ann, "s3", "GetObject", OBJECT)
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    cloud.access.authorize(ann, "s3", "GetObject", OBJECT)


def test_denials_are_kept_and_explained(cloud: Any, open_session: Any, denied: Any) -> None:
    session = open_session("deploy", allow("s3:GetObject", resource="arn:aws:s3:::x/*", Sid="Mine"))
    sentence = denied(session, "s3", "GetObject", OBJECT)
    [denial] = cloud.access.denials
    assert denial.record() == {
        "number": 1,
        "call": "s3.GetObject",
        "principal": SESSION,
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::one/a/b",
        "sentence": sentence,
    }
    [statement] = cloud.access.denials.find().explanation()["statements"]
    assert json.dumps(statement).count("Mine") == 1
    with pytest.raises(ValueError, match="there is no denied call 7; those that are kept: from 1 to 1"):
        cloud.access.denials.find(7)


def test_many_calls_of_one_action_leave_room_for_the_others(cloud: Any, open_session: Any) -> None:
    """What `localcloud unused` prints must not depend on how long a server has run."""
    deploy = open_session("deploy", allow("s3:GetObject"), allow("s3:PutObject"))
    for number in range(MOST_QUESTIONS + 1):
        cloud.access.authorize(deploy, "s3", "GetObject", {"Bucket": "one", "Key": str(number)})
    cloud.access.authorize(deploy, "s3", "PutObject", OBJECT)
    assert [each.needed for each in cloud.access.permissions(deploy.role_arn)] == [True, True]
    assert len(cloud.access.allowed.of_role(deploy.role_arn)) == MOST_QUESTIONS + 1


def test_an_action_with_wildcards_is_needed_and_one_that_another_allows_is_not(cloud: Any, open_session: Any) -> None:
    deploy = open_session("deploy", allow("S3:Get*"), allow("s3:getobject?agging"), allow("s3:PutObject"))
    cloud.access.authorize(deploy, "s3", "GetObject", OBJECT)
    cloud.access.authorize(deploy, "s3", "GetObjectTagging", OBJECT)
    permissions = cloud.access.permissions(deploy.role_arn)
    assert [(each.action, each.needed) for each in permissions] == [
        ("S3:Get*", True),
        ("s3:getobject?agging", False),
        ("s3:PutObject", False),
    ]
