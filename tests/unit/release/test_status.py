"""What ``--status`` says of the live release."""

from datetime import UTC, datetime

import pytest

from release import status
from release.state.endpoint import Look
from release.state.live_package import Live
from release.state.records import Good

MODIFIED = "2026-01-05T12:00:00+00:00"


def good(number, hour):
    return Good(f"arn:package/{number}", f"c{number}", "m", "", "", f"c0ffee{number}", f"2026-01-05T{hour:02}:00:00")


def since(site, monkeypatch, releases):
    look = Look(datetime(2026, 1, 5, 13, tzinfo=UTC), "InService", "c2", modified=MODIFIED)
    monkeypatch.setattr(status, "live", lambda _: Live(look, "m2", "arn:package/2"))
    monkeypatch.setattr(status.records, "last_good", lambda _: releases)
    monkeypatch.setattr(status.records, "verdicts", lambda *_: [])
    monkeypatch.setattr(status, "_alarms", lambda *_: [])
    monkeypatch.setattr(status, "_commit", lambda *_: "c0ffee2")
    lines = status.status(site).splitlines()
    assert "  commit   c0ffee2" in lines
    return next(line.removeprefix("  since    ") for line in lines if line.startswith("  since "))


def test_the_time_is_that_of_the_verdict(site, monkeypatch):
    assert since(site, monkeypatch, [good(2, 9), good(1, 8)]) == "2026-01-05T09:00:00"


@pytest.mark.parametrize("releases", [[], [good(1, 8)], [good(1, 10), good(2, 9)]])
def test_without_a_verdict_it_is_that_of_the_last_change(site, monkeypatch, releases):
    """The last: an older release that came back, and whose run was killed before it judged that."""
    assert since(site, monkeypatch, releases) == "2026-01-05T12:00:00 (last change; not judged good since)"
