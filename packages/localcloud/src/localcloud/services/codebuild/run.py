"""One build from its first phase to its last, on a thread of its own and without the lock.

install or pre_build failing ends the build; a failed build phase still runs post_build and still uploads artifacts.
A phase with on-failure CONTINUE fails alone: the build goes on, and the other phases decide its status.
Minutes are real ones, however fast the cloud's clock runs: a build takes the time that it takes.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.codebuild import junit, sources, variables
from localcloud.services.codebuild.artifacts import Artifacts
from localcloud.services.codebuild.build import STOP, TIME_OUT, Build
from localcloud.services.codebuild.build import Phase as BuildPhase
from localcloud.services.codebuild.buildspec import PHASES, Buildspec, Phase, YamlFileError, inline, parse
from localcloud.services.codebuild.cache import Cache
from localcloud.services.codebuild.files import NoFiles, select
from localcloud.services.codebuild.phases import Phases
from localcloud.services.codebuild.reports import Reports
from localcloud.services.codebuild.shell import ENDED, Shell

DEFAULT_SPEC = "buildspec.yml"
CONTEXTS: dict[type[Exception], str] = {
    YamlFileError: "YAML_FILE_ERROR",
    sources.NoSource: "CLIENT_ERROR",
    variables.Unreadable: "Decrypted Variables Error",
    NoFiles: "CLIENT_ERROR",
    Unavailable: "CLIENT_ERROR",
    OSError: "CLIENT_ERROR",
}
ENDINGS = {
    STOP: ("STOPPED", "BUILD_STOPPED", "Build has been stopped."),
    TIME_OUT: ("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out."),
}


class PhaseFailed(Exception):
    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Run:
    def __init__(
        self, cloud: Cloud, phases: Phases, reports: Reports, build: Build, folder: Path, deadline: float
    ) -> None:
        """``folder`` is empty, and is removed with the build."""
        self.cloud, self.phases, self.reports = cloud, phases, reports
        self.build, self.folder, self.deadline = build, folder, deadline
        self.source, self.home, self.scratch = folder / "src", folder / "home", folder / "scratch"
        self.store = S3Store(self.cloud.client("s3"))
        self.spec = Buildspec({})
        self.secrets: list[str] = []
        self.status = "SUCCEEDED"
        self.shell: Shell | None = None
        self.environment: dict[str, str] = {}
        self.secret_names: set[str] = set()
        where = cloud.folder / "codebuild" / "cache"
        self.cache = Cache(build.settings["cache"], build.project, where, self.store, self.source, self.home)

    def run(self) -> str:
        """The build's status."""
        try:
            with self._phase("PROVISIONING"):
                self._log(f"Waiting for agent ping; this is {self.build.arn}")
            with self._phase("DOWNLOAD_SOURCE"):
                self._prepare()
            self._commands()
            with self._phase("UPLOAD_ARTIFACTS"):
                self._upload()
        except PhaseFailed as failure:
            self.status = failure.status
        finally:
            if self.shell:
                self.shell.kill()
        with self.phases.during(self.build, "FINALIZING"):
            pass
        return self.status

    def _prepare(self) -> None:
        for folder in (self.home, self.scratch):
            folder.mkdir(parents=True)
        build = self.build
        version = sources.fetch(self.cloud, build.source, build.version, self.source)
        build.resolved = build.resolved or version  # the pipeline knows the commit, its zip does not
        folders = {}
        for other in build.secondary_sources:
            name = other["sourceIdentifier"]
            folders[f"CODEBUILD_SRC_DIR_{name}"] = str(self.folder / name)
            version = build.secondary_versions.get(name, "")
            sources.fetch(self.cloud, other, version, self.folder / name)
        self.spec = parse(self._buildspec())
        self._set_environment(folders)
        if self.cache.used:
            self._restore_cache()

    def _buildspec(self) -> str:
        spec = self.build.source.get("buildspec") or DEFAULT_SPEC
        if inline(spec):
            return str(spec)
        try:
            if spec.startswith("arn:aws:s3:::"):
                return self.store.read(f"s3://{spec.removeprefix('arn:aws:s3:::')}").decode(errors="replace")
            return (self.source / spec).read_text(errors="replace")
        except (OSError, Unavailable):
            raise YamlFileError(f"stat {spec}: no such file in the source; name the project's buildspec") from None

    def _set_environment(self, folders: dict[str, str]) -> None:
        of_spec, secret = variables.of_buildspec(self.spec, self.cloud)
        of_build, also_secret = variables.of_build(self.build.variables, self.cloud)
        secret = (secret - of_build.keys()) | also_secret
        given = of_spec | of_build
        self.secrets = variables.lines_of(given[name] for name in secret)
        self.environment = variables.machine(self.cloud, self.home) | given | self._codebuild_variables() | folders
        self.environment |= {name: value for name, value in self.cloud.environment().items() if name.startswith("AWS_")}
        self.secret_names = secret

    def _codebuild_variables(self) -> dict[str, str]:
        build = self.build
        values = {
            "BUILD_ID": build.id,
            "BUILD_ARN": build.arn,
            "BUILD_NUMBER": str(build.number),
            "BUILD_IMAGE": build.settings["environment"]["image"],
            "BUILD_SUCCEEDING": "1",
            "INITIATOR": build.initiator,
            "KMS_KEY_ID": build.settings.get("encryptionKey", ""),
            "LOG_PATH": build.log_stream,
            "PROJECT_UUID": build.project,
            "RESOLVED_SOURCE_VERSION": build.resolved,
            "SOURCE_REPO_URL": build.source.get("location", ""),
            "SOURCE_VERSION": build.version,
            "SRC_DIR": str(self.source),
            "START_TIME": str(int(build.created.timestamp() * 1000)),
        }
        return {f"CODEBUILD_{name}": value for name, value in values.items()}

    def _commands(self) -> None:
        self.shell = Shell(
            self.spec.shell,
            self.environment,
            self.source,
            self.scratch,
            line=self._log_output,
            ended=self._ended,
            started=lambda pid: self.cloud.processes.register(pid, self.build.id),
            gone=self.cloud.processes.forget,
        )
        reached = next((name for name in PHASES if not self._run_phase(name)), "post_build")
        self.shell.close()
        self.environment = self.shell.environment
        self.build.exported = self._exported()
        self._report()
        if reached in ("install", "pre_build"):  # nothing to upload
            raise PhaseFailed("", "")
        if self.cache.used and self.status == "SUCCEEDED":
            self._save_cache()

    def _run_phase(self, name: str) -> bool:
        """Whether the next phase runs."""
        assert self.shell  # noqa: S101 - the caller created it
        phase = self.spec.phases.get(name, Phase())
        try:
            with self._phase(name.upper()):
                if phase.runtimes:
                    self._log("runtime-versions are those of this machine: those of the buildspec are ignored")
                self._run_commands(phase.commands, phase.afterwards)
        except PhaseFailed as failure:
            if failure.status != "FAILED":
                raise
            if phase.on_failure == "CONTINUE":
                return True
            self.status = "FAILED"
            self.shell.run("export CODEBUILD_BUILD_SUCCEEDING=0")
            return name == "build" and phase.on_failure != "ABORT"
        return True

    def _run_commands(self, commands: tuple[str, ...], afterwards: tuple[str, ...]) -> None:
        try:
            for command in commands:
                self._run_command(command)
        finally:
            for command in () if self._ended() else afterwards:
                self._run_command(command)

    def _run_command(self, command: str) -> None:
        assert self.shell  # noqa: S101 - the caller created it
        self._log(f"Running command {command}")
        status = self.shell.run(command)
        if status == ENDED:
            raise self._ending()
        if status:
            message = f"Error while executing command: {command}. Reason: exit status {status}"
            raise PhaseFailed("COMMAND_EXECUTION_ERROR", variables.masked(message, self.secrets))

    def _restore_cache(self) -> None:
        """A cache that cannot be read is created again."""
        try:
            result = "restored" if self.cache.restore(self.scratch) else "not found: it is saved afterwards"
        except (OSError, tarfile.TarError, KeyError) as problem:  # KeyError: an archive with other names
            result = f"not restored: {problem}"
        self._log(f"Cache {result}")

    def _save_cache(self) -> None:
        """A build does not fail because its cache cannot be saved."""
        try:
            self._log(f"Cache of {self.cache.save(self.spec.cache, self.scratch)} files and folders saved")
        except (Unavailable, OSError) as problem:
            self._log(f"Cache not saved: {problem}")

    def _upload(self) -> None:
        for line in Artifacts(self.build, self.store, self.source, self.scratch).upload(self.spec, self.environment):
            self._log(line)

    def _exported(self) -> dict[str, str]:
        names = (name for name in self.spec.exported if not name.startswith("AWS_") and name not in self.secret_names)
        return {name: self.environment.get(name, "") for name in names}

    def _report(self) -> None:
        for name, files in self.spec.reports.items():
            try:
                self._read_report(name, select(self.source, files, self.environment), files.format)
            except (NoFiles, Refusal, ValueError, OSError) as problem:
                self._log(f"Report {name}: {problem}")

    def _read_report(self, name: str, files: Mapping[str, Path], kind: str) -> None:
        if kind != "JUNITXML":
            raise ValueError(f"localcloud reads JUNITXML; {kind} is ignored")
        cases = [case for path, file in files.items() for case in junit.cases(file.read_text(errors="replace"), path)]
        with self.cloud.lock:
            report = self.reports.add(name, self.build.project, self.build.arn, cases)
            self.build.reports.append(report.arn)
        self._log(f"Report {name}: {len(cases)} test cases of {len(files)} files, {report.status}")

    @contextmanager
    def _phase(self, kind: str) -> Iterator[None]:
        """An expected error becomes the phase's context, and a PhaseFailed."""
        if self._ended():
            raise self._ending()
        with self.phases.during(self.build, kind) as phase:
            self._log(f"Entering phase {kind}")
            try:
                yield
            except PhaseFailed as failure:
                self._fail(phase, failure)
                raise
            except tuple(CONTEXTS) as problem:
                code = next(code for kind, code in CONTEXTS.items() if isinstance(problem, kind))
                problem_of_phase = PhaseFailed(code, variables.masked(str(problem), self.secrets))
                self._fail(phase, problem_of_phase)
                raise problem_of_phase from None
            finally:
                self._log(f"Phase complete: {kind} State: {phase.status or 'SUCCEEDED'}")

    def _fail(self, phase: BuildPhase, failure: PhaseFailed) -> None:
        phase.status, phase.contexts = failure.status, ({"statusCode": failure.code, "message": failure.message},)
        self._log(f"Phase context status code: {failure.code} Message: {failure.message}")

    def _ended(self) -> bool:
        if not self.build.end_reason and time.monotonic() > self.deadline:
            self.build.end_reason = TIME_OUT
        return bool(self.build.end_reason)

    def _ending(self) -> PhaseFailed:
        status, code, message = ENDINGS.get(self.build.end_reason, ENDINGS[STOP])
        return PhaseFailed(code, message, status)

    def _log(self, text: str) -> None:
        at = f"{self.cloud.clock.now():%Y/%m/%d %H:%M:%S.%f}"
        for line in variables.masked(text, self.secrets).splitlines():
            self._log_output(f"[Container] {at} {line}")

    def _log_output(self, line: str) -> None:
        if self.build.log_group:
            self.cloud.log(self.build.log_group, self.build.log_stream, [variables.masked(line, self.secrets)])
