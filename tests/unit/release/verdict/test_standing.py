"""What a run says about a release that was judged already."""

import pytest

from release.state.deployment import Deployment
from release.state.judgement_record import JudgementRecord
from release.state.verdict_records import Acceptance, VerdictRecord
from release.verdict import standing
from release.verdict.verdict import Observation, Verdict

DEPLOYMENT = Deployment("arn:package/2", "c2", "m", "c1", "t", "2026-01-05T09:00:00+00:00", True, ())
ACCEPTANCE = Acceptance("arn:user/ann", "2026-01-05T10:00:00+00:00", "it is right")


def record(outcome, acceptance=None, requests=3):
    document = {"observed": {"judgement": {"fleets": {"new": {"answers": requests}}}}}
    return VerdictRecord("key", "etag", document, outcome, "why", "2026-01-05T09:30:00", DEPLOYMENT, acceptance)


def verdict(outcome, requests):
    judgement = JudgementRecord("passed so far", "good", "", "", "", fleets={"new": {"answers": requests}})
    return Verdict(outcome, "good", Observation("InService", "c2", "", (), {}, True, judgement))


@pytest.mark.parametrize(
    ("outcome", "live", "expected"),
    [
        ("failed", True, True),
        ("failed", False, True),
        ("rolled back", False, True),
        ("inconclusive", False, True),
        ("inconclusive", True, False),
        ("shipped", True, False),
        ("shipped", False, False),
    ],
)
def test_what_was_not_good_is_repeated_and_what_is_undecided_and_live_is_judged_again(outcome, live, expected):
    assert standing.repeats(record(outcome), live) is expected
    assert not standing.repeats(record(outcome, ACCEPTANCE), live)
    assert not standing.repeats(None, live)


@pytest.mark.parametrize(("outcome", "code"), [("failed", 5), ("rolled back", 3), ("inconclusive", 4)])
def test_a_repeated_verdict_has_its_code_and_says_how_to_accept_it(outcome, code):
    repeated = standing.repeat(record(outcome))
    assert (repeated.outcome, repeated.exit_code) == (outcome, code)
    assert repeated.reason == (
        "why (the verdict of 2026-01-05 09:30:00 UTC stands, and nothing was changed; "
        '--package arn:package/2 --accept "reason" takes responsibility for it)'
    )


def test_an_accepted_one_succeeds_and_names_verdict_and_person():
    accepted = standing.accepted(record("failed", ACCEPTANCE))
    assert (accepted.outcome, accepted.exit_code) == ("unchanged", 0)
    by = "accepted by arn:user/ann on 2026-01-05 10:00:00 UTC: it is right"
    assert f"its verdict (failed: why) was {by}" in str(accepted)


@pytest.mark.parametrize(
    ("outcome", "requests", "expected"),
    [("shipped", 3, False), ("shipped", 4, True), ("inconclusive", 3, False), ("failed", 3, True)],
)
def test_only_more_requests_make_an_inconclusive_release_good(outcome, requests, expected):
    assert standing.has_new_evidence(record("inconclusive"), verdict(outcome, requests)) is expected


def test_a_new_judgement_names_its_evidence():
    again = standing.judged_again(record("inconclusive"), verdict("shipped", 7))
    assert again.reason == "good (judged again, on 7 requests; 3 at the verdict of 2026-01-05 09:30:00 UTC)"
