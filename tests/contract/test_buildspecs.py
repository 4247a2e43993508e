"""The build specifications, run as CodeBuild runs them: every command is a script of its own. The directory and the
variables, exported or plain, carry over to the next command; shell options, functions and arrays do not."""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEST, UPSERT, DEPLOY = "buildspec.yml", "codepipeline/upsert.buildspec.yml", "codepipeline/deploy.buildspec.yml"
SCRIPT = """set -a
. {variables}
cd "$(cat {directory})"
trap 'code=$?; export -p > {variables}; pwd > {directory}; exit $code' EXIT
{command}
"""
EXECUTION = "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/churn-dev/execution/abcdefghijkl"
# Stands in for .venv/bin/python and make: writes its arguments down, and fails for those that contain $RED.
PROGRAM = """#!/bin/bash
echo "$@" >> calls
case "$*" in
*release.approval_summary*) echo "export RELEASE=no SUMMARY='what changes'";;
*pipelines.run*) echo "pipeline churn-dev: created, execution EXECUTION";;
esac
[ -z "$RED" ] || case "$*" in *$RED*) exit ${CODE_OF_RED:-1};; esac
"""


@dataclass
class Result:
    codes: list[int]  # of the commands that ran
    last: str  # of these commands: the one that failed, if any
    output: str
    calls: list[str]
    variables: dict[str, str]

    @property
    def succeeded(self):
        return not any(self.codes)


@pytest.fixture
def build(tmp_path):
    source, commands = tmp_path / "source", tmp_path / "bin"
    for folder in (source / ".venv/bin", source / "reports", commands):
        folder.mkdir(parents=True)
    for program in (source / ".venv/bin/python", commands / "make"):
        program.write_text(PROGRAM.replace("EXECUTION", EXECUTION))
        program.chmod(0o755)
    (source / "calls").touch()

    def run(file, text="", **values):
        spec = yaml.safe_load(text or (ROOT / file).read_text())
        (commands / "aws").write_text(f"#!/bin/bash\n{values.pop('AWS', '')}\n")
        (commands / "aws").chmod(0o755)
        values |= {"HOME": str(tmp_path), "PATH": f"{commands}:{os.environ['PATH']}"}
        return _run(spec, source, tmp_path, values)

    return run


def _run(spec, source, folder, values):
    variables, directory = folder / "variables", folder / "directory"
    variables.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    directory.write_text(str(source))
    codes, output = [], ""
    for phase in ("install", "pre_build", "build", "post_build"):
        for command in spec["phases"].get(phase, {}).get("commands", ()):
            text = SCRIPT.format(variables=variables, directory=directory, command=command)
            argv = [spec["env"]["shell"], "-c", text]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
            codes.append(done.returncode)
            output += done.stdout
            if codes[-1]:
                break
        if any(codes):
            break
    printed = subprocess.run(["bash", "-c", f". {variables}; env -0"], capture_output=True, text=True, check=True)
    exported = dict(line.split("=", 1) for line in printed.stdout.split("\0") if "=" in line)
    return Result(codes, command, output, (source / "calls").read_text().splitlines(), exported)


def build_variables(**values):
    return {"START": "true", "COMMIT": "abc", "TESTS": "unit", "PIPELINE_ENV": "dev", **values}


def test_a_build_upserts_starts_and_exports_the_execution(build):
    result = build(UPSERT, **build_variables())
    assert result.succeeded
    assert result.calls[-1] == "-m pipelines.run --env dev --upsert --commit abc --start"
    assert (result.variables["EXECUTION_ARN"], result.variables["COMMIT"]) == (EXECUTION, "abc")


def test_a_build_that_is_not_to_start_only_upserts(build):
    result = build(UPSERT, **build_variables(START="false"))
    assert result.succeeded
    assert result.calls[-1] == "-m pipelines.run --env dev --upsert --commit abc"


@pytest.mark.parametrize("start", ["true", "false"])
def test_a_refused_upsert_or_start_is_a_red_build(build, start):
    assert not build(UPSERT, **build_variables(START=start, RED="pipelines.run")).succeeded


@pytest.mark.parametrize("red", ["setup", "check-template", "test"])
def test_a_red_step_is_a_red_build_which_upserts_nothing(build, red):
    result = build(TEST, **build_variables(RED=red))
    assert not result.succeeded
    assert not any("pipelines.run" in call for call in result.calls)


def test_a_commit_is_checked_and_tested_and_nothing_else(build):
    result = build(TEST, **build_variables())
    assert result.succeeded
    assert result.calls == ["setup", "check-template", "test TESTS=unit REPORTS=reports"]


