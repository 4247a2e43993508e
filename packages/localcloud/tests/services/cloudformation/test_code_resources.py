"""Pipelines, builds, connections, schedules and scaling: resources whose services are localcloud's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.core.cloud import Cloud
from localcloud.core.request_validation import request_problems
from localcloud.services.cloudformation.resource_requests import convert
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.resources.resource_type import Context

Make = Callable[..., dict[str, Any]]
CODE = """
Parameters: {Word: {Type: String}}
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: artifacts}}
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: role
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: codebuild.amazonaws.com}}]
  C: {Type: AWS::CodeConnections::Connection, Properties: {ConnectionName: c, ProviderType: GitHub}}
  Repo: {Type: AWS::CodeCommit::Repository, Properties: {RepositoryName: repo, RepositoryDescription: mine}}
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: project
      Description: !Ref Word
      ServiceRole: !GetAtt R.Arn
      TimeoutInMinutes: "60"
      Artifacts: {Type: CODEPIPELINE}
      Source: {Type: CODEPIPELINE, BuildSpec: buildspec.yml}
      LogsConfig: {CloudWatchLogs: {Status: ENABLED, GroupName: /g}}
      Environment:
        Type: LINUX_CONTAINER
        ComputeType: BUILD_GENERAL1_SMALL
        Image: aws/codebuild/amazonlinux-x86_64-standard:6.0
        PrivilegedMode: "false"
        EnvironmentVariables: [{Name: WORD, Value: !Ref Word}]
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: pipeline
      PipelineType: V2
      ExecutionMode: QUEUED
      RoleArn: !GetAtt R.Arn
      ArtifactStore: {Type: S3, Location: !Ref B}
      Variables: [{Name: WORD, DefaultValue: !Ref Word}]
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              Namespace: Src
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: 1}
              Configuration: {RepositoryName: !GetAtt Repo.Name, BranchName: main, PollForSourceChanges: false}
              OutputArtifacts: [{Name: Source}]
        - Name: Build
          Actions:
            - Name: Build
              RunOrder: "1"
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: "1"}
              Configuration: {ProjectName: !Ref Project}
              InputArtifacts: [{Name: Source}]
Outputs:
  Version: {Value: !GetAtt Pipeline.Version}
  Connection: {Value: !Ref C}
"""


@pytest.fixture
def services() -> None:
    return None  # all of them


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def failures(cfn: Any) -> list[str]:
    events = cfn.describe_stack_events(StackName="s")["StackEvents"]
    return [each["ResourceStatusReason"] for each in events if each["ResourceStatus"].endswith("FAILED")]


def test_developer_tools(create: Make, update: Make, cfn: Any, cloud: Cloud) -> None:
    stack = create(CODE, Word="one")
    assert stack["StackStatus"] == "CREATE_COMPLETE", failures(cfn)
    codepipeline, codebuild = cloud.client("codepipeline"), cloud.client("codebuild")
    source = codepipeline.get_pipeline(name="pipeline")["pipeline"]["stages"][0]["actions"][0]
    assert source["configuration"] == {"RepositoryName": "repo", "BranchName": "main", "PollForSourceChanges": "false"}
    assert source["actionTypeId"]["version"] == "1"
    assert outputs(stack)["Version"] == "1"
    connections = cloud.client("codeconnections").list_connections()["Connections"]
    assert [each["ConnectionArn"] for each in connections] == [outputs(stack)["Connection"]]
    stack = update(CODE, Word="two")
    assert stack["StackStatus"] == "UPDATE_COMPLETE", failures(cfn)
    assert outputs(stack)["Version"] == "2"
    assert codepipeline.get_pipeline(name="pipeline")["pipeline"]["variables"][0]["defaultValue"] == "two"
    project = codebuild.batch_get_projects(names=["project"])["projects"][0]
    assert (project["description"], project["timeoutInMinutes"]) == ("two", 60)
    assert project["environment"]["environmentVariables"][0]["value"] == "two"
    cfn.delete_stack(StackName="s")
    assert cfn.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert codepipeline.list_pipelines()["pipelines"] == [] and codebuild.list_projects()["projects"] == []


SCHEDULE = """
Parameters: {Expression: {Type: String}}
Resources:
  G: {Type: AWS::Scheduler::ScheduleGroup, Properties: {Name: group}}
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  S:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: nightly
      GroupName: !Ref G
      ScheduleExpression: !Ref Expression
      ScheduleExpressionTimezone: Etc/UTC
      FlexibleTimeWindow: {Mode: "OFF"}
      Target: {Arn: !GetAtt Q.Arn, RoleArn: "arn:aws:iam::000000000000:role/r", Input: '{"a": 1}',
        RetryPolicy: {MaximumRetryAttempts: 3}, DeadLetterConfig: {Arn: !GetAtt Q.Arn}}
