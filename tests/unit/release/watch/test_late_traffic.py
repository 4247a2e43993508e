"""Known requests for a fleet that is live already: until they decide, or cannot."""

from datetime import UTC, datetime

import pytest

from release.judgement.judgement import Decision
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.watch import late_traffic
from release.watch.late_traffic import send_late_traffic
from release.watch.traffic import Counts

DEPLOYMENT = Deployment("arn:p/7", "new", "m", "old", "t", "2026-01-05T09:00:00+00:00", True, ())
LIVE = EndpointStatus(datetime(2026, 1, 5, 9, tzinfo=UTC), "InService", "new")


class FakeLive:
    """``looks``: what is decided at each, and how many requests were sent until then."""

    def __init__(self, looks, decidable=True):
        self.decidable, self.counts, self._looks, self.seen = decidable, Counts(), iter(looks), 0

    def look(self, endpoint, drive):
        assert drive
        outcome, sent = next(self._looks)
        self.seen, self.counts = self.seen + 1, Counts(sent)
        return Decision(outcome, "so it is")


@pytest.fixture
def looks(context, service, monkeypatch):
    """How many looks it took."""
    service("sagemaker")
    monkeypatch.setattr(late_traffic, "read_endpoint", lambda *_: LIVE)

    def run(*looks, decidable=True):
        live = FakeLive(looks, decidable)
        assert send_late_traffic(context, DEPLOYMENT, live, lambda: None) == LIVE
        return live.seen

    return run


def test_it_goes_on_until_the_judgement_has_decided(looks):
    assert looks(("undecided", 3), ("undecided", 9), ("passed so far", 20), ("passed so far", 30)) == 3


def test_what_an_earlier_run_stored_does_not_decide_alone(looks):
    """An inconclusive release is judged again on more requests: without any its verdict would be repeated."""
    assert looks(("passed so far", 0), ("passed so far", 0), ("passed so far", 1), ("passed so far", 2)) == 3


def test_it_does_not_wait_for_what_cannot_be_decided(looks):
    assert looks(("undecided", 0), ("undecided", 0), decidable=False) == 1
