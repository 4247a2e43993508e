"""Report groups, reports and their test cases, from the JUnit files of builds.

A build that names a report group creates it, as ``<project>-<name>``. Not reproduced: coverage, formats other than
JUnit's XML (reported in the build's log), exports, the expiry of reports.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.codebuild.errors import INVALID, NOT_FOUND, PAGES
from localcloud.services.codebuild.junit import Case

STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
RETENTION = timedelta(days=30)


@dataclass
class Report:
    arn: str
    group: str  # its ARN
    name: str
    build: str  # its ARN
    created: datetime
    cases: tuple[Case, ...]

    @property
    def status(self) -> str:
        if not self.cases:
            return "INCOMPLETE"
        return "FAILED" if any(case.status in ("FAILED", "ERROR") for case in self.cases) else "SUCCEEDED"

    def describe(self) -> dict[str, Any]:
        counts = Counter(case.status for case in self.cases)
        return {
            "arn": self.arn,
            "type": "TEST",
            "name": self.name,
            "reportGroupArn": self.group,
            "executionId": self.build,
            "status": self.status,
            "created": self.created,
            "expired": self.created + RETENTION,
            "exportConfig": {"exportConfigType": "NO_EXPORT"},
            "truncated": False,
            "testSummary": {
                "total": len(self.cases),
                "statusCounts": {status: counts[status] for status in STATUSES},
                "durationInNanoSeconds": sum(case.nanoseconds for case in self.cases),
            },
        }

    def describe_case(self, case: Case) -> dict[str, Any]:
        return {
            "reportArn": self.arn,
            "testRawDataPath": case.file,
            "prefix": case.prefix,
            "name": case.name,
            "status": case.status,
            "durationInNanoSeconds": case.nanoseconds,
            "message": case.message,
            "expired": self.created + RETENTION,
            "testSuiteName": case.suite,
        }


class Reports(Part):
    def __init__(self, cloud: Cloud) -> None:
        self._clock, self._arn = cloud.clock, cloud.arn
        self.report_groups: dict[str, dict[str, Any]] = {}  # by ARN
        self.reports: dict[str, Report] = {}  # by ARN, the oldest first

    def reset(self) -> None:
        self.report_groups.clear()
        self.reports.clear()

    def add(self, group: str, project: str, build: str, cases: Sequence[Case]) -> Report:
        """Under the lock; ``group`` is a name in the buildspec, or the ARN of an existing group."""
        arn = self.arn_of(group, project)
        if arn not in self.report_groups:
            if group.startswith("arn:"):
                raise Refusal(NOT_FOUND, f"The report group {group} does not exist.")
            self._create_group(f"{project}-{group}", {"exportConfigType": "NO_EXPORT"})
        name = str(uuid.uuid4())
        prefix = arn.replace(":report-group/", ":report/", 1)
        report = Report(f"{prefix}:{name}", arn, name, build, self._clock.now(), tuple(cases))
        self.reports[report.arn] = report
        return report

    def arn_of(self, group: str, project: str) -> str:
        return group if group.startswith("arn:") else self._group_arn(f"{project}-{group}")

    @operation("CreateReportGroup")
    def create_report_group(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["type"] != "TEST":
            raise not_implemented("A report group for CODE_COVERAGE")
        if self._group_arn(request["name"]) in self.report_groups:
            raise Refusal("ResourceAlreadyExistsException", f"Report group {request['name']} already exists.")
        return {"reportGroup": self._create_group(request["name"], request["exportConfig"], request.get("tags", []))}

    @operation("UpdateReportGroup")
    def update_report_group(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._group(request["arn"])
        group |= {name: request[name] for name in ("exportConfig", "tags") if name in request}
        group["lastModified"] = self._clock.now()
        return {"reportGroup": group}

    @operation("DeleteReportGroup")
    def delete_report_group(self, request: dict[str, Any]) -> None:
        """A missing group is not an error."""
        arn = request["arn"]
        arns = [report.arn for report in self.reports.values() if report.group == arn]
        if arns and not request.get("deleteReports"):
            raise Refusal(INVALID, "The report group contains reports: delete them, or set deleteReports.")
        self.report_groups.pop(arn, None)
        for report in arns:
            del self.reports[report]

    @operation("BatchGetReportGroups")
    def batch_get_report_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        arns = request["reportGroupArns"]
        groups = [self.report_groups[arn] for arn in arns if arn in self.report_groups]
        return {"reportGroups": groups, "reportGroupsNotFound": [arn for arn in arns if arn not in self.report_groups]}

    @operation("ListReportGroups")
    def list_report_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(sorted(self.report_groups), request, "reportGroups", **PAGES)

    @operation("BatchGetReports")
    def batch_get_reports(self, request: dict[str, Any]) -> dict[str, Any]:
        arns = request["reportArns"]
        reports = [self.reports[arn].describe() for arn in arns if arn in self.reports]
        return {"reports": reports, "reportsNotFound": [arn for arn in arns if arn not in self.reports]}

    @operation("ListReports")
    def list_reports(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._list_reports(request, list(self.reports.values()))

    @operation("ListReportsForReportGroup")
    def list_reports_for_report_group(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._group(request["reportGroupArn"])["arn"]
        return self._list_reports(request, [report for report in self.reports.values() if report.group == group])

    @operation("DeleteReport")
    def delete_report(self, request: dict[str, Any]) -> None:
        self.reports.pop(request["arn"], None)

    @operation("DescribeTestCases")
    def describe_test_cases(self, request: dict[str, Any]) -> dict[str, Any]:
        report = self.reports.get(request["reportArn"])
        if not report:
            raise Refusal(NOT_FOUND, f"The report {request['reportArn']} does not exist.")
        condition = request.get("filter", {})
        cases = [
            report.describe_case(case)
            for case in report.cases
            if condition.get("status", case.status) == case.status and condition.get("keyword", "") in case.name
        ]
        return paged(cases, request, "testCases", **PAGES)

    def _list_reports(self, request: dict[str, Any], reports: list[Report]) -> dict[str, Any]:
        status = request.get("filter", {}).get("status")
        arns = [report.arn for report in reports if status in (None, report.status)]
        newest_first = request.get("sortOrder", "DESCENDING") == "DESCENDING"
        return paged(arns[::-1] if newest_first else arns, request, "reports", **PAGES)

    def _create_group(self, name: str, export: dict[str, Any], tags: Sequence[Any] = ()) -> dict[str, Any]:
        now, arn = self._clock.now(), self._group_arn(name)
        times = {"created": now, "lastModified": now}
        group = {"arn": arn, "name": name, "type": "TEST", "exportConfig": export, **times, "status": "ACTIVE"}
        self.report_groups[arn] = {**group, "tags": list(tags)}
        return self.report_groups[arn]

    def _group(self, arn: str) -> dict[str, Any]:
        if arn not in self.report_groups:
            raise Refusal(NOT_FOUND, f"The report group {arn} does not exist.")
        return self.report_groups[arn]

    def _group_arn(self, name: str) -> str:
        return self._arn("codebuild", f"report-group/{name}")
