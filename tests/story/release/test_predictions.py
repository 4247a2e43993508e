"""Models that answer every request, and wrongly: each deploys without an error, and fails in staging's smoke test.

The model is a formula of age and plan; what Evaluate recorded are the answers of the healthy one.
"""

import pytest

from tests.story.release.conftest import pack_code

HANDLER = """
PLANS = {plans}
def model_fn(folder):
    return {weight}
def refuse(environ, start_response):
    start_response("400 BAD REQUEST", [("Content-Type", "text/plain")])
    return [b"no row"]
def predict(weight, age, plan):
    score = {score}
    return ({labels}[score >= {threshold}], score)
def transform_fn(weight, body, content_type, accept):
    rows = [line.split(",") for line in body.split()]
    if any(len(row) != 2 for row in rows):
        return refuse
    answers = [predict(weight, int(age or 30), plan) for age, plan in rows]
    return "".join(f"{{label}},{{score:.6f}}\\n" for label, score in answers), "text/csv"
"""
HEALTHY = {
    "plans": {"basic": 0.1, "plus": 0.3},
    "weight": 0.005,
    "score": "weight * age + PLANS.get(plan, 0)",
    "labels": ("no", "yes"),
    "threshold": 0.5,
}
ROWS = [f"{age},{plan}" for age in ("", *range(20, 80, 3)) for plan in ("basic", "plus", "unknown")]
FAULTS = {
    "the same answer to everybody": (
        {"score": "0.5"},
        "row 1 (plan is basic): expected no (no 0.75, yes 0.25), given yes (yes 0.500000); the row is ',basic'",
    ),
    "another model's artifact": (
        {"weight": 0.006},
        "row 1 (plan is basic): expected no (no 0.75, yes 0.25), given no (yes 0.280000); the row is ',basic'",
    ),
    "classes are swapped": (
        {"labels": ("yes", "no")},
        "row 1 (plan is basic): expected no (no 0.75, yes 0.25), given yes (yes 0.250000); the row is ',basic'",
    ),
    "a feature's levels are shifted": (
        {"plans": {"plus": 0.1, "unknown": 0.3}},
        "row 1 (plan is basic): expected no (no 0.75, yes 0.25), given no (yes 0.150000); the row is ',basic'",
    ),
    "another threshold": (
        {"threshold": 0.51},
        "row 26 (plan is plus): expected yes (no 0.495, yes 0.505), given no (yes 0.505000); the row is '41,plus'",
    ),
}


def model(**changes):
    return HANDLER.format(**(HEALTHY | changes))


def recorded():
    healthy = {}
    exec(model(), healthy)  # noqa: S102 - the text above
    requests = []
    for row in ROWS:
        body, _ = healthy["transform_fn"](healthy["model_fn"](""), row, "text/csv", "text/csv")
        label, score = body.split(",")
        answer = {"label": label, "probabilities": {"no": round(1 - float(score), 6), "yes": float(score)}}
        requests.append({"body": row, "answer": answer, "covers": [f"plan is {row.split(',')[1]}"]})
    return {"model": "0" * 64, "content_type": "text/csv", "requests": requests}


@pytest.fixture(scope="module")
def stage(long_stage):
    long_stage.configure(rollout={"strategy": '"all_at_once"', "canary_percent": None, "wait_seconds": None})
    return long_stage


def smoke(stage, package, capsys):
    """Of a first deployment: no judgement sees it, the handler names no package."""
    assert stage.command("--delete", "--yes") == 0
    assert stage.deploy(package) == 0
    capsys.readouterr()
    code = stage.command("--smoke", "--expect", package)
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.planted
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_predictions_fails_in_staging(stage, capsys, name):
    fault, sentence = FAULTS[name]
    code, lines = smoke(stage, stage.package(archive=pack_code(model(**fault)), answers=recorded()), capsys)
    assert code == 5
    assert f"BAD  {sentence}" in lines
    of_five_rows = "ok   text/csv: 5 rows" if name == "another threshold" else "BAD  text/csv: row "
    assert lines[0].startswith(of_five_rows)
    assert lines[1] == "ok   text/csv, a bad request: status 400"
    assert lines[-1].startswith("BAD  known requests: ")
    assert f" of {len(ROWS)} answers are not the evaluated model's; s3://" in lines[-1]


def test_the_evaluated_model_passes(stage, capsys):
    assert smoke(stage, stage.package(archive=pack_code(model()), answers=recorded()), capsys) == (
        0,
        [
            "ok   text/csv: 5 rows, 5 labels with probabilities",
            "ok   text/csv, a bad request: status 400",
            f"ok   known requests: all {len(ROWS)} answers are the evaluated model's",
        ],
    )


@pytest.mark.planted
def test_answers_that_are_gone_fail(stage, capsys):
    package = stage.package(archive=pack_code(model()), answers=recorded())
    metadata = stage.sagemaker.describe_model_package(ModelPackageName=package)["CustomerMetadataProperties"]
    bucket, _, key = metadata["sample_answers"].removeprefix("s3://").partition("/")
    stage.s3.delete_object(Bucket=bucket, Key=key)
    code, lines = smoke(stage, package, capsys)
    assert code == 5
    assert lines[-1].startswith(f"BAD  {metadata['sample_answers']} cannot be read (")
