from pathlib import Path

import pytest

from failures import UserError
from training.checkpoints import Checkpoints, Progress, fingerprint


def progress(rounds: int) -> Progress:
    return Progress([{"validation-logloss": 1 / (number + 3)} for number in range(rounds)], b"model\n of %d" % rounds)


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_the_newest_checkpoint_is_read_exactly(tmp_path):
    store = Checkpoints(tmp_path / "new", "abc")
    assert store.latest() == Progress([], None)
    for rounds in (90, 100, 1000):
        store.save(progress(rounds))
    assert Checkpoints(tmp_path / "new", "abc").latest() == progress(1000)


def test_the_last_two_are_kept(tmp_path):
    store = Checkpoints(tmp_path, "abc")
    for rounds in (9, 10, 11):
        store.save(progress(rounds))
    assert files(tmp_path) == ["checkpoint-abc-000010.ubj", "checkpoint-abc-000011.ubj"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path, damage, capsys):
    store = Checkpoints(tmp_path, "abc")
    store.save(progress(10))
    store.save(progress(20))
    newest = tmp_path / "checkpoint-abc-000020.ubj"
    content = bytearray(newest.read_bytes())
    if damage == "flipped":
        content[-2] ^= 1
    newest.write_bytes({"cut": content[:-3], "flipped": content, "empty": b""}[damage])
    assert store.latest() == progress(10)
    output = capsys.readouterr().out
    assert "ignoring checkpoint-abc-000020.ubj: it is damaged" in output
    assert "resuming from checkpoint-abc-000010.ubj after 10 rounds" in output


def test_with_damaged_checkpoints_only_training_starts_over(tmp_path):
    store = Checkpoints(tmp_path, "abc")
    store.save(progress(10))
    (tmp_path / "checkpoint-abc-000010.ubj").write_bytes(b"\n")
    assert store.latest() == Progress()


def test_those_of_other_data_or_settings_are_neither_used_nor_removed(tmp_path, capsys):
    for rounds in (500, 600):
        Checkpoints(tmp_path, "other").save(progress(rounds))
    store = Checkpoints(tmp_path, "abc")
    assert store.latest() == Progress()
    assert "ignoring 2 checkpoint file(s) of other data or hyperparameters" in capsys.readouterr().out
    for rounds in (1, 2, 3):
        store.save(progress(rounds))
    assert len(files(tmp_path)) == 4
    assert store.latest() == progress(3)


def test_an_incomplete_save_is_deleted(tmp_path):
    Checkpoints(tmp_path, "abc").save(progress(1))
    (tmp_path / "checkpoint-abc-000002.ubj.unfinished").write_bytes(b"half")
    assert Checkpoints(tmp_path, "abc").latest() == progress(1)
    assert files(tmp_path) == ["checkpoint-abc-000001.ubj"]


def test_a_folder_that_cannot_be_created_is_reported_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write to .*file"):
        Checkpoints(tmp_path / "file", "abc")


def test_the_fingerprint_stands_for_settings_and_contents(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1"), two.write_bytes(b"1")
    known = fingerprint({"seed": 1, "rounds": 2}, [one])
    assert fingerprint({"rounds": 2, "seed": 1}, [two]) == known
    assert fingerprint({"seed": 2, "rounds": 2}, [one]) != known
    two.write_bytes(b"2")
    assert fingerprint({"seed": 1, "rounds": 2}, [two]) != known
