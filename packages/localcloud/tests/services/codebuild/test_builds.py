"""A buildspec's phases and commands, as CodeBuild runs them."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.build_projects import ENVIRONMENT

from localcloud.runtime.processes import start_time

COMMANDS = """
version: 0.2
env: {shell: bash}
phases:
  install:
    runtime-versions: {python: 3.12}
    commands:
      - export WORD=hello
      - mkdir deep && cd deep
      - PLAIN='two words'
  build:
    commands:
      - echo "$WORD from $(basename "$PWD"), $PLAIN"
      - |
        false
        echo "the last command of an item decides"
      - read answer || echo "nothing to read"
      - printf 'no newline'
"""


def test_directory_and_variables_carry_over_between_commands(run_build: Any, lines: Any, phases: Any) -> None:
    build = run_build(COMMANDS)
    first = "hello from deep, two words"
    assert lines(build) == [first, "the last command of an item decides", "nothing to read", "no newline"]
    assert build["buildStatus"] == "SUCCEEDED"
    order = (
        "SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING"
    )
    assert list(phases(build)) == [*order.split(), "COMPLETED"]
    assert set(phases(build).values()) == {"SUCCEEDED", ""}
    assert build["currentPhase"] == "COMPLETED"
    assert any("are ignored" in line for line in lines(build, agent=True))


NOT_CARRIED_OVER = [
    ("set -o pipefail", "false | cat"),
    ("set -e", "false; true"),
    ("shopt -s failglob", "echo *.nothing >/dev/null"),
    ("greet() { echo hello; }", "! greet 2>/dev/null"),
    ("greet() { echo hello; }; export -f greet", "! greet 2>/dev/null"),
    ("LIST=(a b)", '[ "${#LIST[@]}" = 0 ]'),
    ("unset WORD", '[ -z "$WORD" ]'),
    ("alias greet=true", "! greet 2>/dev/null"),
    ("export SHELLOPTS; set -o pipefail", "false | cat"),
]


@pytest.mark.parametrize(("first", "second"), NOT_CARRIED_OVER)
def test_shell_options_functions_and_arrays_do_not_carry_over(run_build: Any, first: str, second: str) -> None:
    commands = json.dumps(["shopt -s expand_aliases", first, second])
    variables = "env: {shell: bash, variables: {WORD: hello}}"
    build = run_build(f"version: 0.2\n{variables}\nphases: {{build: {{commands: {commands}}}}}")
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]


def test_a_build_finds_the_shared_libraries_of_this_machine(
    run_build: Any, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/python/lib")
    assert lines(run_build("version: 0.2\nphases: {build: {commands: ['echo $LD_LIBRARY_PATH']}}")) == [
        "/opt/python/lib"
    ]


def test_an_error_of_the_shell_names_script_sh_and_its_line(run_build: Any, lines: Any) -> None:
    commands = json.dumps(["true\nnonsense --now || true"])
    build = run_build(f"version: 0.2\nenv: {{shell: bash}}\nphases: {{build: {{commands: {commands}}}}}")
    (error,) = lines(build)
    assert "script.sh: line 2: nonsense" in error


def test_a_process_in_the_background_lives_until_the_build_ends(run_build: Any, lines: Any) -> None:
    commands = json.dumps(["sleep 600 & echo $! >pid", 'kill -0 "$(cat pid)" && cat pid'])
    build = run_build(f"version: 0.2\nphases: {{build: {{commands: {commands}}}}}")
    assert build["buildStatus"] == "SUCCEEDED"
    assert start_time(int(lines(build)[0])) is None


FAILING = """
version: 0.2
phases:
  {phase}:
    {on_failure}
    commands: ["echo first", "(exit 3)", "echo never"]
    finally: ["echo finally $CODEBUILD_BUILD_SUCCEEDING"]
  {after}:
    commands: ["echo after $CODEBUILD_BUILD_SUCCEEDING"]
