"""`make data`: without a server, from the settings, for a file or a folder."""

import gzip
import tomllib

import pytest

from rehearsal import data_profile
from rehearsal.server import Server

ROWS = [f"{n},{n * 7 % 601},{'yes' if n % 3 == 0 else 'no'}" for n in range(300)]
TEXT = "\n".join(["customer_id,age,churned", *ROWS, ""])


@pytest.fixture(autouse=True)
def server(monkeypatch):
    monkeypatch.setattr(Server, "up", lambda *_, **__: pytest.fail("it was started"))


@pytest.fixture
def run(tmp_path, folder, capfd):
    config = folder()

    def profile(*words):
        code = data_profile.main([*map(str, words), "--config", str(config), "--folder", str(tmp_path / "state")])
        return code, *capfd.readouterr()

    return profile


@pytest.mark.parametrize("name", ["file", "folder", "gzip"])
def test_data_is_a_file_or_a_folder(name, run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    file = data / ("rows.csv.gz" if name == "gzip" else "rows.csv")
    file.write_bytes(gzip.compress(TEXT.encode()) if name == "gzip" else TEXT.encode())
    code, printed, errors = run("--data", data if name == "folder" else file)
    assert (code, errors) == (0, "")
    assert '300 rows; a model of "churned" (binary) learns from 1 of 2 columns' in printed
    page = tmp_path / "state/demo/data.html"
    assert f"page: {page}" in printed
    assert "A model can be trained on it" in page.read_text()


def test_what_is_suggested_names_the_overlay(run, tmp_path):
    (tmp_path / "rows.csv").write_text(TEXT)
    code, printed, _ = run("--data", tmp_path / "rows.csv", "--target", "age")
    assert code == 0
    assert f"with these settings in {tmp_path}/config/local.toml" in printed
    settings = tomllib.loads(printed[printed.index("\n[") : printed.index("\npage: ")])
    assert (settings["data"]["target"], settings["problem"]["type"]) == ("age", "regression")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--data", ""], 2, 'error: --data "" does not exist: name a folder or file'),
        (["--data", "nowhere"], 2, "error: --data nowhere does not exist"),
        (
            ["--data", "rows.csv", "--target", "agee"],
            1,
            'error: there is no target column "agee" in rows.csv: did',
        ),
        (["--data", "notes.csv"], 1, "error: notes.csv holds JSON, not CSV: convert it to CSV or Parquet\n"),
    ],
)
def test_a_wrong_request_is_a_sentence(words, code, sentence, run, tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text(TEXT)
    (tmp_path / "notes.csv").write_text('{"a": 1}')
    monkeypatch.chdir(tmp_path)
    found, printed, errors = run(*words)
    assert found == code
    assert errors.startswith(sentence)
    assert "Traceback" not in errors + printed
    assert not (tmp_path / "state").exists()
