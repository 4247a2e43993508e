"""Approving, rejecting, editing: what deploys, what does not, and that it is the very package that was approved."""

from __future__ import annotations

import pytest

from tests.story.delivery.office import Office

STAGES = {"Source/Source", "Plan/Plan", "Staging/Deploy", "Staging/Smoke", "Approval/Approve"}
PRODUCTION = {"Production/Deploy", "Production/Verify"}


@pytest.fixture(scope="module")
def packages(office: Office) -> list[str]:
    """Four versions that nobody has judged, and a newer one that is approved; the code that deploys them is there."""
    office.push_code_that_makes_no_model()
    registry = office.registry()
    found = [registry.register() for _ in range(4)]
    office.approve_unheard(registry.register())
    return found


def test_an_older_version_that_is_approved_is_the_one_that_ships(office: Office, packages: list[str]) -> None:
    older = packages[1]
    office.approve(older)
    (execution,) = office.executions("deploy")
    office.answer(execution, "Approved")
    assert office.ended("deploy", execution) == "Succeeded", office.told("deploy", execution)
    assert office.outcomes("deploy", execution) == dict.fromkeys(STAGES | PRODUCTION, "Succeeded")
    assert (office.live("staging"), office.live("prod")) == (older, older)
    assert office.ask("prod") == "yes,0.02"
    (question,) = office.questions()
    assert question.startswith("Release churn/2 to churn-prod? auc 0.8200, champion 0.8000 (+0.0200). Commit c0ffee2.")
    assert office.failures() == []


def test_a_rejection_deploys_nothing(office: Office, packages: list[str]) -> None:
    before = office.executions("deploy")
    office.approve(packages[0], "Rejected")
    office.approve(packages[1], "Rejected")  # the one that is live: taking it back is another request
    assert office.executions("deploy") == before
    assert (office.live("staging"), office.live("prod")) == (packages[1], packages[1])


def test_an_edit_of_an_approved_package_deploys_nothing(office: Office, packages: list[str]) -> None:
    office.approve_unheard(packages[1])
    before = office.executions("deploy")
    sagemaker = office.aws("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=packages[1], CustomerMetadataProperties={"note": "later"})
    sagemaker.update_model_package(ModelPackageArn=packages[1], ApprovalDescription="for the record")
    office.settle()
    assert office.executions("deploy") == before


def test_the_same_event_twice_is_one_deployment_and_a_no_to_production_ends_it_at_staging(
    office: Office, packages: list[str]
) -> None:
    before = office.executions("deploy")
    office.cloud.faults.duplicate("SageMaker Model Package State Change")
    office.approve(packages[2])
    assert office.cloud.faults.show()["events"] == {}  # it was delivered twice
    (execution,) = set(office.executions("deploy")) - set(before)
    office.answer(execution, "Rejected")
    assert office.ended("deploy", execution) == "Failed"
    assert office.outcomes("deploy", execution) == dict.fromkeys(STAGES, "Succeeded") | {"Approval/Approve": "Failed"}
    assert (office.live("staging"), office.live("prod")) == (packages[2], packages[1])
    assert office.ask("prod") == "yes,0.02"
    assert office.failures() == [("churn-local-deploy", execution)]


def test_two_approvals_at_once_go_one_after_the_other_and_none_is_dropped(office: Office, packages: list[str]) -> None:
    before = office.executions("deploy")
    office.approve(packages[3])
    office.approve(packages[0])
    first, second = office.executions("deploy")[len(before) :]
    office.answer(first, "Approved")
    office.answer(second, "Approved")
    for execution in (first, second):
        assert office.ended("deploy", execution) == "Succeeded", office.told("deploy", execution)
    for stage in ("Staging", "Approval", "Production"):
        assert office.span(first, stage)[1] <= office.span(second, stage)[0]
    assert (office.live("staging"), office.live("prod")) == (packages[0], packages[0])
    assert office.ask("prod") == "yes,0.01"
