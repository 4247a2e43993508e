"""Step caching: what makes a hit, how old it may be, and how it is shown."""

import pytest

from localcloud.services.sagemaker.pipelines.step_cache import duration, key

WEEK = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P7D"}}
DAY = 86400


@pytest.fixture
def services(pipelines_alone):
    return pipelines_alone


@pytest.fixture
def body(make):
    make_step = make.processing("Make", outputs=["data"], **WEEK)
    uses = {"Get": "Steps.Make.ProcessingOutputConfig.Outputs['data'].S3Output.S3Uri"}
    return make.body(make_step, make.processing("Use", uses, **WEEK))


def run(runs, *args, **more):
    arn = runs.start(*args, **more)
    while running := runs.jobs.running():
        runs.jobs.end(running[0])
    assert runs.status(arn) == "Succeeded"
    return arn


def sources(runs, arn):
    return {n: s.get("CacheHitResult", {}).get("SourcePipelineExecutionArn") for n, s in runs.steps(arn).items()}


def test_a_hit_reuses_the_old_job_and_names_its_execution(runs, body):
    first = run(runs, body)
    jobs = len(runs.jobs.jobs)
    second = run(runs)
    assert len(runs.jobs.jobs) == jobs, "nothing new was run"
    assert sources(runs, first) == {"Make": None, "Use": None}
    assert sources(runs, second) == {"Make": first, "Use": first}, "output places with the execution's id do not count"
    assert runs.steps(second)["Make"]["Metadata"] == runs.steps(first)["Make"]["Metadata"]
    hits = [e["detail"] for e in runs.events("Execution Step") if e["detail"].get("cacheHitResult")]
    assert [hit["currentStepStatus"] for hit in hits] == ["Executing", "Succeeded"] * 2
    assert hits[0]["cacheHitResult"] == {"sourcePipelineExecutionArn": first}


def test_the_source_of_a_hit_is_the_execution_that_did_the_work(runs, body):
    first = run(runs, body)
    run(runs)
    assert sources(runs, run(runs)) == {"Make": first, "Use": first}


def test_a_hit_expires_by_the_clock(runs, body):
    first = run(runs, body)
    runs.cloud.clock.advance(7 * DAY - 1)
    assert sources(runs, run(runs))["Make"] == first
    runs.cloud.clock.advance(2)
    third = run(runs)
    assert sources(runs, third) == {"Make": None, "Use": None}
    assert sources(runs, run(runs))["Make"] == third, "the latest success counts"


def test_other_inputs_are_no_hit(runs, make):
    parameter = {"Name": "Mode", "Type": "String", "DefaultValue": "a"}
    body = make.body(make.processing("Make", {"Get": "Parameters.Mode"}, **WEEK), parameters=[parameter])
    first = run(runs, body)
    second = run(runs, parameters={"Mode": "b"})
    assert sources(runs, second) == {"Make": None}
    assert sources(runs, run(runs, parameters={"Mode": "a"})) == {"Make": first}


def test_failed_runs_switched_off_caches_and_other_pipelines_are_no_hit(runs, make, body):
    failed = runs.start(body)
    runs.jobs.finish("Make", "Failed", "broken")
    assert runs.status(failed) == "Failed"
    run(runs)
    off = {"CacheConfig": {"Enabled": False, "ExpireAfter": "P7D"}}
    assert sources(runs, run(runs, make.body(make.processing("Make", outputs=["data"], **off)))) == {"Make": None}
    runs.create(body, name="other")
    other = runs.client.start_pipeline_execution(PipelineName="other")["PipelineExecutionArn"]
    assert sources(runs, other) == {"Make": None}


def test_the_key_has_the_attributes_that_aws_documents(make):
    arguments = make.training("T")["Arguments"]
    same = {**arguments, "ResourceConfig": {}, "OutputDataConfig": {}, "Tags": [], "TrainingJobName": "x"}
    assert key("Training", arguments) == key("Training", same)
    for name in ("HyperParameters", "InputDataConfig", "AlgorithmSpecification", "CheckpointConfig", "Environment"):
        assert key("Training", {**arguments, name: "other"}) != key("Training", arguments)
    assert key("RegisterModel", arguments) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("P7D", 7 * DAY),
        ("PT2H", 7200),
        ("30d", 30 * DAY),
        ("T16m", 960),
        ("30dT5h", 30 * DAY + 18000),
        ("P1Y", 365 * DAY),
    ],
)
def test_durations_are_read_as_aws_writes_them(text, seconds):
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "7", "P7", "1h", "P7D7"])
def test_invalid_durations(text):
    with pytest.raises(ValueError, match="ISO 8601"):
        duration(text)
