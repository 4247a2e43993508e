"""What ``--status`` prints of the live release."""

from datetime import UTC, datetime

import pytest

from release import status
from release.state.endpoint import EndpointStatus
from release.state.live_package import LivePackage
from release.state.records import GoodRelease

MODIFIED = "2026-01-05T12:00:00+00:00"


def good(number, hour):
    return GoodRelease(
        f"arn:package/{number}", f"c{number}", "m", "", "", f"c0ffee{number}", f"2026-01-05T{hour:02}:00:00"
    )


def since(context, monkeypatch, releases):
    endpoint = EndpointStatus(datetime(2026, 1, 5, 13, tzinfo=UTC), "InService", "c2", modified=MODIFIED)
    live = LivePackage(endpoint, "m2", "arn:package/2")
    monkeypatch.setattr(status, "read_live_package", lambda _: live)
    monkeypatch.setattr(status.records, "last_good", lambda _: releases)
    monkeypatch.setattr(status.verdict_records, "newest", lambda *_: [])
    monkeypatch.setattr(status, "_alarms", lambda *_: [])
    monkeypatch.setattr(status, "_commit", lambda *_: "c0ffee2")
    lines = status.status(context).splitlines()
    assert "  commit   c0ffee2" in lines
    return next(line.removeprefix("  since    ") for line in lines if line.startswith("  since "))


def test_the_time_is_that_of_the_verdict(context, monkeypatch):
    assert since(context, monkeypatch, [good(2, 9), good(1, 8)]) == "2026-01-05T09:00:00"


@pytest.mark.parametrize("releases", [[], [good(1, 8)], [good(1, 10), good(2, 9)]])
def test_without_a_verdict_it_is_that_of_the_last_change(context, monkeypatch, releases):
    """The last case: an older release was rolled back to, and its run was killed before the verdict."""
    assert since(context, monkeypatch, releases) == "2026-01-05T12:00:00 (last change; not judged good since)"
