"""`make data`: every question at once, and suggestions with which preprocess goes on where it stopped."""

import shutil
import tomllib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import data_profile
import preprocess
from pipelines.preprocess_arguments import preprocess_arguments
from settings.environments import CONFIG
from settings.loader import load
from tests import toml

ROWS = 300
FOLDERS = ("train", "validation", "test", "features", "baseline", "rejects")
DATA = {"target": "churned", "key": ["id"], "missing": ["auto"]}
CHURN = {"data": DATA, "problem": {"type": "binary", "positive": "yes"}}


class Project:
    """The settings of a project as files, its data, and what the two commands make of them."""

    def __init__(self, folder, settings):
        self.folder, self.raw, self.config = folder, folder / "raw", folder / "config"
        self.raw.mkdir()
        shutil.copytree(CONFIG, self.config)
        with (self.config / "base.toml").open("rb") as file:
            base = tomllib.load(file)
        for section, values in settings.items():
            base[section] |= values
        (self.config / "base.toml").write_text(toml.render(base))
        self.overlay = self.config / "local.toml"

    def csv(self, columns, name="data.csv", delimiter=","):
        rows = ([str(value) for value in row] for row in zip(*columns.values(), strict=True))
        lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in (columns, *rows)]
        (self.raw / name).write_text("\n".join(lines) + "\n")

    def arguments(self):
        return ["--input", str(self.raw), *preprocess_arguments(load("local", self.config))]

    def preprocess(self):
        outputs = [f"--{name}={self.folder / 'out' / name}" for name in FOLDERS]
        return preprocess.main([*self.arguments(), *outputs])

    def profile(self, *words):
        self.page = self.folder / "data.html"
        return data_profile.main([*words, "--page", str(self.page), "--overlay", "local.toml", *self.arguments()])


@pytest.fixture
def project(tmp_path):
    return lambda settings=CHURN: Project(tmp_path, settings)


@pytest.fixture
def suggested(capsys):
    """Profiles, adds what is printed to the overlay, and returns it as read back."""

    def suggest(project, *words):
        assert project.profile(*words) == 0, capsys.readouterr().err
        printed = capsys.readouterr().out
        text = printed[printed.index("\n[") :]
        project.overlay.write_text(project.overlay.read_text() + text)
        return tomllib.loads(text)

    return suggest


def table(**more):
    columns = {
        "id": range(1000, 1000 + ROWS),
        "age": [n * 7 % 601 for n in range(ROWS)],
        "churned": ["yes" if n % 3 == 0 else "no" for n in range(ROWS)],
    }
    return columns | more


def every(number, value, others):
    """A column in which each n-th cell has the value."""
    return [value if n % number == 0 else other for n, other in enumerate(others)]


NUMBERS = [n * 37 % 1009 for n in range(ROWS)]
AMBIGUOUS = {
    "dates": ([f"{n % 12 + 1:02}/{n % 11 + 1:02}/2024" for n in range(ROWS)], {"dates": "day-first"}),
    "decimal marks": ([f"{n % 9 + 1},{n * 7 % 900 + 100}" for n in range(ROWS)], {"decimal": "."}),
    "texts among numbers": (every(10, "not given", NUMBERS), {"missing": ["auto", "not given"]}),
    "many texts": ([f"about {n}" if n % 20 == 0 else n * 3 for n in range(ROWS)], {"ignore": ["x"]}),
    "units": ([f"{n} {'EUR' if n % 2 else 'USD'}" for n in range(ROWS)], {"ignore": ["x"]}),
    "a text that is no setting": (every(10, "-n", NUMBERS), {"ignore": ["x"]}),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_preprocess_goes_on_with_the_suggestion_where_it_stopped(case, project, suggested):
    values, settings = AMBIGUOUS[case]
    here = project()
    here.csv(table(x=values))
    assert here.preprocess() == 1
    assert suggested(here) == {"data": settings}
    assert here.preprocess() == 0


def test_all_questions_come_at_once_each_with_its_reason_on_the_page(project, suggested):
    here = project()
    here.csv(table(a=AMBIGUOUS["dates"][0], b=AMBIGUOUS["decimal marks"][0], c=AMBIGUOUS["texts among numbers"][0]))
    settings = suggested(here)
    assert settings == {"data": {"dates": "day-first", "decimal": ".", "missing": ["auto", "not given"]}}
    page = here.page.read_text()
    assert "3 questions before a model can be trained" in page
    for sentence in ("column &quot;a&quot; holds dates", "which could be 1100 or 1.1", "10.0% of its sampled cells"):
        assert sentence in page
    assert here.preprocess() == 0


def test_two_parquet_types_are_a_category(project, suggested):
    here = project()
    for name, kind in (("1.parquet", pa.int64()), ("2.parquet", pa.string())):
        columns = table(id=list(range(ROWS)), x=pa.array([n % 5 for n in range(ROWS)]).cast(kind))
        pq.write_table(pa.table(columns), here.raw / name)
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"categorical": ["x"]}}
    assert here.preprocess() == 0


