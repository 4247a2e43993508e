"""What `make model` checks before it starts anything, and which files of a folder it copies."""

import pytest

from aws import sessions
from rehearsal import one_model, stages
from rehearsal.server import Server
from settings.errors import Problem
from settings.loader import load


@pytest.fixture(autouse=True)
def server(monkeypatch):
    monkeypatch.setattr(Server, "up", lambda *_, **__: pytest.fail("it was started"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", ""], '--data "" does not exist: name a folder or file'),
        (["--data", "nowhere"], "--data nowhere does not exist: name a folder or file"),
        (["--parameters", "Treshold=1"], "did you mean Threshold?"),
        (["--parameters", "Threshold=high"], "must be a number"),
    ],
)
def test_a_wrong_request_starts_nothing(arguments, sentence, capsys):
    assert one_model.main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_folder_without_data_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(Problem, match=r"holds no data files \(.csv, .csv.gz, .parquet\): name another folder"):
        stages.check(load("local"), str(tmp_path), 100, [])


def test_only_data_files_are_copied(tmp_path, monkeypatch):
    others = ("README.md", ".DS_Store", "_SUCCESS", ".git/config", ".git/x.csv", "_log/0.parquet", "picture.png")
    data = ("b/2.parquet", "a.csv", "B.CSV.GZ")
    for name in (*others, *data):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    keys = []

    class S3:
        def upload_file(self, file, bucket, key):
            keys.append(key)

    monkeypatch.setattr(sessions, "client", lambda settings, service: S3())
    (parameter,) = stages.put_data(load("local"), str(tmp_path), 100)
    prefix = parameter.removeprefix("DataUri=s3://").partition("/")[2]
    assert sorted(key.removeprefix(f"{prefix}/") for key in keys) == sorted(data)