"""


@pytest.mark.parametrize(
    ("phase", "on_failure", "after", "output", "status"),
    [
        ("install", "", "build", ["first", "finally 1"], "FAILED"),
        ("pre_build", "", "build", ["first", "finally 1"], "FAILED"),
        ("build", "", "post_build", ["first", "finally 1", "after 0"], "FAILED"),
        ("build", "on-failure: ABORT", "post_build", ["first", "finally 1"], "FAILED"),
        ("pre_build", "on-failure: CONTINUE", "build", ["first", "finally 1", "after 1"], "SUCCEEDED"),
    ],
)
def test_a_failed_phase_skips_later_ones(
    run_build: Any, lines: Any, phases: Any, phase: str, on_failure: str, after: str, output: list[str], status: str
) -> None:
    build = run_build(FAILING.format(phase=phase, on_failure=on_failure, after=after))
    assert lines(build) == output
    assert build["buildStatus"] == status
    assert phases(build)[phase.upper()] == "FAILED"
    (context,) = next(entry for entry in build["phases"] if entry["phaseType"] == phase.upper())["contexts"]
    assert context["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert context["message"] == "Error while executing command: (exit 3). Reason: exit status 3"


EXITS = """
version: 0.2
phases:
  pre_build: {commands: [export KEPT=yes, mkdir sub && cd sub, exit 0]}
  build: {commands: ['echo "$KEPT in $(basename "$PWD")"', 'set -e', 'false', echo never]}
"""


def test_a_command_that_exits_the_shell_ends_only_itself(run_build: Any, lines: Any) -> None:
    build = run_build(EXITS)
    assert lines(build) == ["yes in sub"]
    assert build["buildStatus"] == "FAILED"


def test_a_command_s_redirections_and_arguments_are_its_own(run_build: Any, lines: Any) -> None:
    commands = json.dumps(["set -- a b && shift 2 && exec >/dev/null && echo lost", 'echo "kept $#"'])
    build = run_build(f"version: 0.2\nphases: {{build: {{commands: {commands}}}}}")
    assert (build["buildStatus"], lines(build)) == ("SUCCEEDED", ["kept 0"])


PRECEDENCE = """
version: 0.2
env:
  variables: {A: buildspec, B: buildspec, C: buildspec, OK: true}
  exported-variables: [A, D, AWS_REGION, MISSING]
phases: {build: {commands: ['echo "$A $B $C $OK"', 'export D="$(echo new)"', D2=x]}}
"""


def test_variables_of_a_start_override_the_project_s_which_override_the_buildspec_s(run_build: Any, lines: Any) -> None:
    both = [{"name": "A", "value": "project"}, {"name": "B", "value": "$HOME"}]
    start = {"environmentVariablesOverride": [{"name": "A", "value": "start"}]}
    build = run_build(PRECEDENCE, start, environment={**ENVIRONMENT, "environmentVariables": both})
    assert lines(build) == ["start $HOME buildspec true"]
    exported = {variable["name"]: variable["value"] for variable in build["exportedEnvironmentVariables"]}
    assert exported == {"A": "start", "D": "new", "MISSING": ""}


SECRETS = """
version: 0.2
env:
  parameter-store: {KEY: /app/key}
  secrets-manager: {PASSWORD: "db:password"}
  exported-variables: [KEY]
