"""Processes killed at any time: the next run ends with the model of an uninterrupted one."""

import multiprocessing
import os
import random
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("job_environment")]
LIMIT = 60  # seconds that anything may take
EVERY = 20  # rounds between checkpoints
SAMPLED = {"subsample": 0.7, "colsample_bytree": 0.6, "rounds": 2000, "max_depth": 4, "checkpoint_rounds": EVERY}
CHILD = """
import os, sys, train
out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.dup2(out, 1), os.dup2(out, 2)
code = train.main(flags)
sys.stdout.flush()
os._exit(code)
"""
LONG = {
    "binary": {**SAMPLED, "learning_rate": 0.02, "early_stopping_rounds": 40},  # stops by itself
    "multiclass": {**SAMPLED, "rounds": 150, "learning_rate": 0.02, "early_stopping_rounds": 0, "imbalance": "weights"},
    "regression": {**SAMPLED, "rounds": 300, "learning_rate": 0.02, "early_stopping_rounds": 60},
}
ENDLESS = {**SAMPLED, "rounds": 20_000, "learning_rate": 0.02, "early_stopping_rounds": 0}  # it is stopped anyway


@dataclass
class Run:
    """A training in a process of its own, as far as its log tells."""

    flags: list[str]
    log: Path

    def __post_init__(self) -> None:
        # Forked from a server that has imported everything, but computed nothing: a start takes no time.
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["training"])
        self.process = server.Process(target=exec, args=(CHILD, {"flags": self.flags, "log": str(self.log)}))
        self.process.start()

    def wait_for(self, pattern: str) -> None:
        """Until a line matches, or the process has ended."""
        self._until(lambda: re.search(pattern, self.text, re.MULTILINE))

    def reach(self, number: int) -> None:
        """Until this round is over, or the process has ended. It may be beyond it from its start on."""
        self._until(lambda: max(self.rounds, default=-1) >= number)

    def _until(self, true) -> None:
        end = time.monotonic() + LIMIT
        while not true() and self.process.is_alive():
            assert time.monotonic() < end, self.text
            time.sleep(0.002)

    def end(self, signal_number: int | None = None) -> int:
        if signal_number is not None:
            os.kill(self.process.pid, signal_number)
        self.process.join(LIMIT)
        assert self.process.exitcode is not None, self.text
        return self.process.exitcode

    @property
    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    @property
    def rounds(self) -> dict[int, str]:
        return {int(number): line for number, line in re.findall(r"^\[(\d+)\] (.+)\n", self.text, re.MULTILINE)}


@pytest.fixture(autouse=True)
def server_finds_the_scripts(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(train.__file__).parent))


def run(data, folder: Path, name: str, model: str = "model", **flags) -> Run:
    return Run(data.flags(folder / model, **flags), folder / f"{name}.log")


@pytest.mark.parametrize(("problem", "signals"), [("binary", "TKKTK"), ("multiclass", "KKK"), ("regression", "TTT")])
def test_killed_at_random_times_it_ends_with_the_same_model(tmp_path, encoded, problem, signals):
    data = encoded(tmp_path / "data", problem, noise=2.0)
    undisturbed, seconds = timed(run(data, tmp_path, "undisturbed", "expected", **LONG[problem]))
    expected = undisturbed.rounds
    assert problem != "binary" or len(expected) < SAMPLED["rounds"]
    flags = LONG[problem] | {"checkpoints": tmp_path / "checkpoints", "output_dir": tmp_path / "output"}
    for number, letter in enumerate(signals):
        current = run(data, tmp_path, f"killed-{number}", **flags)
        moment = number * len(expected) // 10 + random.randrange(len(expected) // 8)  # noqa: S311
        current.reach(moment) if number else current.wait_for("^training on")
        time.sleep(random.uniform(0, 2 * seconds / len(expected)))  # noqa: S311
        assert current.end({"K": signal.SIGKILL, "T": signal.SIGTERM}[letter]) != 0, f"too late: round {moment}"
        assert current.rounds.items() <= expected.items()
        if letter == "T":
            assert list((tmp_path / "model").iterdir()) == []
    last, _ = timed(run(data, tmp_path, "last", **flags))
    assert "resuming from checkpoint-" in last.text
    assert last.rounds.items() < expected.items()
    for name in ("model.ubj", "metadata.json"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "expected" / name).read_bytes()


def timed(undisturbed: Run) -> tuple[Run, float]:
    undisturbed.wait_for(r"^\[0\]")
    start = time.monotonic()
    assert undisturbed.end() == 0, undisturbed.text
    return undisturbed, time.monotonic() - start


def test_sigkill_loses_at_most_the_rounds_since_the_last_checkpoint(tmp_path, encoded):
    data = encoded(tmp_path / "data")
    flags = ENDLESS | {"checkpoints": tmp_path / "checkpoints"}
    first = run(data, tmp_path, "first", **flags)
    first.wait_for(rf"^\[{EVERY * 2 + 3}\]")
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    done = max(first.rounds) + 1
    second = run(data, tmp_path, "second", **flags)
    second.wait_for(r"^\[\d+\] .+\n")
    second.end(signal.SIGKILL)
    assert min(second.rounds) % EVERY == 0
    assert done - EVERY <= min(second.rounds) <= done
    assert "resuming from checkpoint-" in second.text


def test_sigterm_finishes_the_round_and_saves_it(tmp_path, encoded):
    data = encoded(tmp_path / "data")
    flags = ENDLESS | {"checkpoints": tmp_path / "checkpoints", "output_dir": tmp_path / "output"}
    first = run(data, tmp_path, "first", **flags)
    first.wait_for(rf"^\[{EVERY + 3}\]")
    assert first.end(signal.SIGTERM) == 1
    done = max(first.rounds) + 1
    sentence = f"stopped by SIGTERM after {done} rounds; start the job again to continue from its checkpoint"
    assert (tmp_path / "output" / "failure").read_text() == sentence
    assert list((tmp_path / "model").iterdir()) == []
    second = run(data, tmp_path, "second", **flags)
    second.wait_for(r"^\[\d+\] .+\n")
    second.end(signal.SIGKILL)
    assert f"after {done} rounds" in second.text
    assert min(second.rounds) == done


def test_sigterm_without_a_checkpoint_folder_reports_that_the_rounds_are_lost(tmp_path, encoded):
    data = encoded(tmp_path / "data")
    only = run(data, tmp_path, "only", **ENDLESS)
    only.wait_for(r"^\[1\]")
    assert only.end(signal.SIGTERM) == 1
    assert "rounds, which are lost: there is no --checkpoints folder" in only.text


def test_sigterm_while_the_data_is_loaded(tmp_path, encoded):
    data = encoded(tmp_path / "data", rows=600_000)
    only = run(data, tmp_path, "only", **ENDLESS)
    only.wait_for("^training on")
    assert only.end(signal.SIGTERM) == 1
    assert "stopped by SIGTERM before a round was trained" in only.text
    assert list((tmp_path / "model").iterdir()) == []
