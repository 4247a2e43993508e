"""The checks of a pipeline's declaration."""

from __future__ import annotations

from typing import Any

import pytest
from support.pipeline_declarations import action, approval, build, declare, source, stage, unless

from localcloud.services.codepipeline.structure import problems

OTHER = action("Other", "Deploy", "CodeDeploy", configuration={})
FOREIGN = {"gitConfiguration": {"sourceActionName": "Source"}}
CONNECTED = {"ConnectionArn": "arn:x", "FullRepositoryId": "a/b", "BranchName": "main"}


def check(declaration: dict[str, Any]) -> list[tuple[str, str]]:
    return list(problems(declaration, "eu-west-1"))


def test_a_valid_declaration_has_no_problems() -> None:
    declaration = declare(
        stage(
            "Build",
            build("One", {"COMMIT": "#{Src.CommitId}", "ID": "#{codepipeline.PipelineExecutionId}"}, namespace="One"),
            build("Two", {"MODE": "#{variables.MODE}", "X": "#{One.X}"}, runOrder=2, outputs=["Two"]),
        ),
        stage("Approve", approval(configuration={"CustomData": "#{One.RESULT}"}), **unless("#{One.RESULT}")),
        variables=[{"name": "MODE", "defaultValue": "all"}],
    )
    assert check(declaration) == []


@pytest.mark.parametrize(
    ("declaration", "code", "sentence"),
    [
        (declare(), "Structure", "at least 2 stages"),
        (declare(stage("A", approval()), artifactStores={}), "Structure", "either artifactStore or artifactStores"),
        (declare(stage("A", approval()), pipelineType="V1"), "Structure", "executionMode is only for pipelines of"),
        (declare(stage("A", approval()), stage("A", approval())), "Structure", "stage name A is used twice"),
        (declare(stage("A", source())), "Structure", "only the first stage may and must have Source actions"),
        (declare(stage("Source", approval()), stage("A", approval())), "Structure", "may and must have Source"),
        (declare(stage("A", approval(), approval())), "Structure", "action of stage A name Approve is used twice"),
        (declare(stage("A", build(inputs=["Nothing"]))), "Structure", "is not produced by an earlier one"),
        (declare(stage("A", build(outputs=["Source"]))), "Structure", "Source is used twice"),
        (declare(stage("A", build(inputs=[]))), "Action", "has 0 inputArtifacts"),
        (declare(stage("A", approval(outputs=["X"]))), "Action", "has 1 outputArtifacts"),
        (declare(stage("A", build(namespace="Src"))), "Action", "namespace Src of action Build is used already"),
        (declare(stage("A", build(namespace="variables"))), "Action", "namespace variables"),
        (declare(stage("A", build("B", {"A": "#{Later.X}"}))), "Action", "refers to #{Later.X}"),
        (declare(stage("A", build("B", {"A": "#{variables.X}"}))), "Action", "refers to #{variables.X}"),
        (declare(stage("A", build("B", {"A": "#{codepipeline.X}"}))), "Action", "refers to #{codepipeline.X}"),
        (
            declare(stage("A", build("B", {"A": "#{C.X}"}), build("C", namespace="C"))),
            "Action",
            "refers to #{C.X}",
        ),
        (declare(stage("A", build(configuration={"Nme": "x"}))), "Action", "unknown configuration 'Nme'"),
        (declare(stage("A", action("B", "Build", "CodeBuild", inputs=["Source"]))), "Action", "missing required"),
        (declare(stage("A", build(configuration={"ProjectName": "x" * 1001}))), "Action", "longer than 1000"),
        (declare(stage("A", build(configuration={"EnvironmentVariables": "A=1"}))), "Action", "must be JSON"),
        (declare(stage("A", build("B", {"A": 1}))), "Action", "the values strings"),
        (declare(stage("A", action("X", "Deploy", "Manual"))), "Action", "Category: 'Deploy', Provider: 'Manual'"),
        (declare(stage("A", OTHER)), "NotImplemented", "not AWS Deploy CodeDeploy 1"),
        (declare(stage("A", approval(), onSuccess={"conditions": []})), "NotImplemented", "onSuccess of stage A"),
        (declare(stage("A", approval(), **unless("#{Src.X}", result="FAIL"))), "NotImplemented", "not FAIL"),
        (declare(stage("A", approval(), **unless("#{Src.X}", provider="LambdaInvoke"))), "NotImplemented", "Lambda"),
        (declare(stage("A", approval(), **unless("#{Src.X}", provider="Commands"))), "Stage", "can skip a stage"),
        (declare(stage("A", approval(), **unless("#{Src.X}", Operator="IS"))), "Stage", "Operator (EQ, NE,"),
        (declare(stage("A", approval(), **unless("#{B.X}"))), "Action", "Rule OnlyIf refers to #{B.X}"),
        (declare(stage("A", build(namespace="B"), **unless("#{B.X}"))), "Action", "Rule OnlyIf refers to #{B.X}"),
        (declare(stage("A", approval()), triggers=[FOREIGN]), "Structure", "not an action with a connection"),
    ],
)
def test_an_invalid_declaration(declaration: dict[str, Any], code: str, sentence: str) -> None:
    reported = check(declaration)
    assert any(code in kind and sentence in text for kind, text in reported), reported


def test_several_inputs_need_a_primary_source() -> None:
    first = build("First", outputs=["First"])
    for primary, valid in (({}, False), ({"PrimarySource": "Source"}, True), ({"PrimarySource": "No"}, False)):
        second = build("Second", inputs=["Source", "First"], runOrder=2, configuration=primary)
        assert (check(declare(stage("A", first, second))) == []) is valid


def test_a_push_filter_has_tags_or_branches() -> None:
    connected = action("Source", "Source", "CodeStarSourceConnection", configuration=CONNECTED, outputs=["Source"])
    push = {"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}
    git = {"sourceActionName": "Source", "push": [push]}
    triggers = [{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}]
    ((_, sentence),) = check(declare(stage("Source", connected), stage("A", approval()), triggers=triggers))
    assert "either tags, or branches" in sentence
