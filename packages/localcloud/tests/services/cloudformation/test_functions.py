"""The functions of templates, in short and full form, and the parser of templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.evaluator import NO_VALUE, Evaluator, Lookups
from localcloud.services.cloudformation.function_syntax import function_calls
from localcloud.services.cloudformation.functions import CONDITION_FUNCTIONS, FUNCTIONS
from localcloud.services.cloudformation.template_text import parse

TEMPLATE = """
Mappings: {Sizes: {dev: {cpu: 1, list: [a, b]}}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  NotDev: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Not [!Condition NotDev]]
  Either: !Or [!Condition NotDev, !Equals ["1", 1]]
  Nested: {"Fn::And": [{Condition: IsDev}, {"Fn::Or": [{Condition: NotDev}, {Condition: Both}]}]}
"""


@pytest.fixture
def evaluate() -> Evaluator:
    template = parse(TEMPLATE)
    lookups = Lookups(
        ref=lambda name: f"id-of-{name}",
        attribute=lambda name, attribute: f"{attribute}-of-{name}",
        import_value=lambda name: f"exported-{name}",
    )
    return Evaluator(
        FUNCTIONS,
        CONDITION_FUNCTIONS,
        lookups,
        values={"Stage": "dev", "List": ["x", "y"], "AWS::NoValue": NO_VALUE, "AWS::Region": "eu-west-1"},
        conditions=template["Conditions"],
        mappings=template["Mappings"],
        zones=lambda region: [f"{region or 'here'}a"],
        extensions=True,
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Bucket", "id-of-Bucket"),
        ("!GetAtt Bucket.Arn", "Arn-of-Bucket"),
        ("!GetAtt Bucket.Outputs.Deep", "Outputs.Deep-of-Bucket"),
        ('{"Fn::GetAtt": [Bucket, Arn]}', "Arn-of-Bucket"),
        ('!Sub "${Stage}-${Bucket.Arn}-${!Literal}-${AWS::Region}"', "dev-Arn-of-Bucket-${Literal}-eu-west-1"),
        ('!Sub ["${A}/${Stage}", {A: !Join ["-", [x, !Ref Stage]]}]', "x-dev/dev"),
        ('!Join [",", [a, 1, true, 2.5]]', "a,1,true,2.5"),
        ('!Join ["", !Ref List]', "xy"),
        ("!Select [1, [a, b]]", "b"),
        ('!Select ["0", !Split [".", "p.q"]]', "p"),
        ("!If [IsDev, 1, 2]", 1),
        ("!If [NotDev, 1, 2]", 2),
        ("[1, !If [NotDev, 3, !Ref 'AWS::NoValue']]", [1]),
        ("{a: !If [NotDev, 3, !Ref 'AWS::NoValue'], b: 2}", {"b": 2}),
        ("!FindInMap [Sizes, !Ref Stage, cpu]", 1),
        ('!FindInMap [Sizes, prod, cpu, {DefaultValue: "9"}]', "9"),
        ('!ImportValue {"Fn::Sub": "${Stage}-Key"}', "exported-dev-Key"),
        ("!Base64 abc", "YWJj"),
        ('!GetAZs ""', ["herea"]),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ('{"Fn::Length": [1, 2]}', 2),
        ('{"Fn::ToJsonString": {a: !Ref Stage}}', '{"a":"dev"}'),
        ("{Condition: {StringEquals: {a: !Ref Stage}}}", {"Condition": {"StringEquals": {"a": "dev"}}}),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_values(evaluate: Evaluator, text: str, value: Any) -> None:
    assert evaluate(parse(f"Value: {text}")["Value"]) == value


@pytest.mark.parametrize(("name", "holds"), [("IsDev", 1), ("NotDev", 0), ("Both", 1), ("Either", 1), ("Nested", 1)])
def test_conditions(evaluate: Evaluator, name: str, holds: int) -> None:
    assert evaluate.holds(name) is bool(holds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!Select [2, [a, b]]", "nonexistent value at index 2"),
        ("!Select [-1, [a, b]]", "nonexistent value at index -1"),
        ("!FindInMap [Sizes, prod, cpu]", "Unable to get mapping for Sizes::prod::cpu"),
        ("!Join [a]", "Fn::Join needs a list of 2"),
        ("!Nothing a", "unsupported function: Fn::Nothing"),
        ("!If [Unknown, 1, 2]", "Unresolved condition dependency Unknown"),
        ("!Cidr [10.0.0.0/30, 3, 1]", "no 3 networks"),
        ("!Cidr [nonsense, 1]", "Fn::Cidr"),
        ("!Cidr [10.0.0.0/16, ~]", "Fn::Cidr"),
        ('!Split ["", a]', "Fn::Split needs a delimiter"),
        ("!Select [0, {a: b}]", "nonexistent value at index 0"),
        ("!Select [0, !Ref AWS::NoValue]", "Fn::Select needs a list of 2"),
        ('!Join ["", [{a: 1}]]', "expected a string, not"),
        ("!Sub [x]", "don't specify expected arguments"),
    ],
)
def test_refused(evaluate: Evaluator, text: str, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        evaluate(parse(f"Value: {text}")["Value"])


def test_extensions_need_their_transform(evaluate: Evaluator) -> None:
    evaluate.extensions = False
    with pytest.raises(Refusal, match="AWS::LanguageExtensions"):
        evaluate({"Fn::Length": [1]})


def test_circular_conditions_are_refused(evaluate: Evaluator) -> None:
    evaluate.conditions = {"A": {"Condition": "B"}, "B": {"Condition": "A"}}
    with pytest.raises(Refusal, match="Circular"):
        evaluate.holds("A")


def test_calls_of_the_selected_branches(evaluate: Evaluator) -> None:
    value = parse('Value: !If [IsDev, !Sub "${A}${B.Arn}${!C}", !Ref D]')["Value"]
    assert list(function_calls(value, evaluate.branch))[1:] == [("Ref", "A"), ("Fn::GetAtt", ["B", "Arn"])]
    assert ("Ref", "D") in list(function_calls(value))


def test_json_and_yaml_are_equivalent() -> None:
    yaml = parse("Resources: {A: {Type: T, Properties: {X: !GetAtt B.Arn, Y: [!Ref C]}}}")
    long = '{"Resources": {"A": {"Type": "T", "Properties": {"X": {"Fn::GetAtt": ["B", "Arn"]}, "Y": [{"Ref": "C"}]}}}}'
    assert yaml == parse(long)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "YAML not well-formed"),
        ("a: 1\na: 2", "'a' occurs twice"),
        ('{"a": 1, "a": 2}', "'a' occurs twice"),
        ("a: &x 1\nb: *x", "aliases are not allowed"),
        ("- a", "unsupported structure"),
        ("", "unsupported structure"),
    ],
)
def test_invalid_text(text: str, message: str) -> None:
    with pytest.raises(Refusal, match=message):
        parse(text)


def test_cfn_lint_is_not_imported() -> None:
    """It takes seconds."""
    import subprocess
    import sys

    code = "import sys, localcloud.services.cloudformation.service; sys.exit('cfnlint' in sys.modules)"
    root = Path(__file__).parents[5]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60, check=False).returncode == 0
