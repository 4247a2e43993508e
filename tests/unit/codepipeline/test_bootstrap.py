"""Bootstrap and teardown against localcloud: announced first, repeatable, and nothing of anybody else is touched."""

import json

import pytest

from codepipeline import bootstrap, teardown
from codepipeline.cloudformation import blocked

DEV = "churn-dev-foundation"
BUCKET = "churn-dev-000000000000-eu-west-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def config(at, live_cloud):
    return at(live_cloud)


@pytest.fixture
def run(config):
    """A command with the folder of the test: ``run(bootstrap, "--env", "dev")``."""
    return lambda module, *words: module.main([*words, "--config", str(config)])


def stack_names(aws):
    return {stack["StackName"]: stack for stack in aws("cloudformation").describe_stacks()["Stacks"]}


def buckets(aws):
    return [bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]]


@pytest.mark.slow
def test_it_prints_what_it_will_do_and_a_plan_does_nothing(run, aws, capsys):
    assert run(bootstrap, "--env", "dev", "--plan") == 0
    output = capsys.readouterr().out
    assert "account 000000000000, region eu-west-1:" in output
    assert f"create stack {DEV} from codepipeline/templates/foundation.yml" in output
    assert f"BucketName = {BUCKET}" in output
    assert f"aws s3 cp --recursive FOLDER s3://{BUCKET}/churn/data" in output
    assert "create log group /aws/sagemaker/TrainingJobs, kept for 365 days" in output
    assert stack_names(aws) == {}


@pytest.mark.slow
def test_a_plan_names_quotas_that_are_too_small(run, capsys, monkeypatch):
    monkeypatch.setattr("codepipeline.instance_quotas.read", lambda *_: {"ml.m5.large for endpoint usage": 1.0})
    assert run(bootstrap, "--env", "dev", "--plan") == 0
    assert 'the quota "ml.m5.large for endpoint usage" is 1, and 2 are needed' in capsys.readouterr().out


