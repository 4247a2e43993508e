"""The records of verdicts: which one belongs to a package and its config, and what a person adds to it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from release.state import s3_documents, verdict_records
from release.state.deployment import Deployment
from release.state.verdict_records import Acceptance
from settings.errors import Problem

FOLDER = "churn/releases/churn-local/verdicts/"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
DEPLOYMENT = Deployment("arn:package/2", "c2", "m", "c1", "t", "2026-01-05T09:00:00+00:00", True, ("a",))
ACCEPTANCE = Acceptance("arn:user/ann", "2026-01-05T10:00:00+00:00", "it is right")


@pytest.fixture
def write(context, s3, monkeypatch):
    monkeypatch.setattr(s3_documents, "keys", lambda _, prefix: sorted(key for key in s3.objects if prefix in key))

    def put(outcome, hour=9, **changes):
        deployment = replace(DEPLOYMENT, since=f"2026-01-05T{hour:02}:00:00+00:00", **changes)
        verdict_records.write(context, deployment, {"verdict": outcome, "reason": "why", "observed": None}, AT)
        return deployment

    return put


def latest(context):
    return verdict_records.latest(context, "arn:package/2", "c2")


def test_a_verdict_is_of_the_last_deployment_of_its_package_on_its_config(context, write):
    assert latest(context) is None
    write("shipped", 10)
    write("rolled back", 11)
    write("failed", 12, package="arn:package/3")
    write("inconclusive", 13, config="other-c2x")
    record = latest(context)
    assert (record.outcome, record.stands, record.final, record.deployment.since[11:13]) == (
        "rolled back",
        True,
        True,
        "11",
    )
    assert [each.outcome for each in verdict_records.newest(context, 2)] == ["inconclusive", "failed"]


def test_it_is_found_by_its_deployment(context, write):
    deployment = write("inconclusive")
    record = verdict_records.of_deployment(context, deployment)
    assert (record.outcome, record.stands, record.final) == ("inconclusive", True, False)
    assert verdict_records.of_deployment(context, replace(deployment, config="c3")) is None


def test_what_is_accepted_stands_no_longer_and_names_the_person(context, s3, write):
    write("failed")
    verdict_records.accept(context, latest(context), ACCEPTANCE)
    record = latest(context)
    assert (record.outcome, record.stands, record.final, record.acceptance) == ("failed", False, True, ACCEPTANCE)
    assert str(record.acceptance) == "accepted by arn:user/ann on 2026-01-05 10:00:00 UTC: it is right"
    assert json.loads(s3.objects[record.key])["deployment"]["package"] == "arn:package/2"


def test_of_two_people_who_accept_at_once_one_is_refused(context, write):
    write("failed")
    record = latest(context)
    verdict_records.accept(context, record, ACCEPTANCE)
    with pytest.raises(Problem, match="was changed by somebody else meanwhile"):
        verdict_records.accept(context, record, replace(ACCEPTANCE, by="arn:user/bob"))
    assert latest(context).acceptance == ACCEPTANCE


@pytest.mark.parametrize(
    "observed",
    [
        None,
        {},
        {"judgement": None},
        {"judgement": {"fleets": {"new": {}}}},
        {"judgement": {"fleets": None}},
        {"comparison": {}},
    ],
)
def test_a_record_of_an_earlier_version_is_read(context, s3, write, observed):
    deployment = write("inconclusive")
    key = f"{FOLDER}20260105T090000Z-c2.json"
    s3.objects[key] = json.dumps(json.loads(s3.objects[key]) | {"observed": observed}).encode()
    assert verdict_records.of_deployment(context, deployment).requests == 0


@pytest.mark.parametrize("change", [{"verdict": None, "reason": 1, "deployment": 7}, {"accepted": "ann"}])
def test_an_invalid_record_is_a_problem(context, s3, write, change):
    deployment = write("failed")
    key = f"{FOLDER}20260105T090000Z-c2.json"
    s3.objects[key] = json.dumps(json.loads(s3.objects[key]) | change).encode()
    with pytest.raises(Problem, match="is not a valid release record .*: inspect it, then fix or delete it"):
        verdict_records.of_deployment(context, deployment)
