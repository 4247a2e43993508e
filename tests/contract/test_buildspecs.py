"""The build specifications, run as CodeBuild runs them: every command is a script of its own. The directory and the
variables, exported or plain, carry over to the next command; shell options, functions and arrays do not."""

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
*release.approval_summary*) echo "export MODEL_PACKAGE_ARN=package SUMMARY='what changes'";;
*pipelines.run*) echo "pipeline churn-dev: created, execution EXECUTION";;
esac
[ -z "$RED" ] || case "$*" in *$RED*) exit ${CODE_OF_RED:-1};; esac
"""


@dataclass
class Result:
    codes: list[int]  # of the commands that ran
    last: str  # of these commands: the one that failed, if any
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

    def run(file, **values):
        spec = yaml.safe_load((ROOT / file).read_text())
        values |= {"PATH": f"{commands}:{os.environ['PATH']}"}
        return _run(spec, source, tmp_path, values)

    return run


def _run(spec, source, folder, values):
    variables, directory = folder / "variables", folder / "directory"
    variables.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))
    directory.write_text(str(source))
    codes = []
    for phase in ("install", "pre_build", "build", "post_build"):
        for command in spec["phases"].get(phase, {}).get("commands", ()):
            text = SCRIPT.format(variables=variables, directory=directory, command=command)
            argv = [spec["env"]["shell"], "-c", text]
            codes.append(subprocess.run(argv, capture_output=True, timeout=30, check=False).returncode)
            if codes[-1]:
                break
        if any(codes):
            break
    printed = subprocess.run(["bash", "-c", f". {variables}; env -0"], capture_output=True, text=True, check=True)
    exported = dict(line.split("=", 1) for line in printed.stdout.split("\0") if "=" in line)
    return Result(codes, command, (source / "calls").read_text().splitlines(), exported)


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
    environments = {"STAGING_ENV": "staging", "PRODUCTION_ENV": "prod"} if step == "plan" else {"DEPLOY_ENV": "prod"}
    return {"STEP": step, "MODEL_PACKAGE_ARN": "latest-approved", **environments, **values}


def test_a_plan_is_of_both_environments_and_exports_the_package(build):
    result = build(DEPLOY, **deploy_variables("plan"))
    assert result.succeeded
    assert [call for call in result.calls if "-m" in call] == [
        "-m release.approval_summary --env prod --package latest-approved",
        "-m codepipeline.deploy --env staging --package package --plan",
        "-m codepipeline.deploy --env prod --package package --plan",
    ]
    assert (result.variables["MODEL_PACKAGE_ARN"], result.variables["SUMMARY"]) == ("package", "what changes")


@pytest.mark.parametrize(
    ("step", "environment", "arguments"),
    [
        ("deploy", "staging", "--env staging --package latest-approved"),
        ("deploy", "prod", "--env prod --package latest-approved"),
        ("smoke", "staging", "--env staging --smoke --expect latest-approved"),
        ("smoke", "prod", "--env prod --smoke --expect latest-approved"),
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