def deploy_variables(step, **values):
    both = {"STAGING_ENV": "staging", "PRODUCTION_ENV": "prod", "COMPARISONS": "s3://bucket/comparisons"}
    environments = both if step in ("plan", "compare") else {"DEPLOY_ENV": "prod"}
    return {"STEP": step, "MODEL_PACKAGE_ARN": "package", "RELEASE": "yes", **environments, **values}


def test_a_plan_is_of_both_environments_and_exports_the_package(build):
    result = build(DEPLOY, **deploy_variables("plan"))
    assert result.succeeded
    assert [call for call in result.calls if "-m" in call] == [
        "-m release.approval_summary --env prod --package package",
        "-m codepipeline.deploy --env staging --package package --plan",
        "-m codepipeline.deploy --env prod --package package --plan",
    ]
    assert (result.variables["MODEL_PACKAGE_ARN"], result.variables["SUMMARY"]) == ("package", "what changes")
    assert result.variables["RELEASE"] == "no"  # of a package that is live


def test_a_comparison_is_of_both_environments_and_exports_what_the_approval_shows(build):
    result = build(DEPLOY, **deploy_variables("compare"))
    assert result.succeeded
    assert result.calls[-1] == (
        "-m release.approval_summary --env prod --candidate staging "
        "--document s3://bucket/comparisons --package package"
    )
    assert result.variables["SUMMARY"] == "what changes"


@pytest.mark.parametrize(
    ("step", "environment", "arguments"),
    [
        ("deploy", "staging", "--env staging --package package"),
        ("deploy", "prod", "--env prod --package package"),
        ("smoke", "staging", "--env staging --smoke --expect package"),
        ("smoke", "prod", "--env prod --smoke --expect package"),
    ],
)
def test_a_step_is_of_the_projects_environment(build, step, environment, arguments):
    result = build(DEPLOY, **deploy_variables(step, DEPLOY_ENV=environment))
    assert result.succeeded
    assert result.calls[-1] == f"-m codepipeline.deploy {arguments}"


@pytest.mark.parametrize(
    ("step", "red"),
    [
        ("plan", "release.approval_summary"),
        ("compare", "release.approval_summary"),
        ("plan", "staging --package"),
        ("plan", "prod --package"),
        ("deploy", "codepipeline.deploy"),
        ("smoke", "codepipeline.deploy"),
        ("other", "-"),
    ],
)
def test_a_step_that_fails_is_a_red_build(build, step, red):
    assert not build(DEPLOY, **deploy_variables(step, RED=red)).succeeded


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1", "refused"),
        ("2", "refused"),
        ("3", "rolled back"),
        ("4", "inconclusive"),
        ("5", "failed"),
        ("130", "refused"),
    ],
)
@pytest.mark.parametrize("step", ["plan", "deploy", "smoke"])
def test_the_command_that_fails_says_the_verdict(build, step, code, words):
    """CodeBuild names it in the context of the phase, and that is what notices have."""
    result = build(DEPLOY, **deploy_variables(step, RED="codepipeline.deploy", CODE_OF_RED=code))
    assert not result.succeeded
    assert f"# {words}, " in result.last


def test_nothing_is_planned_where_there_is_nothing_to_release(build):
    result = build(DEPLOY, **deploy_variables("plan", RELEASE="no"))
    assert result.succeeded
    assert not any("-m" in call for call in result.calls)
    assert result.variables["RELEASE"] == "no"


COMMIT = "0123456789abcdef0123456789abcdef01234567"
PACKAGE, OTHER = (f"arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/{number}" for number in (2, 1))
# Responses of the AWS CLI: of the executions the second is the one that asks, and those after it are older.
AWS = """
case "$*" in
*list-model-packages*) echo "$LISTED";;
*list-pipeline-executions*) echo "newer this older oldest";;
*"get-pipeline-execution "*newer*|*older*) echo "$OLDER";;
*get-pipeline-execution*) echo other;;
*describe-model-package*) printf '%s\\t%s\\n' $PACKAGE;;
*get-object*churn/tested/COMMIT.tar.gz*) cp "$STORED" "${@: -1}";;
esac
""".replace("COMMIT", COMMIT)


@pytest.fixture
def fetch(build, template, tmp_path):
    source = tmp_path / "stored"
    source.mkdir()
    (source / "run.sh").write_text("true")
    (source / "run.sh").chmod(0o755)
    subprocess.run(["tar", "-czf", tmp_path / "stored.tar.gz", "-C", source, "."], check=True)
    project = template("deploy")["Resources"]["FetchProject"]["Properties"]

    def run(package=PACKAGE, **values):
        names = ("MODEL_GROUP", "BUCKET", "PIPELINE")
        values = dict.fromkeys(names, "churn") | {"PREFIX": "churn/tested", "BUILD_PIPELINE": "churn-build"} | values
        values = {"PACKAGE": f"Approved {COMMIT}", "OLDER": OTHER, "LISTED": ""} | values
        values = {"EXECUTION": "this", "STORED": str(tmp_path / "stored.tar.gz"), "MODEL_PACKAGE_ARN": package} | values
        return build("", project["Source"]["BuildSpec"], AWS=AWS, **values)

    return run


