"""Reads the report files that a buildspec names, and adds their test cases to the reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.services.codebuild import junit
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.build_log import BuildLog
from localcloud.services.codebuild.buildspec import Buildspec
from localcloud.services.codebuild.files import NoFiles, select
from localcloud.services.codebuild.reports import Reports

REPORTING = ("CreateReport", "BatchPutTestCases", "UpdateReport")  # what CodeBuild calls for a report


class ReportFiles:
    def __init__(self, cloud: Cloud, session: Principal, reports: Reports, build: Build, log: BuildLog) -> None:
        self._cloud, self._session, self._reports, self._build, self._log = cloud, session, reports, build, log
        self.denials: list[str] = []

    def add(self, spec: Buildspec, source: Path, environment: Mapping[str, str]) -> None:
        """A report that cannot be read does not fail the build."""
        for name, files in spec.reports.items():
            try:
                self._add(name, select(source, files, environment), files.format)
            except (NoFiles, Refusal, ValueError, OSError) as problem:
                self._log.write(f"Report {name}: {problem}")

    def _add(self, name: str, files: Mapping[str, Path], file_format: str) -> None:
        if file_format != "JUNITXML":
            raise ValueError(f"localcloud reads JUNITXML; {file_format} is ignored")
        cases = [case for path, file in files.items() for case in junit.cases(file.read_text(errors="replace"), path)]
        if not self._allowed(name):
            return
        with self._cloud.lock:
            report = self._reports.add(name, self._build.project, self._build.arn, cases)
            self._build.reports.append(report.arn)
        self._log.write(f"Report {name}: {len(cases)} test cases of {len(files)} files, {report.status}")

    def _allowed(self, name: str) -> bool:
        """The role's policies decide; CodeBuild names the first call that they refuse."""
        arn = self._reports.arn_of(name, self._build.project)
        new = arn not in self._reports.report_groups
        try:
            for operation in ("CreateReportGroup", *REPORTING) if new else REPORTING:
                self._cloud.access.authorize(self._session, "codebuild", operation, {"arn": arn, "reportGroupArn": arn})
        except Refusal as refusal:
            step = "report group" if new else "report"
            self.denials.append(f"{name}: [error creating {step}: AccessDeniedException: {refusal.message}]")
            return False
        return True
