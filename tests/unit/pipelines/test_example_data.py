"""The example data: reproducible, of known attainable quality, with everything real data has."""

import gzip
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from pipelines import example_churn, example_data
from settings.errors import Problem, UsageProblem

pytestmark = pytest.mark.slow  # only the demo uses it


def test_the_same_seed_gives_the_same_customers_for_any_number_of_rows():
    some = example_data.generate(20_000)
    assert some.equals(example_data.generate(40_000).slice(0, 20_000))
    assert some.equals(example_data.generate(20_000, seed=7))
    assert not some.drop(["customer_id"]).equals(example_data.generate(20_000, seed=8).drop(["customer_id"]))


def test_it_looks_like_real_data():
    table = example_data.generate(30_000)
    assert table.column_names == list(example_churn.COLUMNS)
    share = table["churned"].to_pylist().count("yes") / table.num_rows
    assert 0.15 < share < 0.2
    handsets = table["handset"].value_counts().to_pylist()
    assert min(one["counts"] for one in handsets) == 1
    assert len(set(example_data.generate(60_000)["handset"].to_pylist())) > len(handsets)
    missing = {name for name in table.column_names if table[name].null_count}
    assert missing == {"age", "data_usage_gb", "days_since_contact", "payment"}
    calls, ages = table["support_calls"].to_numpy(), table["age"].is_null().to_numpy()
    assert ages[calls > 3].mean() > 2 * ages[calls <= 3].mean()  # missing, but not at random
    usage = table["data_usage_gb"].drop_null().to_numpy()
    assert usage.mean() > 1.5 * np.median(usage)
    assert len(set(table["customer_id"].to_pylist())) == table.num_rows


def test_no_ranking_beats_the_true_chance_and_its_quality_is_as_promised():
    from sklearn.metrics import roc_auc_score

    chunks = list(example_churn.chunks(0, 150_000, 7))
    chance = np.concatenate([chance for _, chance in chunks])
    leaves = np.concatenate([table["churned"].to_numpy() == "yes" for table, _ in chunks])
    promised = example_data.attainable_auc(150_000)
    assert 0.85 < promised < 0.88
    assert roc_auc_score(leaves, chance) == pytest.approx(promised, abs=0.005)
    assert roc_auc_score(leaves, chance * np.random.default_rng(0).lognormal(0, 0.5, len(chance))) < promised - 0.005
    for low in np.arange(0.05, 0.9, 0.1):
        near = (chance > low) & (chance < low + 0.1)
        assert leaves[near].mean() == pytest.approx(chance[near].mean(), abs=0.02)


@pytest.mark.parametrize("name", example_churn.DRIFTING)
def test_drift_moves_the_named_column_and_leaves_the_features_beside_it(name):
    before, after = example_data.generate(16_384), example_data.generate(16_384, drift=[name])
    assert not before[name].equals(after[name])
    assert before.schema == after.schema
    usual = {"age", "days_since_contact", "payment"}  # whether they are missing depends on other columns
    for other in set(example_churn.DRIFTING) - {name} - usual:
        assert before[other].equals(after[other]), other


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz", "d.parquet"])
def test_every_format_holds_the_same_rows(tmp_path, name):
    (file,) = example_data.write(tmp_path / "new" / name, 20_000)
    table = pq.read_table(file) if name.endswith("parquet") else csv.read_csv(file)
    expected = example_data.generate(20_000)
    for column in expected.column_names:
        values, expected_values = table[column].cast(pa.string()), expected[column].cast(pa.string())
        assert pa.compute.fill_null(values, "").equals(pa.compute.fill_null(expected_values, "")), column
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_a_folder_of_parts_holds_the_same_rows(tmp_path):
    one, *_ = example_data.write(tmp_path / "one.csv", 40_000, seed=3)
    parts = example_data.write(tmp_path / "parts", 40_000, seed=3, parts=7, part_format="csv.gz")
    assert len(parts) == 7
    texts = [gzip.decompress(part.read_bytes()) for part in parts]
    header = texts[0].split(b"\n", 1)[0] + b"\n"
    assert header + b"".join(text.removeprefix(header) for text in texts) == one.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rows", "0"], "--rows is 0: it must be at least 1"),
        (["--seed", "-1"], "--seed is -1: it must not be negative"),
        (["--drift", "charge"], '--drift names "charge"; the columns that can drift are age, tenure_months'),
        (["--drift", "churned"], '--drift names "churned"'),
        (["--parts", "3"], "--parts needs a folder"),
        (["--output", "x.json"], "--output x.json must end in .csv, .csv.gz, .parquet"),
        (["--output", "/dev/null/x.csv"], "cannot write to /dev/null/x.csv: "),
        (["--output", "folder", "--parts", "-2"], "--parts is -2: it must be from 1 to 10,000"),
    ],
)
def test_bad_arguments_are_a_sentence(tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    code = example_data.main(["--rows", "100", "--output", "d.csv", *arguments])
    assert code == (1 if "/dev/null/x.csv" in arguments else 2)
    assert capsys.readouterr().err.startswith(f"error: {sentence}")
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_no_file(tmp_path, monkeypatch):
    whole = example_churn.chunks

    def broken(*arguments):
        yield next(whole(*arguments))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(example_churn, "chunks", broken)
    with pytest.raises(Problem, match="cannot write to .*: No space left on device; choose another --output"):
        example_data.write(tmp_path / "d.csv", 40_000)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_is_a_line_and_leaves_no_file(tmp_path, monkeypatch, capsys):
    whole = example_churn.chunks

    def interrupted(*arguments):
        yield next(whole(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(example_churn, "chunks", interrupted)
    assert example_data.main(["--rows", "40000", "--output", str(tmp_path / "d.csv")]) == 130
    assert capsys.readouterr().err == "\ninterrupted\n"
    assert not list(tmp_path.iterdir())


def test_the_library_refuses_the_same():
    with pytest.raises(UsageProblem, match="--rows is 0"):
        example_data.generate(0)


def test_the_command(tmp_path, capsys):
    assert example_data.main(["--rows", "500", "--output", str(tmp_path / "d.csv")]) == 0
    best = f"{example_data.attainable_auc():.3f}"
    assert capsys.readouterr().out == (
        f"500 customers in {tmp_path / 'd.csv'}; the best possible model has an AUC of {best}\n"
    )


def test_help_is_quick():
    started = time.monotonic()
    command = [sys.executable, "-X", "importtime", "-m", "pipelines.example_data", "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "--drift" in answer.stdout
    assert not {"numpy", "pyarrow"} & {line.rsplit("|", 1)[-1].strip() for line in answer.stderr.splitlines()}
    assert time.monotonic() - started < 30