def release_of(result):
    assert result.succeeded, result.output
    return result.variables["RELEASE"], result.variables["MODEL_PACKAGE_ARN"]


def test_the_tested_source_of_a_packages_commit_is_what_is_released(fetch, tmp_path):
    assert release_of(fetch()) == ("yes", PACKAGE)
    (file,) = (tmp_path / "source/tested").iterdir()
    assert (file.name, os.access(file, os.X_OK)) == ("run.sh", True)


def test_the_latest_approved_package_is_found_behind_pages_without_one(fetch):
    result = fetch("latest-approved", LISTED=f"\n\n{PACKAGE}\n{OTHER}")
    assert release_of(result) == ("yes", PACKAGE)
    assert f"taking the latest approved one, {PACKAGE}" in result.output


def test_where_nothing_is_approved_there_is_nothing_to_release(fetch):
    result = fetch("latest-approved")
    assert release_of(result) == ("no", "")
    assert "no package of churn is approved" in result.output


def test_a_package_that_an_earlier_execution_releases_is_not_released_again(fetch, tmp_path):
    result = fetch(OLDER=PACKAGE)
    assert release_of(result) == ("no", PACKAGE)
    assert f"execution older is releasing {PACKAGE}" in result.output
    spec = (tmp_path / "source/tested/codepipeline/deploy.buildspec.yml").read_text()  # of the next step
    assert yaml.safe_load(spec)["env"] == {"exported-variables": ["RELEASE"]}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"PACKAGE": f"Rejected {COMMIT}"}, "is Rejected: approve it"),
        ({"PACKAGE": "Approved unknown"}, "was made from commit unknown, and a release runs the code of a commit that"),
        ({"PACKAGE": f"Approved {COMMIT}-dirty"}, f"was made from commit {COMMIT}-dirty, and"),
        ({"PACKAGE": "Approved None"}, "was made from commit None"),
        (
            {"STORED": "/nowhere"},
            f"was made from commit {COMMIT}, of which no green build has stored the source: if its",
        ),
    ],
)
def test_a_package_without_tested_source_is_refused(fetch, values, sentence):
    result = fetch(**values)
    assert not result.succeeded
    assert f"error: {PACKAGE} {sentence}" in result.output


STORE = """
echo "$*" >> "$HOME/stored"
[ -z "$REFUSAL" ] || { echo "$REFUSAL" >&2; exit 254; }
"""


@pytest.mark.parametrize(
    ("refusal", "green"),
    [("", True), ("An error occurred (PreconditionFailed)", True), ("An error occurred (AccessDenied)", False)],
)
def test_the_source_of_a_commit_is_stored_once(build, template, tmp_path, refusal, green):
    spec = template("build")["Resources"]["StoreProject"]["Properties"]["Source"]["BuildSpec"]
    values = {"BUCKET": "bucket", "PREFIX": "churn/tested", "COMMIT": COMMIT, "REFUSAL": refusal}
    assert build("", spec, AWS=STORE, **values).succeeded == green
    (call,) = (tmp_path / "stored").read_text().splitlines()
    assert f"--key churn/tested/{COMMIT}.tar.gz" in call
    assert "--if-none-match *" in call


APPROVE = """
case "$*" in
*"describe-model-package"*"output json"*) echo "$DESCRIBED";;
*describe-model-package*) echo "s3://bucket/churn/runs/7/evaluation.json";;
*"s3 cp"*) [ -n "$EVALUATION" ] && echo "$EVALUATION" > "${@: -1}";;
*update-model-package*) echo "$*" >> "$HOME/updates";;
esac
"""
GATE = {"metric": "auc", "direction": "maximize", "value": 0.9, "champion": 0.88, "shortfall": -0.02}
LOSS = {"metric": "log_loss", "direction": "minimize", "value": 0.3, "champion": 0.4, "shortfall": -0.1}


@pytest.fixture
def approve(build, template, tmp_path):
    spec = template("automatic-approval")["Resources"]["ApproveProject"]["Properties"]["Source"]["BuildSpec"]

    def run(gate, limit="0.85", improvement="0.01", status="PendingManualApproval"):
        """The statuses that the build gave the package, with its words."""
        (tmp_path / "updates").touch()
        values = {"DESCRIBED": json.dumps({"ModelApprovalStatus": status}), "METRIC_LIMIT": limit}
        values |= {"EVALUATION": json.dumps({"gate": gate}) if gate else "", "MINIMUM_IMPROVEMENT": improvement}
        result = build("", spec, AWS=APPROVE, MODEL_PACKAGE_ARN=PACKAGE, **values)
        assert result.succeeded, result.output
        return (tmp_path / "updates").read_text().splitlines()

    return run


