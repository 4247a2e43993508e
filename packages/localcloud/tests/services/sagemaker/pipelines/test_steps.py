"""What each type of step does."""

import json

import pytest

from localcloud.core.refusal import Refusal


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


def test_a_processing_job_is_created_with_its_name_and_tags(runs, make):
    step = make.processing("my_step")
    step["Arguments"]["Tags"] = [{"Key": "project", "Value": "churn"}]
    arn = runs.start(make.body(step))
    (name,) = runs.jobs.running()
    assert name.startswith(f"pipelines-{arn[-12:]}-my-step-")
    assert runs.jobs.jobs[name]["Tags"] == [
        {"Key": "project", "Value": "churn"},
        {"Key": "sagemaker:pipeline-execution-arn", "Value": arn},
        {"Key": "sagemaker:pipeline-step-name", "Value": "my_step"},
    ]


def test_job_names_fit_and_differ(runs, make):
    runs.start(make.body(make.processing("x" * 64), make.processing("x" * 63)))
    first, second = runs.jobs.running()
    assert first != second
    assert max(len(first), len(second)) <= 63


def test_a_transform_is_a_transform_job(runs, make):
    arn = runs.start(make.body(make.transform("Predict")))
    runs.jobs.finish("Predict")
    assert runs.status(arn) == "Succeeded"
    assert ":transform-job/" in runs.steps(arn)["Predict"]["Metadata"]["TransformJob"]["Arn"]


def test_a_registration_creates_the_group_and_names_its_execution(runs, make):
    again = make.processing("Use", {"Get": "Steps.Register.ModelPackageArn"})
    arn = runs.start(make.body(make.register("Register"), again))
    (package,) = runs.registry.groups["churn"]
    assert package["MetadataProperties"] == {"GeneratedBy": arn}
    assert runs.steps(arn)["Register"]["Metadata"]["RegisterModel"]["Arn"] == package["ModelPackageArn"]
    used = runs.jobs.jobs[runs.jobs.of("Use")]["AppSpecification"]["ContainerArguments"]
    assert used == [package["ModelPackageArn"]]
    runs.start()
    assert len(runs.registry.groups["churn"]) == 2, "the group is there: a second version"


def test_an_operation_that_is_not_implemented_fails_its_step(runs, make):
    model = {
        "Name": "M",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": "arn:aws:iam::000000000000:role/churn-dev"},
    }
    arn = runs.start(make.body(model))
    assert "sagemaker.CreateModel is not implemented by localcloud" in runs.steps(arn)["M"]["FailureReason"]


@pytest.mark.parametrize(("message", "expected"), [("why", "why"), (None, "")])
def test_fail_fails_the_execution_with_its_message(runs, make, message, expected):
    arn = runs.start(make.body(make.fail("Stop", message)))
    step = runs.steps(arn)["Stop"]
    assert (runs.status(arn), step["StepStatus"], step.get("FailureReason", "")) == ("Failed", "Failed", expected)
    assert step["Metadata"]["Fail"]["ErrorMessage"] == expected


def test_a_fail_message_may_have_the_outcome_of_a_condition(runs, make):
    message = {"Std:Join": {"On": ": ", "Values": ["it is", {"Get": "Steps.Gate.Outcome"}, {"Get": "Parameters.P"}]}}
    body = make.body(
        make.condition("Gate", make.compare("Equals", 1, 2)),
        make.fail("Stop", message),
        parameters=[{"Name": "P", "Type": "Float", "DefaultValue": 0.5}],
    )
    arn = runs.start(body)
    assert runs.steps(arn)["Stop"]["FailureReason"] == "it is: false: 0.5"


GREATER = ("GreaterThan", 3, 2, True), ("GreaterThan", 2, 2, False), ("GreaterThanOrEqualTo", 2, 2, True)
LESS = ("LessThan", 1, 2, True), ("LessThan", 2, 2, False), ("LessThanOrEqualTo", 2, 2, True)


