"""The command of a person: what it lists, what it refuses, what it writes. Releases that wait: the delivery stories."""

from types import SimpleNamespace

import pytest

from release import approve, pending
from settings.errors import Problem

GROUP = "churn"
CONTAINERS = {
    "Containers": [{"Image": "000000000000.dkr.ecr.eu-west-1.amazonaws.com/i", "ModelDataUrl": "s3://b/m"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}


@pytest.fixture
def run(at, cloud, aws, capsys, monkeypatch):
    config = at(cloud)
    monkeypatch.setattr("aws.sessions.client", lambda _, service: aws(service))  # creating new ones takes long

    def run(*words):
        code = approve.main(["--env", "prod", "--config", str(config), *words])
        return code, capsys.readouterr()

    return run


@pytest.fixture
def packages(aws):
    """Registers one that waits; returns its ARN."""
    aws("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)

    def register(**metadata):
        return aws("sagemaker").create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification=CONTAINERS,
            CustomerMetadataProperties={"git_commit": "c0ffee", **metadata},
        )["ModelPackageArn"]

    return register


def test_what_waits_is_listed_with_the_command_that_answers(run, packages, aws):
    packages(report_uri="s3://b/report.html")
    code, output = run()
    assert code == 0
    assert "packages of churn that wait for an approval, which releases them to staging: 1\nchurn/1\n" in output.out
    for part in ("No evaluation was found", "c0ffee", "s3://b/report.html", "--env prod --approve churn/1 --reason"):
        assert part in output.out
    assert "there is no pipeline churn-prod-deploy: --env takes the environment of the bootstrap" in output.out


def test_without_a_group_nothing_waits(run):
    code, output = run()
    assert (code, output.out.splitlines()[0].rpartition(": ")[2]) == (0, "none")


def test_many_packages_are_counted_and_the_newest_are_shown(run, packages, cloud):
    for _ in range(12):
        packages()
        cloud.clock.advance(60)
    _, output = run()
    assert "to staging: 12\nchurn/12\n" in output.out
    assert "churn/2 " not in output.out
    assert "and 2 older ones" in output.out


@pytest.mark.parametrize(("word", "status"), [("--approve", "Approved"), ("--reject", "Rejected")])
@pytest.mark.parametrize("name", ["churn/1", "1", "the ARN"])
def test_an_answer_keeps_its_reason_and_its_author(run, packages, aws, word, status, name):
    arn = packages()
    code, output = run(word, arn if name == "the ARN" else name, "--reason", "  better on\nnew  plans ")
    package = aws("sagemaker").describe_model_package(ModelPackageName=arn)
    caller = aws("sts").get_caller_identity()["Arn"]
    assert (code, package["ModelApprovalStatus"]) == (0, status)
    assert package["ApprovalDescription"] == f"better on new plans ({status.lower()} by {caller})"
    assert output.out.startswith(f"package churn/1: {package['ApprovalDescription']}\n")


def test_an_answer_can_be_changed_and_is_not_given_twice(run, packages, aws):
    arn = packages()
    run("--approve", arn, "--reason", "good")
    code, output = run("--approve", arn, "--reason", "very good")
    assert code == 1
    assert "error: churn/1 is Approved already (good (approved by" in output.err
    assert run("--reject", arn, "--reason", "it was rolled back")[0] == 0
    assert aws("sagemaker").describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Rejected"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--approve churn/1", "--approve needs a reason"),
        ("--approve churn/1 --reason=", "--approve needs a reason"),
        ("--reason why", "--reason goes with --approve or --reject only"),
        ("--approve churn --reason why", "'churn' is no package: write churn/7, or an ARN"),
        ("--approve= --reason why", "'' is no package"),
        (f"--reject churn/1 --reason {'x' * 301}", "the reason has 301 characters, and 300 are kept"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(run, words, sentence):
    code, output = run(*words.split())
    assert code == 2
    assert f"error: {sentence}" in output.err


def test_a_package_that_is_not_there_is_a_sentence(run):
    code, output = run("--approve", "churn/9", "--reason", "why")
    assert (code, len(output.err.splitlines())) == (1, 1)


RELEASE = pending.PendingRelease("arn:model-package/churn/1", "e", None, "?", "Approval", "Approve", "t", 0)


@pytest.mark.parametrize("name", ["ApprovalAlreadyCompletedException", "InvalidApprovalTokenException"])
def test_of_two_answers_at_once_the_second_is_a_sentence(context, aws, name):
    codepipeline = aws("codepipeline")
    error = getattr(codepipeline.exceptions, name)({"Error": {"Code": name, "Message": ""}}, "PutApprovalResult")
    late = SimpleNamespace(exceptions=codepipeline.exceptions, put_approval_result=lambda **_: raised(error))
    with pytest.raises(Problem, match="somebody else has answered at churn-local-deploy meanwhile"):
        approve._answer_release(context.settings, lambda _: late, RELEASE, {})


def raised(error):
    raise error