@pytest.mark.parametrize(("gate", "limit"), [(GATE, "0.85"), (LOSS, "0.35")])
def test_a_package_that_meets_both_limits_is_approved_with_the_numbers(approve, gate, limit):
    (update,) = approve(gate, limit)
    assert f"--model-package-arn {PACKAGE} --model-approval-status Approved" in update
    assert f"approved automatically: {gate['metric']} {gate['value']:.4f}, limit {limit}; better than" in update


@pytest.mark.parametrize(
    ("gate", "limit", "reason"),
    [
        (GATE, "0.95", "auc 0.9000, limit 0.95: not good enough"),
        (LOSS, "0.25", "log_loss 0.3000, limit 0.25: not good enough"),
        (GATE | {"value": float("nan")}, "0.85", "auc nan, limit 0.85: not good enough"),
        (LOSS | {"value": float("nan")}, "0.35", "log_loss nan, limit 0.35: not good enough"),
        (GATE | {"shortfall": -0.005}, "0.85", "better than the champion by 0.0050, required 0.01"),
        (GATE | {"shortfall": float("nan")}, "0.85", "better than the champion by nan, required 0.01"),
        (GATE | {"champion": None}, "0.85", "there is no champion to be better than"),
        (GATE | {"value": "much"}, "0.85", "its evaluation could not be read"),
        (None, "0.85", "its evaluation could not be read"),
    ],
)
def test_any_other_package_waits_for_a_person_with_the_reason(approve, gate, limit, reason):
    (update,) = approve(gate, limit)
    assert "--model-approval-status PendingManualApproval" in update
    assert f"waits for a person: {reason}" in update or reason in update


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
def test_what_somebody_has_decided_stays(approve, status):
    assert approve(GATE, status=status) == []


CHECK = """
case "$*" in
*list-model-packages*) [ -z "$REFUSAL" ] || { echo "$REFUSAL" >&2; exit 254; }; printf '%b' "$APPROVED";;
*describe-model-package*) echo "$DESCRIBED";;
*list-objects-v2*) printf '%b' "$KEYS";;
*"s3 cp"*) echo "$VERDICT";;
*put-metric-data*) echo "$*" > "$HOME/metric";;
esac
"""
HOUR = 3600
NOW = 1_800_000_000
NO_GROUP = "An error occurred (ValidationException): ModelPackageGroup arn:churn does not exist."


@pytest.fixture
def check(build, template, tmp_path):
    spec = template("overdue")["Resources"]["CheckProject"]["Properties"]["Source"]["BuildSpec"]

    def run(modified, released="", keys="None\\n", approved=f"{PACKAGE}\\nNone\\n", refusal=""):
        """The metric that was written; None when the build failed."""
        described = {"arn": PACKAGE, "created": 0, "modified": modified}
        values = {"APPROVED": approved, "DESCRIBED": json.dumps(described), "KEYS": keys, "REFUSAL": refusal}
        values |= {"VERDICT": json.dumps({"deployment": {"package": released}}, indent=1), "HOURS": "24"}
        values |= {"CODEBUILD_START_TIME": str(1000 * NOW), "NAMESPACE": "Approvals/churn", "STAGE": "dev"}
        result = build("", spec, AWS=CHECK, **values)
        if not result.succeeded:
            return None
        (line,) = (tmp_path / "metric").read_text().splitlines()
        return line.partition("--value ")[2].partition(" ")[0]

    return run


@pytest.mark.parametrize(
    ("modified", "count"),
    [
        (NOW - 25 * HOUR, "1"),
        (NOW - 23 * HOUR, "0"),
        ("2027-01-14T06:00:00.5+00:00", "1"),
        ("2027-01-15T06:00:00Z", "0"),
    ],
)
def test_an_approved_package_is_overdue_after_the_hours_of_the_setting(check, modified, count):
    assert check(modified) == count


def test_a_verdict_of_production_ends_that_and_one_of_another_package_does_not(check):
    old, keys = (
        NOW - 99 * HOUR,
        "churn/releases/churn-prod/verdicts/1-a.json\\nchurn/releases/churn-prod/verdicts/2-b.json\\n",
    )
    assert check(old, PACKAGE, keys) == "0"
    assert check(old, "another", keys) == "1"


def test_without_a_group_nothing_is_overdue_and_any_other_refusal_fails_the_check(check):
    assert check(NOW, approved="", refusal=NO_GROUP) == "0"
    assert check(NOW, approved="", refusal="An error occurred (AccessDenied)") is None
