"""Each error of AWS becomes one sentence with the remedy."""

from types import SimpleNamespace

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from aws.errors import translate
from settings.errors import AwsProblem

ROLE = "arn:aws:iam::111122223333:role/churn-dev-training"
HOSTING = "arn:aws:iam::111122223333:role/churn-dev-hosting"
USER = "arn:aws:sts::111122223333:assumed-role/developer/me"


def settings(endpoint_url=""):
    aws = SimpleNamespace(region="eu-west-1", endpoint_url=endpoint_url, endpoint_command=(), account_id="111122223333")
    return SimpleNamespace(env="dev", aws=aws, bucket="churn-bucket", role_arn=ROLE, hosting_role_arn=HOSTING)


def refused(operation, code, message="", **more):
    return boto.ClientError({"Error": {"Code": code, "Message": message, **more}}, operation)


def message_of(error, endpoint_url=""):
    problem = translate(error, settings(endpoint_url))
    assert isinstance(problem, AwsProblem)
    assert "\n" not in str(problem)
    return str(problem)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (boto.NoCredentialsError(), ["no AWS credentials", "aws sso login", "AWS_PROFILE", "--env local"]),
        (boto.ProfileNotFound(profile="work"), ["profile (work) could not be found", "aws configure list-profiles"]),
        (boto.UnauthorizedSSOTokenError(), ["sign-in", "aws sso login"]),
        (boto.SSOTokenLoadError(error_msg="none"), ["sign-in", "aws sso login"]),
        (boto.TokenRetrievalError(provider="sso", error_msg="expired"), ["sign-in", "aws sso login"]),
        (boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), ["AWS_SECRET_ACCESS_KEY"]),
        (boto.InvalidRegionError(region_name="x y"), ["aws.region = 'eu-west-1'", "no such region"]),
        (boto.UnknownEndpointError(service_name="s3", region_name="x"), ["aws.region = 'eu-west-1'"]),
        (boto.EndpointConnectionError(endpoint_url="https://x"), ["cannot be reached", "proxy", "aws.region"]),
        (boto.ReadTimeoutError(endpoint_url="https://x"), ["cannot be reached"]),
        (boto.ParamValidationError(report="RoleArn:\n too short"), ["cannot be sent", "RoleArn: too short"]),
        (ResponseParserError("<html>"), ["does not respond as AWS does"]),
        (refused("CreatePipeline", "ExpiredToken"), ["have expired", "aws sso login"]),
        (refused("CreatePipeline", "UnrecognizedClientException", "bad token"), ["does not recognize", "bad token"]),
        (refused("PutObject", "SignatureDoesNotMatch"), ["clock"]),
        (refused("HeadBucket", "404", "Not Found"), ["bucket churn-bucket does not exist", "`make bootstrap`"]),
        (refused("PutObject", "NoSuchBucket", "gone", BucketName="other"), ["bucket other does not exist"]),
        (refused("HeadBucket", "301"), ["churn-bucket is not in eu-west-1"]),
        (refused("DescribePipeline", "ResourceNotFound", "no churn"), ["no churn", "--upsert", "eu-west-1"]),
        (refused("StartPipelineExecution", "ResourceLimitExceeded", "0 instances"), ["Service Quotas", "0 instances"]),
        (refused("UpdatePipeline", "ThrottlingException", "Rate exceeded"), ["too busy", "wait"]),
        (refused("UpdatePipeline", "InternalFailure"), ["too busy"]),
        (refused("CreatePipeline", "ValidationException", "odd {thing}"), ["CreatePipeline: odd {thing}"]),
    ],
)
def test_the_error_and_its_remedy(error, words):
    text = message_of(error)
    assert [word for word in words if word not in text] == [], text


def test_a_denial_names_who_what_where_and_why():
    message = (
        f"User: {USER} is not authorized to perform: sagemaker:CreatePipeline on resource: "
        "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-dev with an explicit deny in a service control policy"
    )
    text = message_of(refused("CreatePipeline", "AccessDeniedException", message))
    assert text.startswith(
        f"{USER} has no permission for sagemaker:CreatePipeline on arn:aws:sagemaker:eu-west-1:111122223333:pipe"
    )
    assert "have sagemaker:CreatePipeline allowed" in text
    assert text.endswith("(with an explicit deny in a service control policy)")


def test_a_denied_pass_role_names_the_role_of_the_jobs():
    message = f"User: {USER} is not authorized to perform: iam:PassRole on resource: {ROLE} because no policy allows it"
    text = message_of(refused("CreatePipeline", "AccessDeniedException", message))
    assert f"has no permission for iam:PassRole on {ROLE}, the role that the jobs run as" in text


@pytest.mark.parametrize(("operation", "action"), [("PutObject", "s3:PutObject"), ("HeadBucket", "s3:ListBucket")])
def test_a_denial_of_s3_without_details_names_the_action(operation, action):
    text = message_of(refused(operation, "AccessDenied", "Access Denied"))
    assert f"you have no permission for {action} in the bucket churn-bucket" in text


def test_a_denial_without_words_names_the_action():
    assert "you have no permission for sagemaker:ListTags in this account" in message_of(
        refused("ListTags", "AccessDeniedException")
    )


def test_a_role_that_cannot_be_assumed():
    message = f"Could not assume role {ROLE}. Please ensure that the role exists and allows principal 'x' to assume it."
    text = message_of(refused("CreatePipeline", "ValidationException", message))
    assert text.startswith(f"SageMaker cannot assume the role {ROLE}: create it (aws.role_arn")
    assert "trust policy" in text
    text = message_of(refused("CreateModel", "ValidationException", message))
    assert text.startswith(f"SageMaker cannot assume the role {HOSTING}: create it (aws.hosting_role_arn")


def test_a_denied_call_of_assume_role_is_a_denial_like_others():
    message = f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/x"
    assert "has no permission for sts:AssumeRole" in message_of(refused("AssumeRole", "AccessDenied", message))


LOCAL = "http://127.0.0.1:5155"


def test_a_local_endpoint_that_does_not_run():
    text = message_of(boto.EndpointConnectionError(endpoint_url=LOCAL), LOCAL)
    assert text.startswith(
        f"no server responds at {LOCAL} (aws.endpoint_url of the environment dev): start the local AWS"
    )


def test_a_local_endpoint_without_keys():
    assert "any text will do" in message_of(boto.NoCredentialsError(), LOCAL)


def test_any_other_exception_is_raised_unchanged():
    defect = KeyError("ours")
    with pytest.raises(KeyError) as raised:
        translate(defect, settings())
    assert raised.value is defect
