"""Approving, rejecting, editing: what deploys, what does not, and that it is the very package that was approved."""

from __future__ import annotations

import pytest

from tests.story.delivery.delivery import Delivery, wait_until
from tests.story.delivery.models import Registry
from tests.story.permissions import record

pytestmark = pytest.mark.roles

STAGES = {"Source/Source", "Fetch/Fetch", "Plan/Plan", "Staging/Deploy", "Staging/Smoke", "Staging/Compare"}
STAGES |= {"Approval/Approve"}
PRODUCTION = {"Production/Deploy", "Production/Verify"}


@pytest.fixture(scope="module")
def registry(delivery: Delivery) -> Registry:
    local = delivery.checkout.config / "local.toml"
    local.write_text(local.read_text().replace("[delivery]\n", "[delivery]\nmax_changed_labels = 0.1\n"))
    return delivery.registry()


@pytest.fixture(scope="module")
def packages(delivery: Delivery, registry: Registry) -> list[str]:
    """Four versions that wait for an approval, and a newer approved one."""
    pending = [registry.register() for _ in range(4)]
    delivery.approve_without_event(registry.register())
    return pending


def test_an_older_version_that_is_approved_is_the_one_that_ships(delivery: Delivery, packages: list[str]) -> None:
    older = packages[1]
    done = delivery.run("release.approve", "--env", "local", "--approve", "churn/2", "--reason", "the older one")
    assert not done.returncode, done.stdout + done.stderr
    delivery.settle()
    (execution,) = delivery.executions("deploy")
    output = delivery.answer_by_command(execution, "approve", older, "it is good on staging")
    caller = delivery.aws("sts").get_caller_identity()["Arn"]
    assert f"release of churn/2 to production: it is good on staging (approved by {caller})\n" in output
    assert delivery.wait_for_end("deploy", execution) == "Succeeded", delivery.build_output("deploy", execution)
    assert delivery.outcomes("deploy", execution) == dict.fromkeys(STAGES | PRODUCTION, "Succeeded")
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (older, older)
    assert delivery.invoke("prod") == "yes,0.02"
    (question,) = delivery.approval_requests()
    sagemaker = delivery.aws("sagemaker")
    commit = sagemaker.describe_model_package(ModelPackageName=older)["CustomerMetadataProperties"]["git_commit"]
    assert question.startswith(
        f"Release churn/2 to churn-prod? auc 0.8200, champion 0.8000 (+0.0200). "
        f"No live model to compare predictions with. Commit {commit}."
    )
    assert delivery.failures() == []


NOTHING_TO_DO = dict.fromkeys(("Source/Source", "Fetch/Fetch", "Plan/Plan"), "Succeeded")


def start(delivery: Delivery, package: str) -> str:
    """As an event with another id does, or a person."""
    variables = [{"name": "MODEL_PACKAGE_ARN", "value": package}]
    response = delivery.aws("codepipeline").start_pipeline_execution(name="churn-local-deploy", variables=variables)
    return str(response["pipelineExecutionId"])


@pytest.mark.planted
def test_a_package_that_is_live_needs_no_approval(delivery: Delivery, packages: list[str]) -> None:
    again = start(delivery, packages[1])
    assert delivery.wait_for_end("deploy", again) == "Succeeded", delivery.build_output("deploy", again)
    assert delivery.outcomes("deploy", again) == NOTHING_TO_DO
    assert (len(delivery.approval_requests()), delivery.failures()) == (1, [])


def test_a_rejection_deploys_nothing(delivery: Delivery, packages: list[str]) -> None:
    before = delivery.executions("deploy")
    delivery.approve(packages[0], "Rejected")
    delivery.approve(packages[1], "Rejected")  # which is live: to take it back is another request
    assert delivery.executions("deploy") == before
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (packages[1], packages[1])


