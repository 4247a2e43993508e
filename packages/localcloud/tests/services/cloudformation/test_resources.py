"""Each resource type: created, updated and deleted through its service, and visible there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.resources.resource_type import HandlerError

Make = Callable[..., dict[str, Any]]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "events.amazonaws.com"}}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.fixture
def check_lifecycle(create: Make, update: Make, cfn: Any) -> Callable[..., None]:
    """Create, read, update, read, delete: a resource R from its first and its second template."""

    def check(first: str, second: str, read: Callable[[], Any], expected: list[Any]) -> None:
        for deploy, text, value in ((create, first, expected[0]), (update, second, expected[1])):
            stack = deploy(text)
            events = cfn.describe_stack_events(StackName="s")["StackEvents"]
            failed = [each["ResourceStatusReason"] for each in events if each["ResourceStatus"].endswith("FAILED")]
            assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), failed
            assert read() == value
        stack_id = stack["StackId"]
        cfn.delete_stack(StackName="s")
        stack = cfn.describe_stacks(StackName=stack_id)["Stacks"][0]
        assert stack["StackStatus"] == "DELETE_COMPLETE", stack["StackStatusReason"]

    return check


def single(type_name: str, properties: str) -> str:
    return f"Resources: {{R: {{Type: '{type_name}', Properties: {properties}}}}}"


@pytest.mark.parametrize("name", sorted(RESOURCE_TYPES))
def test_properties_are_those_of_aws(name: str) -> None:
    resource_type = RESOURCE_TYPES[name]
    assert resource_type.properties <= schemas.properties(name)
    assert not resource_type.properties & schemas.read_only(name)
    required = set(schemas.schema(name).get("required", []))
    assert required <= resource_type.properties


def test_bucket(check_lifecycle: Any, cloud: Cloud, create: Make) -> None:
    s3 = cloud.client("s3")
    base = """{BucketName: bucket-a, OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]},
      PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: "true"},
      VersioningConfiguration: {Status: Enabled},
      BucketEncryption: {ServerSideEncryptionConfiguration: [{BucketKeyEnabled: true, ServerSideEncryptionByDefault:
        {SSEAlgorithm: "aws:kms", KMSMasterKeyID: k}}]},
      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}, Tags: [{Key: a, Value: 1}],
      LifecycleConfiguration: {Rules: [{Id: old, Status: Enabled, ExpirationInDays: %s, Prefix: x/,
        NoncurrentVersionExpiration: {NoncurrentDays: 9},
      AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}}]}}"""

    def emits() -> bool:
        """moto's API does not return it."""
        with cloud.moto("s3") as moto:
            return moto.get_bucket("bucket-a").notification_configuration.event_bridge is not None

    def read() -> Any:
        rule = s3.get_bucket_lifecycle_configuration(Bucket="bucket-a")["Rules"][0]
        encryption = s3.get_bucket_encryption(Bucket="bucket-a")["ServerSideEncryptionConfiguration"]["Rules"][0]
        return (
            rule["Expiration"]["Days"],
            rule["Filter"],
            s3.get_bucket_versioning(Bucket="bucket-a")["Status"],
            encryption["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"],
            s3.get_public_access_block(Bucket="bucket-a")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"],
            emits(),
            s3.get_bucket_tagging(Bucket="bucket-a")["TagSet"][0]["Value"],
        )

    rest = ({"Prefix": "x/"}, "Enabled", "k", True, True)
    second = (base % 6).replace("Value: 1", "Value: 2")
    check_lifecycle(
        single("AWS::S3::Bucket", base % 5), single("AWS::S3::Bucket", second), read, [(5, *rest, "1"), (6, *rest, "2")]
    )


