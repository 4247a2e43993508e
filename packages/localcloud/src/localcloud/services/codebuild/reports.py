"""Report groups, reports and their test cases, from the JUnit files of builds.

A build that names a group of its project gets it made, as ``<project>-<name>``. Not reproduced: coverage, other formats
than JUnit's XML (told in the build's log), exports, the expiry of reports.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Service, operation
from localcloud.services.codebuild.junit import Case

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

INVALID, ABSENT = "InvalidInputException", "ResourceNotFoundException"
STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
KEPT = timedelta(days=30)
PAGE = 100
PAGES: dict[str, Any] = {"limit": PAGE, "size_key": "maxResults", "token_key": "nextToken", "code": INVALID}


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

    def told(self) -> dict[str, Any]:
        counts = Counter(case.status for case in self.cases)
        return {
            "arn": self.arn,
            "type": "TEST",
            "name": self.name,
            "reportGroupArn": self.group,
            "executionId": self.build,
            "status": self.status,
            "created": self.created,
            "expired": self.created + KEPT,
            "exportConfig": {"exportConfigType": "NO_EXPORT"},
            "truncated": False,
            "testSummary": {
                "total": len(self.cases),
                "statusCounts": {status: counts[status] for status in STATUSES},
                "durationInNanoSeconds": sum(case.nanoseconds for case in self.cases),
            },
        }


class Reports(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.report_groups: dict[str, dict[str, Any]] = {}  # by ARN
        self.reports: dict[str, Report] = {}  # by ARN, the oldest first

    def reset(self) -> None:
        super().reset()
        self.report_groups.clear()
        self.reports.clear()

    def add_report(self, group: str, project: str, build: str, cases: Sequence[Case]) -> Report:
        """Under the lock; ``group`` is a name of the buildspec, or the ARN of a group that is there."""
        arn = group if group.startswith("arn:") else self._group_arn(f"{project}-{group}")
        if arn not in self.report_groups:
            if group.startswith("arn:"):
                raise Refusal(ABSENT, f"The report group {group} does not exist.")
            self._make_group(f"{project}-{group}", {"exportConfigType": "NO_EXPORT"})
        name = str(uuid.uuid4())
        place = arn.replace(":report-group/", ":report/", 1)
        report = Report(f"{place}:{name}", arn, name, build, self.cloud.clock.now(), tuple(cases))
        self.reports[report.arn] = report
        return report

    @operation("CreateReportGroup")
    def create_report_group(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["type"] != "TEST":
            raise not_implemented("A report group for CODE_COVERAGE")
        if self._group_arn(request["name"]) in self.report_groups:
            raise Refusal("ResourceAlreadyExistsException", f"Report group {request['name']} already exists.")
        return {"reportGroup": self._make_group(request["name"], request["exportConfig"], request.get("tags", []))}

    @operation("UpdateReportGroup")
    def update_report_group(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._group(request["arn"])
        group |= {name: request[name] for name in ("exportConfig", "tags") if name in request}
        group["lastModified"] = self.cloud.clock.now()
        return {"reportGroup": group}

    @operation("DeleteReportGroup")
    def delete_report_group(self, request: dict[str, Any]) -> None:
        """One that is not there is no error."""
        arn = request["arn"]
        mine = [report.arn for report in self.reports.values() if report.group == arn]
        if mine and not request.get("deleteReports"):
            raise Refusal(INVALID, "The report group contains reports: delete them, or say deleteReports.")
        self.report_groups.pop(arn, None)
        for report in mine:
            del self.reports[report]

    @operation("BatchGetReportGroups")
    def batch_get_report_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = request["reportGroupArns"]
        found = [self.report_groups[arn] for arn in asked if arn in self.report_groups]
        return {"reportGroups": found, "reportGroupsNotFound": [arn for arn in asked if arn not in self.report_groups]}

    @operation("ListReportGroups")
    def list_report_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(sorted(self.report_groups), request, "reportGroups", **PAGES)

    @operation("BatchGetReports")
    def batch_get_reports(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = request["reportArns"]
        found = [self.reports[arn].told() for arn in asked if arn in self.reports]
        return {"reports": found, "reportsNotFound": [arn for arn in asked if arn not in self.reports]}

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
            raise Refusal(ABSENT, f"The report {request['reportArn']} does not exist.")
        wanted = request.get("filter", {})
        found = [
            {
                "reportArn": report.arn,
                "testRawDataPath": case.file,
                "prefix": case.prefix,
                "name": case.name,
                "status": case.status,
                "durationInNanoSeconds": case.nanoseconds,
                "message": case.message,
                "expired": report.created + KEPT,
                "testSuiteName": case.suite,
            }
            for case in report.cases
            if wanted.get("status", case.status) == case.status and wanted.get("keyword", "") in case.name
        ]
        return paged(found, request, "testCases", **PAGES)

    def _list_reports(self, request: dict[str, Any], reports: list[Report]) -> dict[str, Any]:
        status = request.get("filter", {}).get("status")
        found = [report.arn for report in reports if status in (None, report.status)]
        newest_first = request.get("sortOrder", "DESCENDING") == "DESCENDING"
        return paged(found[::-1] if newest_first else found, request, "reports", **PAGES)

    def _make_group(self, name: str, export: dict[str, Any], tags: Sequence[Any] = ()) -> dict[str, Any]:
        now, arn = self.cloud.clock.now(), self._group_arn(name)
        times = {"created": now, "lastModified": now}
        group = {"arn": arn, "name": name, "type": "TEST", "exportConfig": export, **times, "status": "ACTIVE"}
        self.report_groups[arn] = {**group, "tags": list(tags)}
        return self.report_groups[arn]

    def _group(self, arn: str) -> dict[str, Any]:
        if arn not in self.report_groups:
            raise Refusal(ABSENT, f"The report group {arn} does not exist.")
        return self.report_groups[arn]

    def _group_arn(self, name: str) -> str:
        return self.cloud.arn("codebuild", f"report-group/{name}")
