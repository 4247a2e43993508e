"""One build from its first phase to its last, on a thread of its own and without the lock.

A failure of install or pre_build ends the build; after a failed build phase, post_build and the upload of artifacts
still run. A phase with on-failure CONTINUE fails alone: the build continues, and the other phases decide its status.
Timeouts are in real minutes, however fast the cloud's clock runs: a build takes real time.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.disk_space import DiskWatch, disk_problem, full_disk, is_full
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.codebuild import sources, variables
from localcloud.services.codebuild.artifacts import Artifacts
from localcloud.services.codebuild.build import TIME_OUT, Build
from localcloud.services.codebuild.build import Phase as BuildPhase
from localcloud.services.codebuild.build_log import BuildLog
from localcloud.services.codebuild.buildspec import PHASES, Buildspec, Phase, YamlFileError, inline, parse
from localcloud.services.codebuild.cache import Cache
from localcloud.services.codebuild.phase_failure import EXPECTED, PhaseFailed, code_of, end_failure
from localcloud.services.codebuild.phases import Phases
from localcloud.services.codebuild.report_files import ReportFiles
from localcloud.services.codebuild.reports import Reports
from localcloud.services.codebuild.shell import ENDED, Shell

DEFAULT_SPEC = "buildspec.yml"


class Run:
    def __init__(
        self,
        cloud: Cloud,
        session: Principal,
        phases: Phases,
        reports: Reports,
        build: Build,
        folder: Path,
        deadline: float,
    ) -> None:
        """In a ``session`` of the project's role; ``folder`` does not exist yet, and is removed with the build."""
        self.session, self.clients = session, partial(cloud.client_as, session)
        self.cloud, self.phases, self.build, self.folder, self.deadline = cloud, phases, build, folder, deadline
        self.source, self.home, self.scratch = folder / "src", folder / "home", folder / "scratch"
        self.log = BuildLog(cloud, session, build)
        self.report_files = ReportFiles(cloud, session, reports, build, self.log)
        self.store = S3Store(self.clients("s3"))
        caches = cloud.folder / "codebuild" / "cache"
        self.cache = Cache(build.settings["cache"], build.project, caches, self.store, self.source, self.home)
        self.spec = Buildspec({})
        self.client_variables: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.secret_names: set[str] = set()
        self.shell: Shell | None = None
        self.status = "SUCCEEDED"
        self.disk = DiskWatch(cloud.folder)

    def run(self) -> str:
        """Returns the build's status."""
        with self.cloud.process_keys.during(self.session) as token:
            self.client_variables = self.cloud.process_environment(token, own_home=True)
            return self._run()

    def _run(self) -> str:
        try:
            with self._phase("PROVISIONING"):
                self.folder.mkdir(parents=True)
                self.log.write(f"Waiting for agent ping; this is {self.build.arn}")
                self.log.open()
            with self._phase("DOWNLOAD_SOURCE"):
                self._prepare()
            self._run_phases()
            with self._phase("UPLOAD_ARTIFACTS"):
                self._upload()
        except PhaseFailed as failure:
            self.status = failure.status
        finally:
            if self.shell:
                self.shell.end()
        with self.phases.during(self.build, "FINALIZING"):
            pass
        return self.status

    def _prepare(self) -> None:
        for folder in (self.home, self.scratch):
            folder.mkdir(parents=True)
        build = self.build
        version = sources.fetch(self.cloud, self.session, build.source, build.version, self.source)
        build.resolved = build.resolved or version  # the pipeline knows the commit, its zip does not
        folders = self._fetch_secondary_sources()
        self.spec = parse(self._buildspec())
        self._set_environment(folders)
        if self.cache.used:
            self._restore_cache()

    def _fetch_secondary_sources(self) -> dict[str, str]:
        """Returns the variables that name their folders."""
        folders = {}
        for source in self.build.secondary_sources:
            name = source["sourceIdentifier"]
            version = self.build.secondary_versions.get(name, "")
            sources.fetch(self.cloud, self.session, source, version, self.folder / name)
            folders[f"CODEBUILD_SRC_DIR_{name}"] = str(self.folder / name)
        return folders

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
        of_spec, secret_in_spec = variables.of_buildspec(self.spec, self.clients)
        of_build, secret_in_build = variables.of_build(self.build.variables, self.clients)
        self.secret_names = (secret_in_spec - of_build.keys()) | secret_in_build
        declared = of_spec | of_build
        self.log.secrets = variables.lines_of(declared[name] for name in self.secret_names)
        self.environment = variables.machine(self.cloud, self.client_variables, self.home) | declared
        self.environment |= variables.of_codebuild(self.build, self.source) | folders
        self.environment |= {name: value for name, value in self.client_variables.items() if name.startswith("AWS_")}

    def _run_phases(self) -> None:
        self.shell = self._new_shell()
        last = next((name for name in PHASES if not self._run_phase(name)), "post_build")
        self.shell.end()
        self.environment = self.shell.environment
        self.build.exported = self._exported_variables()
        self.report_files.add(self.spec, self.source, self.environment)
        if last in ("install", "pre_build"):  # nothing to upload
            raise PhaseFailed("", "")
        if self.cache.used and self.status == "SUCCEEDED":
            self._save_cache()

    def _new_shell(self) -> Shell:
        return Shell(
            self.spec.shell,
            self.environment,
            self.source,
            self.scratch,
            on_line=self._write_output,
            must_end=self._must_end,
            on_start=lambda pid: self.cloud.processes.register(pid, self.build.id),
            on_end=self.cloud.processes.forget,
        )

    def _write_output(self, line: str) -> None:
        self.disk.read(line)
        self.log.write_output(line)

    def _run_phase(self, name: str) -> bool:
        """Whether the next phase runs."""
        assert self.shell  # noqa: S101 - the caller created it
        phase = self.spec.phases.get(name, Phase())
        try:
            with self._phase(name.upper()):
                if phase.runtimes:
                    self.log.write("runtime-versions are those of this machine: those of the buildspec are ignored")
                self._run_commands(phase)
        except PhaseFailed as failure:
            if failure.status != "FAILED":
                raise
            if phase.on_failure == "CONTINUE":
                return True
            self.status = "FAILED"
            self.shell.environment["CODEBUILD_BUILD_SUCCEEDING"] = "0"
            return name == "build" and phase.on_failure != "ABORT"
        return True

    def _run_commands(self, phase: Phase) -> None:
        try:
            for command in phase.commands:
                self._run_command(command)
        finally:
            for command in () if self._must_end() else phase.finally_commands:
                self._run_command(command)

    def _run_command(self, command: str) -> None:
        assert self.shell  # noqa: S101 - the caller created it
        self.log.write(f"Running command {command}")
        self.disk = DiskWatch(self.cloud.folder)
        status = self.shell.run(command)
        if status == ENDED:
            raise end_failure(self.build.end_reason)
        if status:
            message = f"Error while executing command: {command}. Reason: exit status {status}"
            message += f"; {self.disk.problem}" if self.disk.check() else ""
            raise PhaseFailed("COMMAND_EXECUTION_ERROR", self.log.mask(message))
        self._check_disk()  # its variables, which carry over in a file, may be lost

    def _restore_cache(self) -> None:
        """A cache that cannot be read is created again."""
        try:
            result = "restored" if self.cache.restore(self.scratch) else "not found: it is saved after the build"
        except (OSError, tarfile.TarError, KeyError) as problem:  # KeyError: an archive with other names
            result = f"not restored: {problem}"
        self.log.write(f"Cache {result}")

    def _save_cache(self) -> None:
        """A build does not fail because its cache cannot be saved."""
        try:
            self.log.write(f"Cache of {self.cache.save(self.spec.cache, self.scratch)} files and folders saved")
        except (Unavailable, OSError) as problem:
            self.log.write(f"Cache not saved: {problem}")

    def _upload(self) -> None:
        for line in Artifacts(self.build, self.store, self.source, self.scratch).upload(self.spec, self.environment):
            self.log.write(line)
        if denials := self.report_files.denials:
            raise PhaseFailed("CLIENT_ERROR", f"Error in UPLOAD_ARTIFACTS phase: [{', '.join(denials)}]")

    def _exported_variables(self) -> dict[str, str]:
        names = (name for name in self.spec.exported if not name.startswith("AWS_") and name not in self.secret_names)
        return {name: self.environment.get(name, "") for name in names}

    @contextmanager
    def _phase(self, kind: str) -> Iterator[None]:
        """An expected error becomes the phase's context, and a PhaseFailed."""
        if self._must_end():
            raise end_failure(self.build.end_reason)
        with self.phases.during(self.build, kind) as phase:
            self.log.write(f"Entering phase {kind}")
            try:
                self._check_disk()
                yield
            except PhaseFailed as failure:
                self._fail(phase, failure)
                raise
            except EXPECTED as error:
                message = full_disk(self.cloud.folder) if is_full(error) else str(error)
                expected = PhaseFailed(code_of(error), self.log.mask(message))
                self._fail(phase, expected)
                raise expected from None
            finally:
                self.log.write(f"Phase complete: {kind} State: {phase.status or 'SUCCEEDED'}")

    def _fail(self, phase: BuildPhase, failure: PhaseFailed) -> None:
        phase.status, phase.contexts = failure.status, (failure.context,)
        self.log.write(f"Phase context status code: {failure.code} Message: {failure.message}")

    def _check_disk(self) -> None:
        if problem := disk_problem(self.cloud.folder):
            raise PhaseFailed("CLIENT_ERROR", problem)

    def _must_end(self) -> bool:
        if not self.build.end_reason and time.monotonic() > self.deadline:
            self.build.end_reason = TIME_OUT
        return bool(self.build.end_reason)