def test_settings_of_a_bucket_are_removed(create: Make, update: Make, cloud: Cloud) -> None:
    properties = "{BucketName: bucket-a, VersioningConfiguration: {Status: Enabled}, Tags: [{Key: a, Value: b}]}"
    create(single("AWS::S3::Bucket", properties))
    update(single("AWS::S3::Bucket", "{BucketName: bucket-a}"))
    s3 = cloud.client("s3")
    assert s3.get_bucket_versioning(Bucket="bucket-a")["Status"] == "Suspended"
    with pytest.raises(ClientError, match="TagSet does not exist"):
        s3.get_bucket_tagging(Bucket="bucket-a")


def test_the_policy_of_a_log_bucket_may_be_created_later(create: Make, cloud: Cloud) -> None:
    """As on AWS, which checks the permission only when it is used; a principal may be everybody."""
    stack = create("""
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: bucket-a, LoggingConfiguration: {DestinationBucketName: !Ref L}}}
  L: {Type: AWS::S3::Bucket, Properties: {BucketName: bucket-l}}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref L
      PolicyDocument: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: !GetAtt L.Arn}]}
""")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    logging = cloud.client("s3").get_bucket_logging(Bucket="bucket-a")["LoggingEnabled"]
    assert logging["TargetBucket"] == "bucket-l"


def seeded_bucket(cloud: Cloud) -> Any:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket-f", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    tags = {"TagSet": [{"Key": "seeded-by", "Value": "localcloud"}]}
    s3.put_bucket_tagging(Bucket="bucket-f", Tagging=tags)
    s3.put_object(Bucket="bucket-f", Key="example", Body=b"x")
    return s3


def test_a_seeded_bucket_is_taken_over(create: Make, cfn: Any, cloud: Cloud) -> None:
    s3 = seeded_bucket(cloud)
    template = single("AWS::S3::Bucket", "{BucketName: bucket-f, VersioningConfiguration: {Status: Enabled}}")
    assert create(template)["StackStatus"] == "CREATE_COMPLETE"
    assert s3.get_bucket_versioning(Bucket="bucket-f")["Status"] == "Enabled"
    assert create(template, "t")["StackStatus"] == "ROLLBACK_COMPLETE"  # it belongs to a stack now
    reasons = str(cfn.describe_stack_events(StackName="t")["StackEvents"])
    assert "bucket-f already exists" in reasons
    assert s3.get_object(Bucket="bucket-f", Key="example")


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_a_rollback_returns_a_seeded_bucket(create: Make, cloud: Cloud, policy: str) -> None:
    s3 = seeded_bucket(cloud)
    template = f"""
Resources:
  B: {{Type: AWS::S3::Bucket, DeletionPolicy: {policy}, Properties: {{BucketName: bucket-f,
      Tags: [{{Key: a, Value: b}}]}}}}
  Bad: {{Type: AWS::SQS::Queue, DependsOn: B, Properties: {{DelaySeconds: -1}}}}
"""
    assert create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert s3.get_bucket_tagging(Bucket="bucket-f")["TagSet"] == [{"Key": "seeded-by", "Value": "localcloud"}]
    assert s3.get_object(Bucket="bucket-f", Key="example")