def test_a_column_has_one_role(project, suggested):
    here = project(CHURN | {"data": DATA | {"numeric": ["name"], "facets": ["x"]}})
    here.csv(table(name=[f"A{n}" for n in range(ROWS)], x=[n * 7 for n in range(ROWS)]))
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"numeric": [], "ignore": ["name", "x"], "facets": []}}
    assert here.preprocess() == 0


def test_the_delimiter(project, suggested):
    here = project()
    here.csv(table(), delimiter=";")
    assert suggested(here) == {"data": {"delimiter": ";"}}
    assert here.preprocess() == 0


def test_csv_beside_parquet(project, suggested):
    here = project()
    here.csv(table())
    pq.write_table(pa.table({"a": [1]}), here.raw / "other.parquet")
    assert suggested(here) == {"data": {"format": "csv"}}
    assert here.preprocess() == 0


def test_columns_that_look_private(project, suggested):
    here = project(CHURN | {"data": DATA | {"private": {"*": "refuse"}}})
    here.csv(table(contact=[f"user{n}@example.com" for n in range(ROWS)]))
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"private": {"contact": "drop", "*": "refuse"}}}
    assert here.preprocess() == 0


TARGETS = {
    "two labels": (["good", "bad"], "binary", {"positive": "good"}, ""),
    "three labels": (["red", "green", "blue"], "multiclass", {"positive": ""}, "accuracy"),
    "numbers": ([n / 4 for n in range(97)], "regression", {"positive": ""}, "r2"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_the_settings_do_not_know_is_guessed_with_its_problem(case, project, suggested):
    values, problem, more, metric = TARGETS[case]
    here = project()
    columns = table(outcome=[values[n % len(values)] for n in range(ROWS)])
    del columns["churned"], columns["id"]
    here.csv(columns)
    assert here.preprocess() == 1
    found = suggested(here)
    assert found["data"] == {"target": "outcome", "key": []}
    assert found["problem"] == ({} if problem == "binary" else {"type": problem}) | more
    assert found.get("quality_gate", {}).get("metric", "") == metric
    assert here.preprocess() == 0


def test_numbers_with_texts_among_them_can_be_the_target(project, suggested):
    here = project()
    columns = table(
        code=[f"A{n}" for n in range(ROWS)], price=["ask" if n % 8 == 0 else n * 3 / 7 for n in range(ROWS)]
    )
    del columns["churned"]
    here.csv(columns)
    found = suggested(here)
    assert found["data"] == {"target": "price", "missing": ["auto", "ask"], "max_rejected_fraction": 0.13}
    assert found["problem"]["type"] == "regression"
    assert here.preprocess() == 0


def test_another_target_than_that_of_the_settings(project, suggested):
    here = project()
    here.csv(table(price=[n * 3 / 7 for n in range(ROWS)]))
    found = suggested(here, "--instead", "price")
    assert (found["data"], found["problem"]["type"]) == ({"target": "price"}, "regression")
    assert here.preprocess() == 0


def test_the_problem_of_a_target_is_corrected(project, suggested):
    here = project()
    here.csv(table(churned=[("yes", "no", "maybe")[n % 3] for n in range(ROWS)]))
    assert suggested(here)["problem"] == {"type": "multiclass", "positive": ""}
    assert here.preprocess() == 0


def test_texts_that_no_sample_shows_are_missing_values(project, suggested):
    """Three pieces of a large file are sampled; the others hold what is found only when all rows are read."""
    rows = 120_000
    here = project()
    ages = ["unclear" if rows // 4 < n < rows // 3 else n * 7 % 60 for n in range(rows)]
    here.csv({"id": range(rows), "age": ages, "churned": ["yes" if n % 3 == 0 else "no" for n in range(rows)]})
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"missing": ["auto", "unclear"]}}
    assert here.preprocess() == 0


def test_rows_without_a_label_may_be_left_out(project, suggested):
    here = project()
    here.csv(table(churned=every(20, "", ["yes" if n % 3 == 0 else "no" for n in range(ROWS)])))
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"max_rejected_fraction": 0.05}}
    assert here.preprocess() == 0


