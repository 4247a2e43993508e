"""A job says that the disk is full."""

import shutil
from types import SimpleNamespace


def test_a_job_on_a_full_disk_fails_with_a_sentence(jobs, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4_000_000))
    jobs.processing("true")
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert "is full (4.0 MB free, 20 MB needed): free some space and try again" in job["FailureReason"]


def test_a_job_that_fills_the_disk_fails_with_a_sentence(jobs, monkeypatch, tmp_path):
    free = lambda _: SimpleNamespace(free=0 if (tmp_path / "filled").exists() else 1e9)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", free)
    jobs.processing(f"touch {tmp_path}/filled; exit 1")
    assert "is full (0.0 MB free, 20 MB needed)" in jobs.over()["FailureReason"]
