"""What CodePipeline refuses of a declaration."""

from __future__ import annotations

from typing import Any

import pytest
from support.pipeline_declarations import action, approval, build, declared, source, stage

from localcloud.services.codepipeline.structure import problems

OTHER = action("Other", "Deploy", "CodeDeploy", configuration={})
FOREIGN = {"gitConfiguration": {"sourceActionName": "Source"}}
CONNECTED = {"ConnectionArn": "arn:x", "FullRepositoryId": "a/b", "BranchName": "main"}


def found(declaration: dict[str, Any]) -> list[tuple[str, str]]:
    return list(problems(declaration, "eu-west-1"))


def test_a_good_one_has_no_problems() -> None:
    declaration = declared(
        stage(
            "Build",
            build("One", {"COMMIT": "#{Src.CommitId}", "ID": "#{codepipeline.PipelineExecutionId}"}, namespace="One"),
            build("Two", {"MODE": "#{variables.MODE}", "X": "#{One.X}"}, runOrder=2, outputs=["Two"]),
        ),
        stage("Approve", approval(configuration={"CustomData": "#{One.RESULT}"})),
        variables=[{"name": "MODE", "defaultValue": "all"}],
    )
    assert found(declaration) == []


@pytest.mark.parametrize(
    ("declaration", "code", "sentence"),
    [
        (declared(), "Structure", "at least 2 stages"),
        (declared(stage("A", approval()), artifactStores={}), "Structure", "either artifactStore or artifactStores"),
        (declared(stage("A", approval()), pipelineType="V1"), "Structure", "executionMode is only for pipelines of"),
        (declared(stage("A", approval()), stage("A", approval())), "Structure", "stage name A is used twice"),
        (declared(stage("A", source())), "Structure", "only the first stage may and must have Source actions"),
        (declared(stage("Source", approval()), stage("A", approval())), "Structure", "may and must have Source"),
        (declared(stage("A", approval(), approval())), "Structure", "action of stage A name Approve is used twice"),
        (declared(stage("A", build(inputs=["Nothing"]))), "Structure", "is not produced by an earlier one"),
        (declared(stage("A", build(outputs=["Source"]))), "Structure", "Source is used twice"),
        (declared(stage("A", build(inputs=[]))), "Action", "has 0 inputArtifacts"),
        (declared(stage("A", approval(outputs=["X"]))), "Action", "has 1 outputArtifacts"),
        (declared(stage("A", build(namespace="Src"))), "Action", "namespace Src of action Build is used already"),
        (declared(stage("A", build(namespace="variables"))), "Action", "namespace variables"),
        (declared(stage("A", build("B", {"A": "#{Later.X}"}))), "Action", "refers to #{Later.X}"),
        (declared(stage("A", build("B", {"A": "#{variables.X}"}))), "Action", "refers to #{variables.X}"),
        (declared(stage("A", build("B", {"A": "#{codepipeline.X}"}))), "Action", "refers to #{codepipeline.X}"),
        (
            declared(stage("A", build("B", {"A": "#{C.X}"}), build("C", namespace="C"))),
            "Action",
            "refers to #{C.X}",
        ),
        (declared(stage("A", build(configuration={"Nme": "x"}))), "Action", "unknown configuration 'Nme'"),
        (declared(stage("A", action("B", "Build", "CodeBuild", inputs=["Source"]))), "Action", "missing required"),
        (declared(stage("A", build(configuration={"ProjectName": "x" * 1001}))), "Action", "longer than 1000"),
        (declared(stage("A", build(configuration={"EnvironmentVariables": "A=1"}))), "Action", "must be JSON"),
        (declared(stage("A", build("B", {"A": 1}))), "Action", "the values strings"),
        (declared(stage("A", action("X", "Deploy", "Manual"))), "Action", "Category: 'Deploy', Provider: 'Manual'"),
        (declared(stage("A", OTHER)), "NotImplemented", "not AWS Deploy CodeDeploy 1"),
        (declared(stage("A", approval(), beforeEntry={"conditions": []})), "NotImplemented", "Conditions"),
        (declared(stage("A", approval()), triggers=[FOREIGN]), "Structure", "not an action with a connection"),
    ],
)
def test_what_is_wrong_is_named(declaration: dict[str, Any], code: str, sentence: str) -> None:
    told = found(declaration)
    assert [one for one in told if code in one[0] and sentence in one[1]], told


def test_several_inputs_need_a_primary_one() -> None:
    first = build("First", outputs=["First"])
    for primary, right in (({}, False), ({"PrimarySource": "Source"}, True), ({"PrimarySource": "No"}, False)):
        second = build("Second", inputs=["Source", "First"], runOrder=2, configuration=primary)
        assert (found(declared(stage("A", first, second))) == []) is right


def test_a_push_filter_has_tags_or_branches() -> None:
    connected = action("Source", "Source", "CodeStarSourceConnection", configuration=CONNECTED, outputs=["Source"])
    push = {"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}
    git = {"sourceActionName": "Source", "push": [push]}
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    ((_, sentence),) = found(declared(stage("Source", connected), stage("A", approval()), triggers=triggers))
    assert "either tags, or branches" in sentence