@pytest.mark.parametrize(
    ("kind", "left", "right", "expected"), [*GREATER, *LESS, ("Equals", "a", "a", True), ("Equals", 1, 2, False)]
)
def test_comparisons(runs, make, kind, left, right, expected):
    assert outcome(runs, make, make.compare(kind, left, right)) is expected


def outcome(runs, make, *conditions, **more):
    gate = make.condition("Gate", *conditions, then=[make.register("Yes")], otherwise=[make.register("No")])
    arn = runs.start(make.body(gate, **more))
    steps = runs.steps(arn)
    outcome = steps["Gate"]["Metadata"]["Condition"]["Outcome"]
    assert list(steps) == ["Gate", {"True": "Yes", "False": "No"}[outcome]], "one branch only"
    assert runs.status(arn) == "Succeeded"
    return outcome == "True"


def test_conditions_combine(runs, make):
    yes, no = make.compare("Equals", 1, 1), make.compare("Equals", 1, 2)
    assert outcome(runs, make, yes, yes)
    assert not outcome(runs, make, yes, no), "a list means all of them"
    assert outcome(runs, make, {"Type": "Or", "Conditions": [no, yes]})
    assert outcome(runs, make, {"Type": "Not", "Condition": {"Type": "Or", "Conditions": [no, no]}})
    among = {"Type": "In", "QueryValue": {"Get": "Parameters.P"}, "Values": ["a", {"Get": "Parameters.P"}]}
    assert outcome(runs, make, among, parameters=[{"Name": "P", "Type": "String", "DefaultValue": "b"}])


def test_a_comparison_that_makes_no_sense_fails_the_step(runs, make):
    arn = runs.start(make.body(make.condition("Gate", make.compare("LessThan", 1, "b"))))
    step = runs.steps(arn)["Gate"]
    assert (step["StepStatus"], step["FailureReason"][:12]) == ("Failed", "ClientError:")


