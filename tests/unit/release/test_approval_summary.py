"""What a person reads before approving production, and which package it describes."""

import json
import subprocess

import pytest

from release import approval_summary

BUCKET = "churn-prod-000000000000-eu-west-1"
KEY = "churn/runs/1/evaluation.json"
GATE = {"metric": "auc", "value": 0.91234, "champion": 0.9, "shortfall": 0.0}


@pytest.fixture
def run(at, cloud, aws, capsys, monkeypatch):
    config = at(cloud)
    monkeypatch.setattr("aws.sessions.client", lambda _, service: aws(service))  # creating new ones takes long

    def run(*words):
        code = approval_summary.main(["--env", "prod", "--config", str(config), *words])
        return code, capsys.readouterr()

    return run


@pytest.fixture
def registered(aws):
    """Registers a package with an evaluation; returns its ARN."""
    s3, sagemaker = aws("s3"), aws("sagemaker")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")

    def register(content=None, status="Approved", **metadata):
        if content is not None:
            s3.put_object(Bucket=BUCKET, Key=KEY, Body=content if isinstance(content, bytes) else json.dumps(content))
        container = {"Image": "000000000000.dkr.ecr.eu-west-1.amazonaws.com/i", "ModelDataUrl": f"s3://{BUCKET}/m"}
        statistics = {"ContentType": "application/json", "S3Uri": f"s3://{BUCKET}/{KEY}"}
        return sagemaker.create_model_package(
            ModelPackageGroupName="churn",
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelMetrics={"ModelQuality": {"Statistics": statistics}},
            **({"CustomerMetadataProperties": metadata} if metadata else {}),
        )["ModelPackageArn"]

    return register


def shell(output):
    """The variables that a shell gets from it."""
    words = 'eval "$(cat)"; printf "%s\\n%s" "$RELEASE" "$SUMMARY"'
    result = subprocess.run(["bash", "-c", words], input=output, capture_output=True, text=True, check=True)
    return result.stdout.split("\n")


def test_version_metrics_champion_commit_and_report(run, registered):
    arn = registered({"gate": GATE}, git_commit="0123abc", report_uri="s3://b/report.html")
    code, output = run("--package", arn)
    assert code == 0
    assert shell(output.out) == [
        "yes",
        "Release churn/1 to churn-prod? auc 0.9123, champion 0.9000 (+0.0123). "
        "Commit 0123abc. Report: s3://b/report.html",
    ]


def test_a_comparison_on_the_same_rows_has_its_interval(run, registered):
    gate = GATE | {"rows": 1515, "difference_confidence_interval": [-0.001, 0.0256]}
    _, output = run("--package", registered({"gate": gate}))
    words = "champion 0.9000 (+0.0123, 95 % interval -0.0010 to +0.0256, on the same 1,515 rows). Commit"
    assert words in shell(output.out)[1]


def test_a_champion_that_cannot_score_the_rows_is_no_first_model(run, registered):
    _, output = run("--package", registered({"gate": GATE | {"champion": None, "comparison": "impossible"}}))
    assert "auc 0.9123, no champion to compare with: it cannot score the same rows. Commit" in shell(output.out)[1]


def test_a_first_model_has_no_champion(run, registered):
    _, output = run("--package", registered({"gate": GATE | {"champion": None}}))
    assert "auc 0.9123, no champion to compare with. Commit unknown. No report." in shell(output.out)[1]


@pytest.mark.parametrize("content", [None, b"{", b"[1]", b"{}", {"gate": {"metric": "auc", "value": "x"}}, {"gate": 1}])
def test_a_missing_evaluation_is_reported(run, registered, content):
    code, output = run("--package", registered(content))
    assert code == 0
    assert "No evaluation was found." in shell(output.out)[1]


def test_the_shell_never_runs_text_of_a_package(run, registered):
    _, output = run("--package", registered({"gate": GATE | {"metric": "$(echo bad)'; `echo bad`"}}))
    assert "$(echo bad)'; `echo bad` 0.9123" in shell(output.out)[1]


def test_the_summary_fits_into_an_actions_configuration(run, registered):
    _, output = run("--package", registered({"gate": GATE}, git_commit="c" * 200, report_uri="s3://" + "r" * 240))
    assert len(shell(output.out)[1]) <= 1000


def test_a_package_that_is_not_there_is_a_sentence(run):
    code, output = run("--package", "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/9")
    assert code == 1
    assert output.err.startswith("error: ")
    assert len(output.err.splitlines()) == 1
    assert output.out == ""
