"""Requests are validated as by AWS; each problem is reported with its path."""

import copy

import pytest

from localcloud.core.request_validation import python_pattern, request_problems

JOB = {
    "ProcessingJobName": "preprocess-1",
    "RoleArn": "arn:aws:iam::111122223333:role/churn",
    "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3"]},
    "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}},
    "Environment": {"A_B": "x"},
    "Tags": [{"Key": "team", "Value": "büro 7"}],
}


def problems(request, opaque=lambda node: isinstance(node, dict) and node.keys() == {"Get"}):
    return request_problems("sagemaker", "CreateProcessingJob", request, opaque)


def change(path, value):
    request = copy.deepcopy(JOB)
    *parents, last = path
    place = request
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return request


CLUSTER = ("ProcessingResources", "ClusterConfig")


def test_a_valid_request_has_no_problems():
    assert problems(JOB) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("RoleArn",), None, "CreateProcessingJob: RoleArn is missing"),
        (("Rolearn",), "x", "CreateProcessingJob: Rolearn is unknown"),
        (("Tags",), [{"Key": "", "Value": ""}], "Tags[0].Key: 0 characters, at least 1 needed"),
        (("RoleArn",), "arn:aws:iam::111122223333:user/churn", "does not match"),
        (("ProcessingJobName",), "a_b", "ProcessingJobName: 'a_b' does not match"),
        (("ProcessingJobName",), "a\n", "ProcessingJobName: 'a\\n' does not match"),
        (("ProcessingJobName",), 7, "ProcessingJobName: 7 is not a string"),
        ((*CLUSTER, "InstanceCount"), "1", "InstanceCount: '1' is not an integer"),
        ((*CLUSTER, "InstanceCount"), True, "InstanceCount: True is not an integer"),
        ((*CLUSTER, "InstanceCount"), 0, "InstanceCount: 0, at least 1 needed"),
        ((*CLUSTER, "InstanceCount"), 101, "InstanceCount: 101, at most 100 allowed"),
        ((*CLUSTER, "InstanceType"), "ml.m5.tiny", "'ml.m5.tiny' is not one of the"),
        (("AppSpecification", "ContainerArguments"), ["x"] * 101, "ContainerArguments: 101 entries, at most 100"),
        (
            ("AppSpecification", "ContainerArguments"),
            ["x", "y" * 257],
            "ContainerArguments[1]: 257 characters, at most",
        ),
        (("AppSpecification", "ContainerArguments"), "x", "ContainerArguments: 'x' is not a list"),
        (("AppSpecification",), "x", "AppSpecification: 'x' is not a structure"),
        (("Environment",), {"1A": "x"}, "Environment (the key '1A'): '1A' does not match"),
        (("Environment",), {"A": 1}, "Environment['A']: 1 is not a string"),
        (("Environment",), {f"A{number}": "" for number in range(101)}, "Environment: 101 entries, at most 100"),
        (("Tags",), [{"Key": "team!", "Value": ""}], "Tags[0].Key: 'team!' does not match"),
        (("NetworkConfig",), {"EnableNetworkIsolation": "true"}, "EnableNetworkIsolation: 'true' is not a boolean"),
    ],
)
def test_each_problem_is_reported(path, value, message):
    (problem,) = problems(change(path, value))
    assert message in problem


def test_all_problems_are_reported_at_once():
    assert len(problems(change(("RoleArn",), None) | {"Odd": 1, "Tags": 1})) == 3


def test_a_union_takes_exactly_one_member():
    def update(value):
        return request_problems("bedrock-agent", "CreatePrompt", {"name": "x", "variants": [value]})

    variant = {"name": "v", "templateType": "TEXT", "templateConfiguration": {"text": {"text": "hi"}}}
    assert update(variant) == []
    (problem,) = update(variant | {"templateConfiguration": {}})
    assert "exactly one of text, chat must be given" in problem


def test_a_reference_replaces_texts_and_numbers_only():
    reference = {"Get": "Parameters.X"}
    assert problems(change((*CLUSTER, "InstanceCount"), reference)) == []
    assert problems(change((*CLUSTER, "InstanceType"), reference)) == []
    assert problems(change(CLUSTER, reference)) == [
        "CreateProcessingJob.ProcessingResources.ClusterConfig: a reference cannot stand for a structure"
    ]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}", "Größe ½ a_b=1", "a!"),
        (r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*", "née 😀 § (x)", "a\tb"),
        (r"arn:[\p{Alnum}\-]+:lambda", "arn:aws-cn:lambda", "arn:aws_cn:lambda"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "a\t😀", "a\nb"),
        (r"\A\S[\p{Print}]*\z", "a b", " a"),
        (r"[a-z]+", "abc", "abc1"),
    ],
)
def test_java_s_patterns_in_python(pattern, matching, other):
    compiled = python_pattern(pattern)
    assert compiled.fullmatch(matching)
    assert not compiled.fullmatch(other)


def test_a_pattern_that_python_cannot_express_is_not_checked():
    assert python_pattern(r"[\w-\/]") is None


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"\p{ASCII}*", "text/csv", "é"),
        (r"[\p{L}\p{N}_]+", "aé1_", "a-b"),
        (r"\p{L}+\]", "é]", "1]"),
        (r"[^\p{Alnum}]", "-", "a"),
    ],
)
def test_java_s_named_characters_inside_and_outside_of_classes(pattern, matching, other):
    assert python_pattern(pattern).fullmatch(matching)
    assert not python_pattern(pattern).fullmatch(other)