Outputs: {Arn: {Value: !GetAtt S.Arn}}
"""


def test_schedule(create: Make, update: Make, cfn: Any, cloud: Cloud) -> None:
    scheduler = cloud.client("scheduler")
    stack = create(SCHEDULE, Expression="rate(1 day)")
    assert stack["StackStatus"] == "CREATE_COMPLETE", failures(cfn)
    schedule = scheduler.get_schedule(Name="nightly", GroupName="group")
    assert schedule["Arn"] == outputs(stack)["Arn"] and schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 3
    assert update(SCHEDULE, Expression="rate(2 days)")["StackStatus"] == "UPDATE_COMPLETE", failures(cfn)
    assert scheduler.get_schedule(Name="nightly", GroupName="group")["ScheduleExpression"] == "rate(2 days)"
    cfn.delete_stack(StackName="s")
    assert cfn.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert scheduler.list_schedules()["Schedules"] == []


def test_requests_of_scaling_are_valid(cloud: Cloud) -> None:
    """Only the calls: a scalable target must exist, and an endpoint takes long to create."""

    class Recording(Context):
        def call(self, service: str, operation: str, /, *parts: Any, **members: Any) -> dict[str, Any]:
            shape = cloud.client(service).meta.service_model.operation_model(operation).input_shape
            properties: dict[str, Any] = {}
            for part in (*parts, members):
                properties |= part
            assert request_problems(service, operation, convert(properties, shape, operation)) == []
            calls.append(operation)
            return {"ScalableTargetARN": "arn:target", "PolicyARN": "arn:policy"}

    calls: list[str] = []
    target = {
        "ServiceNamespace": "sagemaker",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "ResourceId": "endpoint/e/variant/AllTraffic",
        "MinCapacity": 1,
        "MaxCapacity": 2,
    }
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 1}}
    resource_type = RESOURCE_TYPES["AWS::ApplicationAutoScaling::ScalableTarget"]
    context = Recording(cloud, cloud.credentials.administrator, "s", "T")
    ref = resource_type.create(context, {**target, "ScheduledActions": [action]})
    assert ref == "endpoint/e/variant/AllTraffic|sagemaker:variant:DesiredInstanceCount|sagemaker"
    resource_type.update(context, ref, target, {**target, "ScheduledActions": [action]})
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": "7", "PredefinedMetricSpecification": metric}
    policy: dict[str, Any] = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": ref}
    policy |= {"TargetTrackingScalingPolicyConfiguration": tracking}
    resource_type = RESOURCE_TYPES["AWS::ApplicationAutoScaling::ScalingPolicy"]
    assert resource_type.create(context, policy) == "arn:policy"
    resource_type.delete(context, "arn:policy", policy)
    assert calls == [
        "RegisterScalableTarget",
        "PutScheduledAction",
        "RegisterScalableTarget",
        "DeleteScheduledAction",
        "PutScalingPolicy",
        "DeleteScalingPolicy",
    ]