def test_a_rollback_ends_even_if_a_seeded_bucket_cannot_be_returned(
    create: Make, cfn: Any, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeded_bucket(cloud)

    def fail(*_: Any) -> None:
        raise HandlerError("the bucket does not exist")

    monkeypatch.setattr(RESOURCE_TYPES["AWS::S3::Bucket"], "retain_in_rollback", fail)
    template = """
Resources:
  B: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: bucket-f}}
  Bad: {Type: AWS::SQS::Queue, DependsOn: B, Properties: {DelaySeconds: -1}}
"""
    assert create(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "the bucket does not exist" in str(cfn.describe_stack_events(StackName="s")["StackEvents"])


SEEDED_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


def attached(iam: Any) -> list[str]:
    policies = iam.list_attached_role_policies(RoleName="role")["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in policies]


@pytest.mark.parametrize(("fails", "arns"), [(False, "stacks"), (True, "local")])
def test_a_seeded_role_is_replaced(create: Make, cloud: Cloud, fails: bool, arns: str) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "seeded-by", "Value": "localcloud"}]
    iam.create_role(RoleName="role", Path="/local/", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tags)
    iam.attach_role_policy(RoleName="role", PolicyArn=SEEDED_POLICY)
    role = {"RoleName": "role", "Path": "/stacks/", "AssumeRolePolicyDocument": TRUST}
    resources: dict[str, Any] = {"R": {"Type": "AWS::IAM::Role", "Properties": role}}
    if fails:
        resources["Bad"] = {"Type": "AWS::SQS::Queue", "DependsOn": "R", "Properties": {"DelaySeconds": -1}}
    create(json.dumps({"Resources": resources}))
    current = iam.get_role(RoleName="role")["Role"]
    assert current["Arn"].endswith(f":role/{arns}/role") and current.get("Tags", []) == (tags if fails else [])
    assert attached(iam) == ([SEEDED_POLICY] if fails else [])
    assert create(json.dumps({"Resources": {"R": resources["R"]}}), "t")["StackStatus"] == (
        "CREATE_COMPLETE" if fails else "ROLLBACK_COMPLETE"
    )


def test_a_seeded_role_stays_if_the_stacks_role_cannot_be_created(create: Make, cloud: Cloud) -> None:
    iam = cloud.client("iam")
    tags = [{"Key": "seeded-by", "Value": "localcloud"}]
    iam.create_role(RoleName="role", Path="/local/", AssumeRolePolicyDocument=json.dumps(TRUST), Tags=tags)
    iam.attach_role_policy(RoleName="role", PolicyArn=SEEDED_POLICY)
    role = {"RoleName": "role", "Path": "/stacks/", "AssumeRolePolicyDocument": TRUST}
    cloud.faults.fail("iam.CreateRole", code="MalformedPolicyDocument", status=400, message="no")
    stack = create(json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": role}}}))
    current = iam.get_role(RoleName="role")["Role"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert current["Arn"].endswith(":role/local/role") and current["Tags"] == tags
    assert attached(iam) == [SEEDED_POLICY]


def test_a_partly_created_resource_is_deleted(create: Make, cloud: Cloud) -> None:
    bad = "{BucketName: bucket-a, LoggingConfiguration: {DestinationBucketName: nowhere-at-all}}"
    assert create(single("AWS::S3::Bucket", bad))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_key_and_alias(check_lifecycle: Any, cloud: Cloud) -> None:
    kms = cloud.client("kms")
    text = """
Resources:
  K: {Type: AWS::KMS::Key, Properties: {Description: %s, EnableKeyRotation: %s, Tags: [{Key: a, Value: b}],
      KeyPolicy: {Version: "2012-10-17",
      Statement: [{Effect: Allow, Principal: {AWS: "*"}, Action: "kms:*", Resource: "*"}]}}}
  A: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/mine, TargetKeyId: !Ref K}}
"""

    def read() -> Any:
        key = kms.describe_key(KeyId="alias/mine")["KeyMetadata"]
        tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
        return key["Description"], kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"], len(tags)

    check_lifecycle(text % ("one", "true"), text % ("two", "false"), read, [("one", True, 1), ("two", False, 1)])
    assert kms.describe_key(KeyId=kms.list_keys()["Keys"][0]["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_topic_queue_and_their_policies(check_lifecycle: Any, cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    text = """
Resources:
  T: {Type: AWS::SNS::Topic, Properties: {TopicName: t, DisplayName: %(name)s}}
  TP: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref T], PolicyDocument: {Id: %(name)s,
      Statement: [{Effect: Allow, Action: "*"}]}}}
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q, MessageRetentionPeriod: %(seconds)s, RedrivePolicy:
      {deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3}}}
  D: {Type: AWS::SQS::Queue, Properties: {QueueName: d}}
  QP: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q], PolicyDocument: {Id: %(name)s,
      Statement: [{Effect: Allow, Action: "*"}]}}}
  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref T, Protocol: sqs, Endpoint: !GetAtt Q.Arn,
      RawMessageDelivery: true, FilterPolicy: {a: [%(name)s]}}}