@pytest.mark.slow
def test_created_once_then_unchanged_then_removed_and_removed_again(run, aws, capfd):
    assert run(bootstrap, "--env", "dev") == 0
    assert "nothing of the group churn-dev is released" in capfd.readouterr().out
    [stack] = stack_names(aws).values()
    assert (stack["StackName"], stack["StackStatus"]) == (DEV, "CREATE_COMPLETE")
    assert stack["EnableTerminationProtection"]
    assert run(bootstrap, "--env", "dev") == 0
    assert f"No changes to deploy. Stack {DEV} is up to date" in capfd.readouterr().out

    for _ in range(2):
        aws("s3").put_object(Bucket=BUCKET, Key="churn/data/a.csv", Body=b"a")
    aws("s3").delete_object(Bucket=BUCKET, Key="churn/data/a.csv")
    aws("s3").create_bucket(Bucket="somebodys", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert run(teardown, "--env", "dev", "--yes") == 0
    output = capfd.readouterr().out
    assert f"removed stack {DEV}" in output
    assert f"removed bucket {BUCKET} with 3 object versions" in output
    assert "what is left, and what it costs" in output
    assert stack_names(aws) == {}
    assert buckets(aws) == ["somebodys"]
    assert aws("sqs").list_queues().get("QueueUrls", []) == []
    assert aws("ecr").describe_repositories()["repositories"] == []
    [key] = [key["KeyId"] for key in aws("kms").list_keys()["Keys"]]
    assert aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"

    assert run(teardown, "--env", "dev", "--yes") == 0
    assert "removed" not in capfd.readouterr().out.replace("this removes", "")


@pytest.mark.slow
def test_a_first_creation_that_failed_reports_why_and_is_repeated(run, aws, capfd):
    aws("iam").create_role(RoleName="churn-dev-training", AssumeRolePolicyDocument=TRUST)
    assert run(bootstrap, "--env", "dev") == 1
    error = capfd.readouterr().err
    assert f"error: stack {DEV} could not be deployed: TrainingRole: " in error
    assert "already exists" in error
    assert buckets(aws) == []  # otherwise its name would be taken the next time
    aws("iam").delete_role(RoleName="churn-dev-training")
    assert run(bootstrap, "--env", "dev") == 0
    assert f"delete (it is ROLLBACK_COMPLETE), then create stack {DEV}" in capfd.readouterr().out


@pytest.mark.slow
def test_a_teardown_that_was_interrupted_is_finished_by_the_next(run, aws, capfd, monkeypatch):
    assert run(bootstrap, "--env", "dev") == 0

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("codepipeline.retained_resources.remove", interrupted)
        assert run(teardown, "--env", "dev", "--yes") == 130
    assert stack_names(aws) == {}
    assert sorted(buckets(aws)) == [BUCKET, f"{BUCKET}-deploy", f"{BUCKET}-logs"]
    assert run(bootstrap, "--env", "dev") == 1
    assert "run teardown again: it removes what has that name" in capfd.readouterr().err
    assert run(teardown, "--env", "dev", "--yes") == 0
    assert buckets(aws) == []
    assert run(bootstrap, "--env", "dev") == 0


@pytest.mark.slow
def test_a_bucket_that_the_stack_did_not_create_is_kept(run, aws, capfd):
    aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws("s3").put_object(Bucket=BUCKET, Key="precious", Body=b"1")
    assert run(teardown, "--env", "dev", "--yes") == 0
    assert f"kept bucket {BUCKET}: it was not created by stack {DEV}" in capfd.readouterr().out
    assert aws("s3").get_object(Bucket=BUCKET, Key="precious")["Body"].read() == b"1"


def test_nothing_is_removed_without_consent(run, aws, capsys, monkeypatch):
    assert run(teardown, "--env", "dev") == 2
    assert "nobody can answer here: add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    assert run(teardown, "--env", "dev") == 1
    assert "nothing was removed" in capsys.readouterr().out


@pytest.mark.slow
def test_what_another_delivery_uses_is_kept(run, aws, capfd):
    body = json.dumps(
        {
            "Parameters": {"StagingBucketName": {"Type": "String"}},
            "Resources": {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": {}}},
        }
    )
    parameters = [{"ParameterKey": "StagingBucketName", "ParameterValue": BUCKET}]
    aws("cloudformation").create_stack(StackName="churn-other-deploy", TemplateBody=body, Parameters=parameters)
    aws("cloudformation").get_waiter("stack_create_complete").wait(
        StackName="churn-other-deploy", WaiterConfig={"Delay": 1}
    )
    assert run(bootstrap, "--env", "dev") == 0
    assert run(teardown, "--env", "dev", "--yes") == 0
    output = capfd.readouterr().out
    assert "dev stays as it is: stack churn-other-deploy releases to it as well" in output
    assert stack_names(aws).keys() == {DEV, "churn-other-deploy"}
    assert BUCKET in buckets(aws)


@pytest.mark.slow
def test_a_whole_delivery_is_created_and_removed(run, aws, capfd):
    assert run(bootstrap, "--env", "local") == 0
    assert "a push to main of local/checkout starts churn-local-build" in capfd.readouterr().out
    assert len(stack_names(aws)) == 10
    pipelines = [pipeline["name"] for pipeline in aws("codepipeline").list_pipelines()["pipelines"]]
    assert sorted(pipelines) == ["churn-local-build", "churn-local-deploy"]
    assert run(teardown, "--env", "local", "--yes") == 0
    assert stack_names(aws) == {}
    assert aws("codepipeline").list_pipelines()["pipelines"] == []
    assert aws("iam").list_roles()["Roles"] == []
    assert aws("events").list_rules()["Rules"] == []
    assert aws("logs").describe_log_groups(logGroupNamePrefix="/aws/codebuild")["logGroups"] == []


def test_settings_are_checked_before_anything_is_created(run, aws, capsys):
    assert run(bootstrap, "--env", "prod") == 1
    assert "delivery.repository is not set" in capsys.readouterr().err
    assert stack_names(aws) == {}


@pytest.mark.parametrize(
    "status", ["", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_COMPLETE", "UPDATE_COMPLETE"]
)
def test_statuses_that_can_be_deployed_to(status):
    assert blocked("s", status) == ""


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("CREATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait until that has ended"),
        ("DELETE_FAILED", "run teardown again"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name s"),
    ],
)
def test_statuses_that_cannot(status, remedy):
    reason = blocked("s", status)
    assert reason.startswith(f"stack s is {status}: ")
    assert remedy in reason


def test_nothing_is_deployed_while_somebody_changes_a_stack(run, aws, capsys, monkeypatch):
    monkeypatch.setattr("codepipeline.bootstrap.status", lambda *_: "UPDATE_IN_PROGRESS")
    assert run(bootstrap, "--env", "dev") == 1
    assert f"stack {DEV} is UPDATE_IN_PROGRESS: somebody is changing it" in capsys.readouterr().err
    assert stack_names(aws) == {}