def report(runs, aws, arn, content):
    aws("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = f"runs/{arn.rsplit('/', 1)[-1]}/report/metrics.json"
    aws("s3").put_object(Bucket="bucket", Key=key, Body=content)


@pytest.fixture
def judged(make):
    file = {"PropertyFileName": "Metrics", "OutputName": "report", "FilePath": "metrics.json"}
    auc = {
        "Std:JsonGet": {"PropertyFile": {"Get": "Steps.Judge.PropertyFiles.Metrics"}, "Path": "gate['auc'].value[1]"}
    }
    gate = make.condition("Gate", make.compare("GreaterThan", auc, 0.8), then=[make.register("Register")])
    return make.body(make.processing("Judge", outputs=["report"], PropertyFiles=[file]), gate)


def test_a_property_file_decides(runs, aws, judged):
    arn = runs.start(judged)
    report(runs, aws, arn, json.dumps({"gate": {"auc": {"value": [0, 0.9]}}}))
    runs.jobs.finish("Judge")
    assert runs.statuses(arn) == {"Judge": "Succeeded", "Gate": "Succeeded", "Register": "Succeeded"}


@pytest.mark.parametrize(
    ("content", "message"), [(None, "does not exist"), ("{", "cannot be read"), ('{"gate": {}}', "there is no 'auc'")]
)
def test_a_property_file_that_cannot_be_read_fails_the_condition(runs, aws, judged, content, message):
    arn = runs.start(judged)
    if content is not None:
        report(runs, aws, arn, content)
    runs.jobs.finish("Judge")
    assert runs.status(arn) == "Failed"
    assert message in runs.steps(arn)["Gate"]["FailureReason"]


def test_a_json_file_may_be_named_by_its_uri(runs, aws, make):
    arn_part = {"Get": "Execution.PipelineExecutionId"}
    place = {"Std:Join": {"On": "/", "Values": ["s3://bucket/runs", arn_part, "report/metrics.json"]}}
    number = {"Std:JsonGet": {"S3Uri": place, "Path": "n"}}
    gate = make.condition("Gate", make.compare("Equals", number, 7), DependsOn=["Work"])
    arn = runs.start(make.body(make.processing("Work"), gate))
    report(runs, aws, arn, '{"n": 7}')
    runs.jobs.finish("Work")
    assert runs.steps(arn)["Gate"]["Metadata"]["Condition"]["Outcome"] == "True"


def test_what_depends_on_a_condition_waits_for_its_branch(runs, make):
    inner = make.condition("Inner", make.compare("Equals", 1, 1), then=[make.processing("Deep")])
    gate = make.condition("Gate", make.compare("Equals", 1, 1), then=[inner], otherwise=[make.processing("Never")])
    after = make.processing("After", DependsOn=["Gate"])
    tells = make.processing("Tells", {"Std:Join": {"On": "", "Values": [{"Get": "Steps.Gate.Outcome"}]}})
    arn = runs.start(make.body(after, gate, tells))
    assert runs.statuses(arn) == {"Gate": "Succeeded", "Inner": "Succeeded", "Deep": "Executing", "Tells": "Executing"}
    runs.jobs.finish("Deep")
    assert runs.statuses(arn)["After"] == "Executing"
    runs.jobs.finish("After")
    runs.jobs.finish("Tells")
    assert runs.status(arn) == "Succeeded"


def test_what_depends_on_a_branch_not_taken_does_not_run(runs, make):
    gate = make.condition("Gate", make.compare("Equals", 1, 2), then=[make.processing("Yes")])
    arn = runs.start(make.body(gate, make.processing("After", DependsOn=["Yes"])))
    assert (runs.status(arn), runs.statuses(arn)) == ("Succeeded", {"Gate": "Succeeded"})


def test_a_step_of_a_branch_waits_for_what_it_names(runs, make):
    gate = make.condition("Gate", make.compare("Equals", 1, 1), then=[make.processing("In", DependsOn=["Out", "Gate"])])
    arn = runs.start(make.body(gate, make.processing("Out")))
    assert list(runs.statuses(arn)) == ["Gate", "Out"]
    runs.jobs.finish("Out")
    assert runs.statuses(arn)["In"] == "Executing"


def test_resolved_arguments_that_aws_would_refuse_fail_the_step(runs, make):
    step = make.processing("Work", {"Get": "Parameters.P"})
    body = make.body(step, parameters=[{"Name": "P", "Type": "String", "DefaultValue": "x"}])
    arn = runs.start(body, {"P": "y" * 300})
    reason = runs.steps(arn)["Work"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: ")
    assert "at most 256 allowed" in reason


def test_a_refused_job_fails_the_step(runs, make):
    runs.jobs.plan("CreateTrainingJob", Refusal("ValidationException", "No such image"))
    arn = runs.start(make.body(make.training("Fit")))
    reason = runs.steps(arn)["Fit"]["FailureReason"]
    assert reason == "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: No such image"
    assert runs.status(arn) == "Failed"


def test_a_job_may_end_inside_its_own_creation(runs, make):
    runs.jobs.plan("CreateProcessingJob", {"status": "Completed"})
    arn = runs.start(make.body(make.processing("Quick"), make.processing("Next", DependsOn=["Quick"])))
    assert runs.statuses(arn) == {"Quick": "Succeeded", "Next": "Executing"}
    statuses = [event["detail"]["currentStepStatus"] for event in runs.events("Execution Step")]
    assert statuses == ["Starting", "Executing", "Succeeded", "Starting", "Executing"]


def test_a_long_chain_of_steps_does_not_exceed_the_recursion_limit(runs, make):
    chain = [make.register(f"S{n}", DependsOn=[f"S{n - 1}"] if n else []) for n in range(300)]
    arn = runs.start(make.body(*reversed(chain)))
    assert runs.status(arn) == "Succeeded"