"""

    def read() -> Any:
        topic = sns.get_topic_attributes(TopicArn=cloud.arn("sns", "t"))["Attributes"]
        queue = sqs.get_queue_attributes(QueueUrl=f"{cloud.url}/{cloud.account}/q", AttributeNames=["All"])[
            "Attributes"
        ]
        subscription = sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
        sent = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
        policies = [json.loads(each["Policy"])["Id"] for each in (topic, queue)]
        redrive = json.loads(queue["RedrivePolicy"])["maxReceiveCount"]
        filtered = json.loads(sent["FilterPolicy"])["a"]
        return (
            topic["DisplayName"],
            *policies,
            queue["MessageRetentionPeriod"],
            redrive,
            sent["RawMessageDelivery"],
            filtered,
        )

    first, second = text % {"name": "one", "seconds": 60}, text % {"name": "two", "seconds": 61}
    rest = (3, "true")
    check_lifecycle(
        first, second, read, [("one", "one", "one", "60", *rest, ["one"]), ("two", "two", "two", "61", *rest, ["two"])]
    )


def test_names_in_use(create: Make, cfn: Any, cloud: Cloud) -> None:
    cloud.client("sns").create_topic(Name="t")
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.client("events").put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    for number, text in enumerate(
        (
            single("AWS::SNS::Topic", "{TopicName: t}"),
            single("AWS::SQS::Queue", "{QueueName: q}"),
            single("AWS::Events::Rule", "{Name: r, ScheduleExpression: rate(1 day)}"),
        )
    ):
        assert create(text, f"s{number}")["StackStatus"] == "ROLLBACK_COMPLETE"
        assert "already exists" in str(cfn.describe_stack_events(StackName=f"s{number}")["StackEvents"])
    assert cloud.client("events").describe_rule(Name="r")["ScheduleExpression"] == "rate(1 hour)"


def test_roles_and_policies(check_lifecycle: Any, cloud: Cloud) -> None:
    iam = cloud.client("iam")

    def text(description: str, policy: str, boundary: str) -> str:
        managed = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": ALLOW, "Path": "/p/", "Roles": [{"Ref": "R"}]},
        }
        if description == "two":
            managed["Properties"]["PolicyDocument"] = {**ALLOW, "Id": "other"}
        inline = {"PolicyName": policy, "PolicyDocument": ALLOW}
        role = {"RoleName": "role", "Path": "/p/", "AssumeRolePolicyDocument": TRUST, "Description": description}
        role |= {"Policies": [inline], "ManagedPolicyArns": [{"Ref": "B"}]}
        role |= {"PermissionsBoundary": {"Ref": boundary}} if boundary else {}
        resources = {
            "R": {"Type": "AWS::IAM::Role", "Properties": role},
            "M": managed,
            "B": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": ALLOW}},
            "P": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyName": "p", "PolicyDocument": ALLOW, "Roles": [{"Ref": "R"}]},
            },
            "Q": {
                "Type": "AWS::IAM::RolePolicy",
                "Properties": {"PolicyName": "q", "PolicyDocument": ALLOW, "RoleName": {"Ref": "R"}},
            },
        }
        return json.dumps({"Resources": resources, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["R", "Arn"]}}}})

    def read() -> Any:
        role = iam.get_role(RoleName="role")["Role"]
        attached = iam.list_attached_role_policies(RoleName="role")["AttachedPolicies"]
        versions = [len(iam.list_policy_versions(PolicyArn=each["PolicyArn"])["Versions"]) for each in attached]
        names = iam.list_role_policies(RoleName="role")["PolicyNames"]
        return role["Description"], "PermissionsBoundary" in role, sorted(names), max(versions), len(attached)

    expected = [("one", True, ["in-1", "p", "q"], 1, 2), ("two", False, ["in-2", "p", "q"], 2, 2)]
    check_lifecycle(text("one", "in-1", "B"), text("two", "in-2", ""), read, expected)
    assert iam.list_roles()["Roles"] == [] and iam.list_policies(Scope="Local")["Policies"] == []


def test_repository_log_group_and_parameter(check_lifecycle: Any, cloud: Cloud) -> None:
    text = """
