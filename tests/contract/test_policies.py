"""Policies of the templates name actions, resources and condition keys that AWS knows, and knows together.

A misspelled name is accepted by IAM and allows nothing.
"""

import re

import pytest

from localcloud.testing import policy_problems

SCOPE = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333"}
HERE = "eu-west-1:111122223333"
ARNS = {
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{HERE}:project/a",
    "AWS::KMS::Key": f"arn:aws:kms:{HERE}:key/a",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:a:*",
    "AWS::S3::Bucket": "arn:aws:s3:::a",
    "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:a",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:a",
}
IMPORTS = {
    "DeadLettersArn": ARNS["AWS::SQS::Queue"],
    "TrainingRoleArn": "arn:aws:iam::111122223333:role/a",
    "KeyArn": ARNS["AWS::KMS::Key"],
    "TopicArn": ARNS["AWS::SNS::Topic"],
}
PARAMETERS = {
    "ConnectionArn": [
        f"arn:aws:{service}:{HERE}:connection/a" for service in ("codeconnections", "codestar-connections")
    ],
    "DataKeyArn": ARNS["AWS::KMS::Key"],
}
# AWS's own example, https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, has it too.
KNOWN = {"Key": ["LogGroupsOfThisAccount: kms:DescribeKey: no condition key kms:EncryptionContext:aws:logs:arn"]}
STACKS = ("foundation", "build", "release", "deploy", "schedules")


def render(value, resources):
    """The value with a sample for each function; both branches of an Fn::If."""
    if isinstance(value, list):
        rendered = [render(each, resources) for each in value]
        return [each for item in rendered for each in (item if isinstance(item, list) else [item]) if each is not None]
    if not isinstance(value, dict):
        return value
    [name, argument] = next(iter(value.items()), ("", None))
    if name == "Fn::If":
        return render(argument[1:], resources)
    if name == "Ref":
        return reference(argument, resources)
    if name == "Fn::GetAtt":
        return ARNS[resources[argument.partition(".")[0]]["Type"]]
    if name == "Fn::ImportValue":
        return IMPORTS[argument["Fn::Sub"].rpartition("-")[2]]
    if name == "Fn::Sub":
        return re.sub(r"\$\{([\w:.]+)\}", lambda hole: reference(hole[1], resources), argument)
    return {key: render(each, resources) for key, each in value.items()}


def reference(name, resources):
    if name == "AWS::NoValue":
        return None
    resource = resources.get(name.removesuffix(".Arn"))
    return SCOPE.get(name) or PARAMETERS.get(name) or (ARNS.get(resource["Type"]) if resource else None) or "a"


def policies(resources):
    """Name, document, and whether it is attached to a resource."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        for policy in properties.get("Policies", ()):
            yield f"{name}.{policy['PolicyName']}", policy["PolicyDocument"], False
        if "AssumeRolePolicyDocument" in properties:
            yield f"{name}.trust", properties["AssumeRolePolicyDocument"], True
        if "KeyPolicy" in properties:
            yield name, properties["KeyPolicy"], True
        if "PolicyDocument" in properties:
            yield name, properties["PolicyDocument"], resource["Type"] != "AWS::IAM::ManagedPolicy"


@pytest.mark.parametrize("stack", STACKS)
def test_actions_resources_and_keys_belong_together(stack, template):
    resources = template(stack)["Resources"]
    problems = {
        name: policy_problems(render(document, resources), of_resource=of_resource)
        for name, document, of_resource in policies(resources)
    }
    assert problems
    assert {name: found for name, found in problems.items() if found not in ([], KNOWN.get(name))} == {}
