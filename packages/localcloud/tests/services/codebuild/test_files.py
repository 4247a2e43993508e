"""Sources, artifacts, caches and reports of builds."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

IN_S3 = {"type": "S3", "location": "bucket/source.zip"}
TO_S3 = {"type": "S3", "location": "bucket", "name": "out.zip", "packaging": "ZIP", "path": "built"}


def names(s3: Any, key: str) -> list[str]:
    body = s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    return sorted(zipfile.ZipFile(io.BytesIO(body)).namelist())


SPEC = """
version: 0.2
phases: {build: {commands: [cat data/a.txt, mkdir -p dist/deep, touch dist/x.js dist/.hidden dist/deep/y.js dist/z.md]}}
artifacts: {artifacts}
"""


@pytest.mark.parametrize(
    ("artifacts", "expected"),
    [
        ("{files: ['**/*'], base-directory: dist}", [".hidden", "deep/y.js", "x.js", "z.md"]),
        ("{files: ['**/*.js'], base-directory: '$OUT', discard-paths: yes}", ["x.js", "y.js"]),
        ("{files: ['dist/**/*'], exclude-paths: ['**/*.md', 'dist/deep/**/*']}", ["dist/.hidden", "dist/x.js"]),
        ("{files: [data/a.txt, 'dist/*.js']}", ["data/a.txt", "dist/x.js"]),
    ],
)
def test_from_a_zip_on_s3_to_a_zip_on_s3(
    s3: Any, run_build: Any, lines: Any, artifacts: str, expected: list[str]
) -> None:
    s3.put_object(Bucket="bucket", Key="source.zip", Body=_source(SPEC.replace("{artifacts}", artifacts)))
    start = {"environmentVariablesOverride": [{"name": "OUT", "value": "dist"}]}
    build = run_build(source=IN_S3, artifacts=TO_S3, start=start)
    assert (build["buildStatus"], lines(build)) == ("SUCCEEDED", ["data"])
    assert names(s3, "built/out.zip") == expected
    assert build["artifacts"]["location"] == "arn:aws:s3:::bucket/built/out.zip"
    assert len(build["artifacts"]["sha256sum"]) == 64


def _source(spec: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("buildspec.yml", spec)
        archive.writestr("data/a.txt", "data\n")
    return packed.getvalue()


SEVERAL = """
version: 0.2
phases: {build: {commands: [touch a b, exit 1]}}
artifacts: {files: [a], secondary-artifacts: {more: {files: [b]}}}
"""


def test_artifacts_of_a_failed_build_are_uploaded_too(s3: Any, run_build: Any, phases: Any) -> None:
    other = {
        "type": "S3",
        "location": "bucket",
        "name": "more",
        "artifactIdentifier": "more",
        "namespaceType": "BUILD_ID",
    }
    build = run_build(SEVERAL, artifacts=TO_S3, secondaryArtifacts=[other])
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    assert names(s3, "built/out.zip") == ["a"]
    uuid = build["id"].partition(":")[2]
    assert s3.head_object(Bucket="bucket", Key=f"{uuid}/more/b")
    assert build["secondaryArtifacts"][0]["artifactIdentifier"] == "more"


@pytest.mark.parametrize(
    ("artifacts", "sentence"),
    [
        ("{files: [nothing]}", "no matching artifact paths found"),
        ("{files: [a], base-directory: nowhere}", "no matching base directory path found for nowhere"),
    ],
)
def test_missing_artifacts_fail_the_build(s3: Any, run_build: Any, phases: Any, artifacts: str, sentence: str) -> None:
    build = run_build(
        f"version: 0.2\nphases: {{build: {{commands: [touch a]}}}}\nartifacts: {artifacts}", artifacts=TO_S3
    )
    assert (build["buildStatus"], phases(build)["UPLOAD_ARTIFACTS"]) == ("FAILED", "FAILED")
    (context,) = next(phase for phase in build["phases"] if phase["phaseType"] == "UPLOAD_ARTIFACTS")["contexts"]
    assert context == {"statusCode": "CLIENT_ERROR", "message": sentence}


@pytest.mark.parametrize(
    ("source", "body", "code", "sentence"),
    [
        (IN_S3, None, "CLIENT_ERROR", "Cannot read s3://bucket/source.zip"),
        (IN_S3, b"not a zip", "CLIENT_ERROR", "the object bucket/source.zip is not a zip"),
        ({"type": "GITHUB", "location": "https://example.com/a"}, None, "CLIENT_ERROR", "git push local main"),
        ({"type": "S3", "location": "bucket/folder/"}, None, "YAML_FILE_ERROR", "stat buildspec.yml: no such file"),
    ],
)
def test_a_source_that_cannot_be_fetched_fails_the_build(
    s3: Any, run_build: Any, source: Any, body: Any, code: str, sentence: str
) -> None:
    if body:
        s3.put_object(Bucket="bucket", Key="source.zip", Body=body)
    build = run_build(source=source)
    (context,) = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")["contexts"]
    assert (build["buildStatus"], context["statusCode"]) == ("FAILED", code)
    assert sentence in context["message"]


def test_an_s3_prefix_and_a_secondary_source(s3: Any, run_build: Any, lines: Any) -> None:
    spec = "version: 0.2\nphases: {build: {commands: [ls, 'cat $CODEBUILD_SRC_DIR_other/word']}}"
    s3.put_object(Bucket="bucket", Key="folder/buildspec.yml", Body=spec.encode())
    s3.put_object(Bucket="bucket", Key="other/word", Body=b"hello")
    other = {"type": "S3", "location": "bucket/other/", "sourceIdentifier": "other"}
    build = run_build(source={"type": "S3", "location": "bucket/folder/"}, secondarySources=[other])
    assert lines(build) == ["buildspec.yml", "hello"]


CACHED = """
version: 0.2
phases:
  build:
    commands:
      - cat "$HOME/.kept/number" deep/number 2>/dev/null || echo nothing
      - mkdir -p "$HOME/.kept" deep && echo one >"$HOME/.kept/number"
      - echo two >deep/number && ln -sf number deep/link