Resources:
  R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: repo, ImageTagMutability: %(tags)s, EmptyOnDelete: true,
      LifecyclePolicy: {LifecyclePolicyText: '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged",
      "countType":
      "imageCountMoreThan", "countNumber": 3}, "action": {"type": "expire"}}]}'}}}
  L: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /l, RetentionInDays: "%(days)s",
      Tags: [{Key: a, Value: %(days)s}]}}
  P: {Type: AWS::SSM::Parameter,
      Properties: {Name: /p, Type: String, Value: !Sub "${L.Arn}+%(days)s", Tags: {a: %(days)s}}}
"""

    def read() -> Any:
        repository = cloud.client("ecr").describe_repositories()["repositories"][0]
        group = cloud.client("logs").describe_log_groups()["logGroups"][0]
        tags = cloud.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"]
        value = cloud.client("ssm").get_parameter(Name="/p")["Parameter"]["Value"]
        arn = group["arn"].removesuffix(":*")
        tagged = cloud.client("logs").list_tags_for_resource(resourceArn=arn)["tags"]
        return repository["imageTagMutability"], group["retentionInDays"], value, tags[0]["Value"], tagged["a"]

    arn = cloud.arn("logs", "log-group:/l:*")
    expected = [("IMMUTABLE", 7, f"{arn}+7", "7", "7"), ("MUTABLE", 14, f"{arn}+14", "14", "14")]
    first, second = text % {"tags": "IMMUTABLE", "days": 7}, text % {"tags": "MUTABLE", "days": 14}
    check_lifecycle(first, second, read, expected)


def test_rule(check_lifecycle: Any, cloud: Cloud) -> None:
    events = cloud.client("events")
    text = """
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  R:
    Type: AWS::Events::Rule
    Properties:
      Name: r
      EventPattern: {source: [%(source)s]}
      Targets:
        - Id: %(id)s
          Arn: !GetAtt Q.Arn
          InputTransformer: {InputPathsMap: {a: $.id}, InputTemplate: '{"b": <a>}'}
          RetryPolicy: {MaximumRetryAttempts: "3", MaximumEventAgeInSeconds: 60}
          DeadLetterConfig: {Arn: !GetAtt Q.Arn}
"""

    def read() -> Any:
        targets = events.list_targets_by_rule(Rule="r")["Targets"]
        summary = [
            (each["Id"], each["RetryPolicy"]["MaximumRetryAttempts"], each["InputTransformer"]["InputTemplate"])
            for each in targets
        ]
        return json.loads(events.describe_rule(Name="r")["EventPattern"])["source"], summary

    first, second = text % {"source": "a", "id": "one"}, text % {"source": "b", "id": "two"}
    check_lifecycle(first, second, read, [(["a"], [("one", 3, '{"b": <a>}')]), (["b"], [("two", 3, '{"b": <a>}')])])
    assert events.list_rules()["Rules"] == []


def test_alarm_and_dashboard(check_lifecycle: Any, cloud: Cloud) -> None:
    text = """
Resources:
  A: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: a, Namespace: n, MetricName: m, Statistic: Sum,
      Period: "60",
      EvaluationPeriods: "1", Threshold: "%(threshold)s", ComparisonOperator: GreaterThanThreshold,
      Dimensions: [{Name: d, Value: 1}], Tags: [{Key: k, Value: %(threshold)s}]}}
  D: {Type: AWS::CloudWatch::Dashboard, Properties: {DashboardName: d,
      DashboardBody: !Sub '{"widgets": [], "x": "${A}"}'}}