phases: {build: {commands: ['echo "$KEY-$PASSWORD-$TOKEN" | tee out', 'test "$(cat out)" = open-sesame-door']}}
"""


def test_secrets_are_masked_in_the_log(cloud: Any, run_build: Any, lines: Any) -> None:
    cloud.client("ssm").put_parameter(Name="/app/key", Value="open", Type="SecureString")
    cloud.client("secretsmanager").create_secret(Name="db", SecretString='{"password": "sesame"}')
    cloud.client("secretsmanager").create_secret(Name="token", SecretString="door")
    start = {"environmentVariablesOverride": [{"name": "TOKEN", "value": "token", "type": "SECRETS_MANAGER"}]}
    build = run_build(SECRETS, start)
    assert build["buildStatus"] == "SUCCEEDED"
    assert lines(build) == ["***-***-***"]
    assert not build.get("exportedEnvironmentVariables")


def test_a_missing_secret_fails_the_build_before_any_command(run_build: Any, phases: Any) -> None:
    build = run_build("version: 0.2\nenv: {parameter-store: {KEY: /no}}\nphases: {build: {commands: [true-ly]}}")
    assert "INSTALL" not in phases(build)
    (context,) = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")["contexts"]
    assert context["statusCode"] == "Decrypted Variables Error"
    assert "/no cannot be read: ParameterNotFound" in context["message"]


def test_the_environment_identifies_the_build_and_the_endpoint(cloud: Any, run_build: Any, lines: Any) -> None:
    variables = "$CODEBUILD_BUILD_ID $CODEBUILD_BUILD_NUMBER $AWS_REGION $AWS_ENDPOINT_URL $CODEBUILD_INITIATOR"
    home = '[ "$HOME" != "$CODEBUILD_SRC_DIR" ] && ls -A "$HOME"'
    command = f'echo "{variables}"; [ "$PWD" = "$CODEBUILD_SRC_DIR" ] && {home}'
    build = run_build(f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command!r}")
    assert lines(build) == [f"{build['id']} 1 {cloud.region} {cloud.url} localcloud"]
    assert build["buildStatus"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("buildspec", "sentence"),
    [
        ("version: 0.2\nphases: {build: {commands: [false]}}", "to be of string type: found a bool (False) instead"),
        ("version: 0.2\nphases: {build: {commands: [{echo: x}]}}", "found subkeys instead"),
        ("version: 0.1\nphases: {build: {commands: [x]}}", "unsupported version 0.1"),
        ("version: 0.2\nphases: {build: {command: [x]}}", "phases.build: unknown key 'command'"),
        ("version: 0.2\nphases: {bild: {commands: [x]}}", "unknown phase 'bild'"),
        ("version: 0.2\nphases: {build: {}}", "phases.build: commands are missing"),
        ("version: 0.2\nphases: {build: {commands: [x], on-failure: RETRY}}", "localcloud does not retry builds"),
        ("version: 0.2\nenv: {shell: zsh}\nphases: {build: {commands: [x]}}", "env.shell is 'zsh'"),
        ("version: 0.2\nenv: {shell: [bash]}\nphases: {build: {commands: [x]}}", "env.shell is ['bash']"),
        ("version: 0.2\nphases: {build: {commands: [x]}}\nartifacts: [a.zip]", "artifacts must be a map"),
        ("version: 0.2\nenv: {variables: {CODEBUILD_X: 1}}\nphases: {build: {commands: [x]}}", "which is reserved"),
        ("version: 0.2\n phases: [", "the buildspec is not YAML"),
        ("version: 0.2\n", "phases are missing"),
    ],
)
def test_an_invalid_buildspec_is_refused_with_the_key_that_is_wrong(
    run_build: Any, phases: Any, buildspec: str, sentence: str
) -> None:
    build = run_build(buildspec)
    assert (build["buildStatus"], phases(build)["DOWNLOAD_SOURCE"]) == ("FAILED", "FAILED")
    (context,) = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")["contexts"]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert sentence in context["message"]


SLOW = (
    "version: 0.2\nphases:\n  build:\n    commands: ['echo started', 'sleep 60']\n  post_build: {commands: [echo no]}"
)


def test_a_stopped_build_ends_all_its_processes(
    cloud: Any, codebuild: Any, create_project: Any, wait_for_end: Any, lines: Any, phases: Any
) -> None:
    create_project(SLOW)
    started = codebuild.start_build(projectName="app")["build"]
    deadline = time.monotonic() + 60
    while not (running := [process for process in cloud.processes.all() if process.name == started["id"]]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    codebuild.stop_build(id=started["id"])
    build = wait_for_end(started["id"])
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("STOPPED", "STOPPED")
    assert "no" not in lines(build)
    assert not running[0].alive
    assert not cloud.processes.all()
    while list((cloud.folder / "codebuild" / "builds").iterdir()):  # it is removed after the build
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_build_times_out(
    codebuild: Any,
    create_project: Any,
    wait_for_commands: Any,
    wait_for_end: Any,
    phases: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("localcloud.services.codebuild.run.time", clock)
    create_project(SLOW)
    started = codebuild.start_build(projectName="app", timeoutInMinutesOverride=5)["build"]["id"]
    wait_for_commands(started)
    passed[0] = 5 * 60.0
    build = wait_for_end(started)
    assert (build["buildStatus"], phases(build)["BUILD"]) == ("TIMED_OUT", "TIMED_OUT")
    assert "POST_BUILD" not in phases(build)


def test_queued_builds_time_out_or_can_be_stopped(
    cloud: Any, codebuild: Any, create_project: Any, wait_for_end: Any, phases: Any
) -> None:
    from localcloud.runtime.jobs.queue import Queue

    executor = cloud.services["codebuild"].executor
    executor.queue, executor.minute = Queue(1), 0.05  # so that five minutes in the queue are a quarter of a second
    create_project(SLOW)
    first = codebuild.start_build(projectName="app", timeoutInMinutesOverride=2160)["build"]["id"]
    second = codebuild.start_build(projectName="app", queuedTimeoutInMinutesOverride=5)["build"]["id"]
    third = codebuild.start_build(projectName="app")["build"]["id"]
    assert phases(wait_for_end(second)) == {"SUBMITTED": "SUCCEEDED", "QUEUED": "TIMED_OUT", "COMPLETED": ""}
    codebuild.stop_build(id=third)
    assert phases(wait_for_end(third))["QUEUED"] == "STOPPED"
    codebuild.stop_build(id=first)
    wait_for_end(first)


def test_the_same_token_starts_one_build(codebuild: Any, create_project: Any, wait_for_end: Any) -> None:
    create_project("version: 0.2\nphases: {build: {commands: ['true']}}")
    ids = {codebuild.start_build(projectName="app", idempotencyToken="t")["build"]["id"] for _ in range(2)}
    assert len(ids) == 1
    with pytest.raises(ClientError, match="used before for another request"):
        codebuild.start_build(projectName="app", idempotencyToken="t", sourceVersion="x")
    again = codebuild.retry_build(id=wait_for_end(ids.pop())["id"])["build"]
    assert again["buildNumber"] == 2
    wait_for_end(again["id"])
    assert len(codebuild.list_builds_for_project(projectName="app")["ids"]) == 2
    assert codebuild.list_builds()["ids"][0] == again["id"]


def test_the_concurrent_build_limit_of_a_project(codebuild: Any, create_project: Any, wait_for_end: Any) -> None:
    create_project(SLOW, concurrentBuildLimit=1)
    first = codebuild.start_build(projectName="app")["build"]["id"]
    with pytest.raises(ClientError, match="Cannot have more than 1 active builds"):
        codebuild.start_build(projectName="app")
    codebuild.stop_build(id=first)
    wait_for_end(first)


def test_events_of_a_build_and_its_phases(cloud: Any, run_build: Any) -> None:
    build = run_build("version: 0.2\nphases: {build: {commands: ['exit 1']}}")
    events = [event for event in cloud.events.recent if event["source"] == "aws.codebuild"]
    states = [event["detail"] for event in events if event["detail-type"] == "CodeBuild Build State Change"]
    assert [detail["build-status"] for detail in states] == ["IN_PROGRESS", "FAILED"]
    assert states[1]["additional-information"]["logs"]["stream-name"] == build["logs"]["streamName"]
    assert states[1]["build-id"] == build["arn"]
    phases = [event["detail"] for event in events if event["detail-type"] == "CodeBuild Build Phase Change"]
    by_phase = {detail["completed-phase"]: detail for detail in phases}
    assert by_phase["BUILD"]["completed-phase-status"] == "FAILED"
    assert by_phase["BUILD"]["completed-phase-context"].startswith("[COMMAND_EXECUTION_ERROR: Error while")


def test_a_reset_abandons_running_builds(cloud: Any, codebuild: Any, create_project: Any) -> None:
    create_project(SLOW)
    codebuild.start_build(projectName="app")
    cloud.reset()
    assert codebuild.list_builds()["ids"] == []
    assert codebuild.list_projects()["projects"] == []