cache: {paths: ['/root/.kept/**/*', 'deep/**/*']}
"""


@pytest.mark.parametrize(
    "cache", [{"type": "S3", "location": "bucket/cache"}, {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}]
)
def test_the_next_build_restores_the_cache(
    s3: Any, codebuild: Any, run_build: Any, wait_for_end: Any, lines: Any, cache: Any
) -> None:
    assert lines(run_build(CACHED, cache=cache)) == ["nothing"]
    again = wait_for_end(codebuild.start_build(projectName="app")["build"]["id"])
    assert lines(again) == ["one", "two"]


def test_a_cache_that_cannot_be_saved_does_not_fail_the_build(run_build: Any, lines: Any) -> None:
    build = run_build(
        "version: 0.2\nphases: {build: {commands: ['true']}}", cache={"type": "S3", "location": "nowhere"}
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert any("Cache not saved: Cannot write s3://nowhere/" in line for line in lines(build, agent=True))


def test_an_unreadable_cache_is_replaced(
    s3: Any, codebuild: Any, run_build: Any, wait_for_end: Any, lines: Any
) -> None:
    s3.put_object(Bucket="bucket", Key="cache/app.cache", Body=b"damaged")
    first = run_build(CACHED, cache={"type": "S3", "location": "bucket/cache"})
    assert any("Cache not restored: " in line for line in lines(first, agent=True))
    again = wait_for_end(codebuild.start_build(projectName="app")["build"]["id"])
    assert (lines(first), lines(again)) == (["nothing"], ["one", "two"])


REPORTED = """
version: 0.2
phases: {build: {commands: ['true']}}
reports: {unit: {files: ['*.xml']}, coverage: {files: ['*.xml'], file-format: COBERTURAXML}, none: {files: [nowhere]}}
"""
JUNIT = """<testsuites><testsuite name="s">
<testcase classname="c" name="good" time="0.5"/>
<testcase classname="c" name="bad" time="0.25"><failure message="no">trace</failure></testcase>
<testcase classname="c" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_reports_from_junit_files(cloud: Any, s3: Any, codebuild: Any, run_build: Any, lines: Any) -> None:
    s3.put_object(Bucket="bucket", Key="f/buildspec.yml", Body=REPORTED.encode())
    s3.put_object(Bucket="bucket", Key="f/junit.xml", Body=JUNIT.encode())
    build = run_build(source={"type": "S3", "location": "bucket/f/"})
    unit, none = build["reportArns"]
    response = codebuild.batch_get_reports(reportArns=[unit, "arn:no"])
    assert response["reportsNotFound"] == ["arn:no"]
    (report,) = response["reports"]
    assert report["reportGroupArn"] == cloud.arn("codebuild", "report-group/app-unit")
    assert (report["status"], report["executionId"]) == ("FAILED", build["arn"])
    assert report["testSummary"]["total"] == 3
    assert report["testSummary"]["statusCounts"]["SKIPPED"] == 1
    assert report["testSummary"]["durationInNanoSeconds"] == 750_000_000
    (bad,) = codebuild.describe_test_cases(reportArn=unit, filter={"status": "FAILED"})["testCases"]
    assert (bad["name"], bad["message"], bad["prefix"], bad["testRawDataPath"]) == ("bad", "no", "c", "junit.xml")
    assert codebuild.batch_get_reports(reportArns=[none])["reports"][0]["status"] == "INCOMPLETE"
    assert any("COBERTURAXML is ignored" in line for line in lines(build, agent=True))
    assert codebuild.list_reports_for_report_group(reportGroupArn=report["reportGroupArn"])["reports"] == [unit]
    with pytest.raises(ClientError, match="contains reports"):
        codebuild.delete_report_group(arn=report["reportGroupArn"])
    codebuild.delete_report_group(arn=report["reportGroupArn"], deleteReports=True)
    assert codebuild.list_reports()["reports"] == [none]


def test_the_local_repository_is_a_source(cloud: Any, run_build: Any, lines: Any, push_files: Any) -> None:
    commit = push_files(
        {"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['echo $CODEBUILD_SOURCE_VERSION']}}"}
    )
    build = run_build(source={"type": "CODECOMMIT", "location": "https://example.com/r"}, sourceVersion="main")
    assert (build["resolvedSourceVersion"], lines(build)) == (commit, ["main"])