def test_an_edit_of_an_approved_package_deploys_nothing(delivery: Delivery, packages: list[str]) -> None:
    delivery.approve_without_event(packages[1])
    before = delivery.executions("deploy")
    sagemaker = delivery.aws("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=packages[1], CustomerMetadataProperties={"note": "later"})
    sagemaker.update_model_package(ModelPackageArn=packages[1], ApprovalDescription="for the record")
    delivery.settle()
    assert delivery.executions("deploy") == before


def test_the_same_event_twice_is_one_deployment_and_a_rejected_approval_ends_it_at_staging(
    delivery: Delivery, packages: list[str]
) -> None:
    before = delivery.executions("deploy")
    for _ in range(20):
        delivery.invoke("prod")  # some are captured, and both models answer them again
    delivery.cloud.faults.duplicate("SageMaker Model Package State Change")
    delivery.approve(packages[2])
    assert delivery.cloud.faults.show()["events"] == {}  # it was delivered twice
    (execution,) = set(delivery.executions("deploy")) - set(before)
    repeated = start(delivery, packages[2])
    wait_until(lambda: "Plan/Plan" in delivery.outcomes("deploy", repeated))
    wait_until(lambda: len(delivery.approval_requests()) == 2)
    listed = delivery.run("release.approve", "--env", "local").stdout
    assert "to staging: 1\nchurn/4\n" in listed  # the first was rejected above
    assert "of production: 1\nchurn/3\n" in listed
    assert "question   Release churn/3 to churn-prod? auc 0.8300" in listed
    (question,) = (each for each in delivery.approval_requests() if each.startswith("Release churn/3"))
    assert "0 labels differ from the live churn/2 (0.0%); scores shift by +0.01, at most by 0.01." in question
    place = question.partition("In full: s3://")[2].partition(" ")[0].rstrip(".")
    bucket, _, key = place.partition("/")
    text = delivery.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert text.startswith("churn/3 against the live churn/2\n")
    output = delivery.answer_by_command(execution, "reject", packages[2], "too many false alarms")
    assert "production stays as it is; the package stays approved" in output
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    assert delivery.wait_for_end("deploy", repeated) == "Succeeded", delivery.build_output("deploy", repeated)
    assert delivery.outcomes("deploy", repeated) == NOTHING_TO_DO
    assert f"execution {execution} is releasing {packages[2]}" in delivery.build_output("deploy", repeated)
    assert len(delivery.approval_requests()) == 2
    assert delivery.outcomes("deploy", execution) == dict.fromkeys(STAGES, "Succeeded") | {"Approval/Approve": "Failed"}
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (packages[2], packages[1])
    assert delivery.invoke("prod") == "yes,0.02"
    assert delivery.failures() == []
    (notice,) = (text for text in delivery.messages() if text.startswith('"what     a release was not approved'))
    assert "why      too many false alarms (rejected by arn:aws:" in notice
    assert f"execution {execution} of churn-local-deploy" in notice


def test_two_approvals_at_once_go_one_after_the_other_and_none_is_dropped(
    delivery: Delivery, packages: list[str]
) -> None:
    before = delivery.executions("deploy")
    delivery.approve(packages[3])
    delivery.approve(packages[0])
    first, second = delivery.executions("deploy")[len(before) :]
    delivery.answer_approval(first, "Approved")
    delivery.answer_approval(second, "Approved")
    for execution in (first, second):
        assert delivery.wait_for_end("deploy", execution) == "Succeeded", delivery.build_output("deploy", execution)
    for stage in ("Staging", "Approval", "Production"):
        assert delivery.span(first, stage)[1] <= delivery.span(second, stage)[0]
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (packages[0], packages[0])
    assert delivery.invoke("prod") == "yes,0.01"


@pytest.mark.planted
def test_a_model_that_changes_more_labels_than_the_setting_allows_asks_nobody(
    delivery: Delivery, registry: Registry, packages: list[str]
) -> None:
    """Planted: its answers have the right shape, codes and times, and every label is the other one."""
    questions = len(delivery.approval_requests())
    delivery.approve(registry.register(label="no"))
    execution = delivery.executions("deploy")[-1]
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    outcomes = delivery.outcomes("deploy", execution)
    assert (outcomes["Staging/Smoke"], outcomes["Staging/Compare"]) == ("Succeeded", "Failed")
    assert "Approval/Approve" not in outcomes
    output = delivery.build_output("deploy", execution)
    assert "100.0% of the answers differ from the live model's, more than the 10.0% of delivery.max_changed" in output
    assert len(delivery.approval_requests()) == questions
    assert (delivery.live_package("prod"), delivery.invoke("prod")) == (packages[0], "yes,0.01")


def test_with_automatic_approval_a_package_that_meets_the_limits_is_released_to_staging_and_no_other(
    delivery: Delivery, registry: Registry, packages: list[str]
) -> None:
    local, before = delivery.checkout.config / "local.toml", delivery.executions("deploy")
    limits = "enabled = true\nmetric_limit = 0.88\nminimum_improvement = 0.075\n"
    local.write_text(f"{local.read_text()}\n[automatic_approval]\n{limits}")
    assert "automatic-approval" in delivery.bootstrap()
    sagemaker = delivery.aws("sagemaker")

    def decision(package: str) -> tuple[str, str]:
        described = sagemaker.describe_model_package(ModelPackageName=package)
        return described["ModelApprovalStatus"], described.get("ApprovalDescription", "")

    worse, better = registry.register(), registry.register()  # 0.87 and 0.88
    status, reason = wait_until(lambda: decision(worse) if decision(worse)[1] else None)
    assert (status, reason) == (
        "PendingManualApproval",
        "waits for a person: auc 0.8700, limit 0.88: not good enough",
    )
    status, reason = wait_until(lambda: decision(better) if decision(better)[1] else None)
    assert status == "Approved"
    assert reason.startswith("approved automatically: auc 0.8800, limit 0.88; better than the champion by 0.0800")
    wait_until(lambda: any(each.startswith("Release churn/8 ") for each in delivery.approval_requests()))
    (execution,) = set(delivery.executions("deploy")) - set(before)  # and production waits for a person
    delivery.answer_approval(execution, "Rejected")
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    record(delivery.cloud, __name__)  # the stack goes, and its roles
    local.write_text(local.read_text().replace("enabled = true", "enabled = false"))
    assert "automatic-approval: it is off" in delivery.bootstrap()
    waiting = registry.register()
    delivery.settle()
    assert decision(waiting) == ("PendingManualApproval", "")