"""
    cloudwatch = cloud.client("cloudwatch")

    def read() -> Any:
        alarm = cloudwatch.describe_alarms()["MetricAlarms"][0]
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        body = json.loads(cloudwatch.get_dashboard(DashboardName="d")["DashboardBody"])
        return alarm["Threshold"], alarm["Dimensions"][0]["Value"], tags[0]["Value"], body["x"]

    first, second = text % {"threshold": 5}, text % {"threshold": 6}
    check_lifecycle(first, second, read, [(5.0, "1", "5", "a"), (6.0, "1", "6", "a")])


def test_model_group_and_pipeline(check_lifecycle: Any, cloud: Cloud) -> None:
    sagemaker = cloud.client("sagemaker")
    step = '{"Name": "F", "Type": "Fail", "Arguments": {"ErrorMessage": "%s"}}'
    definition = f'{{"Version": "2020-12-01", "Parameters": [], "Steps": [{step}]}}'

    def text(what: str) -> str:
        role = "arn:aws:iam::000000000000:role/r"
        body = {"PipelineDefinitionBody": definition % what}
        pipeline = {"PipelineName": "p", "RoleArn": role, "PipelineDescription": what, "PipelineDefinition": body}
        group = {"ModelPackageGroupName": "g", "Tags": [{"Key": "k", "Value": what}]}
        resources = {
            "P": {"Type": "AWS::SageMaker::Pipeline", "Properties": pipeline},
            "G": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": group},
        }
        return json.dumps({"Resources": resources})

    def read() -> Any:
        group = sagemaker.describe_model_package_group(ModelPackageGroupName="g")["ModelPackageGroupArn"]
        tags = sagemaker.list_tags(ResourceArn=group)["Tags"]
        return sagemaker.describe_pipeline(PipelineName="p")["PipelineDescription"], tags[0]["Value"]

    check_lifecycle(text("one"), text("two"), read, [("one", "one"), ("two", "two")])


def test_network(check_lifecycle: Any, cloud: Cloud, cfn: Any) -> None:
    ec2 = cloud.client("ec2")
    text = """
Resources:
  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true,
      Tags: [{Key: Name, Value: mine}]}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V, CidrBlock: !Select [0, !Cidr [!GetAtt V.CidrBlock, 2, 8]],
      AvailabilityZone: !Select [0, !GetAZs ""]}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V, CidrBlock: 10.0.9.0/24}}
  T: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref V}}
  TA: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref A, RouteTableId: !Ref T}}
  G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: mine, VpcId: !Ref V,
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: %(port)s, ToPort: %(port)s,
      CidrIp: 10.0.0.0/16, Description: d}],
      SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]}}
  I: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref G, IpProtocol: tcp, FromPort: 80, ToPort: 80,
      SourceSecurityGroupId: !Ref G}}
  E: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: udp, FromPort: 53,
      ToPort: 53,
      CidrIp: 10.0.0.0/16}}
  S: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref V, VpcEndpointType: Gateway, RouteTableIds: [!Ref T],
      ServiceName: !Sub "com.amazonaws.${AWS::Region}.s3"}}
  L: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcId: !Ref V, VpcEndpointType: Interface, PrivateDnsEnabled: true,
      SubnetIds: [!Ref A, %(more)s], SecurityGroupIds: [!Ref G], ServiceName: !Sub "com.amazonaws.${AWS::Region}.logs"}}
"""

    def read() -> Any:
        vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["mine"]}])["Vpcs"][0]["VpcId"]
        mine = [{"Name": "vpc-id", "Values": [vpc]}]
        group = next(
            g for g in ec2.describe_security_groups(Filters=mine)["SecurityGroups"] if g["Description"] == "mine"
        )
        endpoints = ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"]
        subnets = next(each["SubnetIds"] for each in endpoints if each["VpcEndpointType"] == "Interface")
        ports = [sorted(rule["FromPort"] for rule in group[way]) for way in ("IpPermissions", "IpPermissionsEgress")]
        names = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
        return ports, len(subnets), names

    first, second = text % {"port": 443, "more": '!Ref "AWS::NoValue"'}, text % {"port": 444, "more": "!Ref B"}
    check_lifecycle(first, second, read, [([[80, 443], [53, 443]], 1, True), ([[80, 444], [53, 443]], 2, True)])