def test_facets_are_on_the_page(project):
    here = project(CHURN | {"data": DATA | {"facets": ["group"]}})
    here.csv(table(group=["abc"[n % 3] for n in range(ROWS)]))
    assert here.profile() == 0
    page = here.page.read_text()
    assert "<h2>Facets</h2>" in page
    assert ">facet</span>" in page


def test_a_facet_that_the_data_does_not_have(project, suggested):
    here = project(CHURN | {"data": DATA | {"facets": ["gender"]}})
    here.csv(table())
    assert suggested(here) == {"data": {"facets": []}}
    assert here.preprocess() == 0


def test_roles_and_a_split_that_the_data_cannot_have(project, suggested):
    here = project(CHURN | {"data": DATA | {"split": "time", "event_time": "opened", "weight": "households"}})
    here.csv(table())
    assert here.preprocess() == 1
    assert suggested(here) == {"data": {"event_time": "", "weight": "", "split": "key"}}
    assert here.preprocess() == 0


def test_a_regression_is_not_stratified(project, suggested):
    here = project(CHURN | {"data": DATA | {"split": "stratified"}})
    here.csv(table(price=[n * 3 / 7 for n in range(ROWS)]))
    assert suggested(here, "--instead", "price")["data"] == {"target": "price", "split": "key"}
    assert here.preprocess() == 0


def test_data_that_needs_nothing(project, capsys):
    here = project()
    here.csv(table())
    assert here.profile() == 0
    printed = capsys.readouterr().out
    assert '300 rows; a model of "churned" (binary) learns from 1 of 2 columns, without:' in printed
    assert "id                   it is a key of the split" in printed
    assert "no settings are missing" in printed
    assert "A model can be trained on it" in here.page.read_text()


def test_few_positives_are_warned_of(project, capsys):
    here = project()
    here.csv(table(churned=every(50, "yes", ["no"] * ROWS)))
    assert here.profile() == 0
    assert "rows of the test side are positive: what is measured by them is uncertain" in capsys.readouterr().out
    assert "rows of the test side are positive" in here.page.read_text()


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda here: here.csv(table(churned=["no"] * ROWS)), "is constant"),
        (lambda here: here.csv({"churned": ["yes", "no"]}), "no columns are left to learn from"),
        (lambda here: (here.raw / "data.csv").write_bytes(b"PAR1\x00"), "name it .parquet"),
        (lambda here: (here.raw / "data.csv").write_text("id,age,churned\n"), "there is nothing to learn from"),
    ],
)
def test_what_no_setting_resolves_is_a_sentence(write, sentence, project, capsys):
    here = project()
    write(here)
    assert here.profile() == 1
    errors = capsys.readouterr().err
    assert errors.startswith("ERROR: ")
    assert sentence in errors
    assert "Traceback" not in errors
    assert not here.page.exists()


def test_a_question_that_its_answer_does_not_resolve_ends_the_profile(project, capsys):
    here = project()
    here.csv(table(churned=[f"c{n}" for n in range(ROWS)]))
    assert here.profile() == 1
    assert "this looks like a regression" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["hash", "mask", "drop"])
def test_private_values_are_nowhere(action, project, capsys):
    """Not even where a column among them raises questions, or rows cannot be used."""
    private = {"data": DATA | {"private": {"contact": action}}, "serving": {"data_capture_percent": 0}}
    here = project(CHURN | private)
    contacts = [f"user{n % 4}@example.com" for n in range(ROWS)]
    here.csv(table(contact=contacts, x=AMBIGUOUS["texts among numbers"][0], churned=["yes", "no", ""] * (ROWS // 3)))
    assert here.profile() == 0
    printed = capsys.readouterr()
    page = here.page.read_text()
    assert "max_rejected_fraction" in page
    assert "@example.com" not in page + printed.out + printed.err
    assert ("hash:" in page) == (action == "hash")
