"""The evaluation step: measures the model on unseen rows and compares it with the champion on the same rows.

Reads model.tar.gz, the test side, the sample of raw rows and the champion's model.tar.gz; writes evaluation.json
(SageMaker's model-quality layout, and what the quality gate reads), report.html (for people), predictions.parquet,
sample_answers.json (raw requests with the answers of this model, for releases) and archive.json (the hash of
model.tar.gz, which is registered).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from failures import report
from flags import Parser, parse_early

OUTPUTS = ("predictions.parquet", "sample_answers.json", "report.html", "archive.json", "evaluation.json")


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    message = parse_early(arguments, "--message")
    return report(lambda: _evaluate(_parser().parse_args(arguments)), Path(message) if message else None)


def _parser() -> Parser:
    parser = Parser(prog="evaluate.py", description=(__doc__ or "").partition("\n\n")[0], allow_abbrev=False)
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="holds model.tar.gz")
    parser.add_argument("--test", type=Path, required=True, metavar="DIR", help="holds the test side's data.parquet")
    parser.add_argument("--features", type=Path, required=True, metavar="DIR", help="holds preprocess's sample.csv")
    parser.add_argument("--champion", type=Path, metavar="DIR", help="holds the champion's model.tar.gz, if any")
    parser.add_argument("--threshold", type=float, required=True, metavar="X", help="the metric must be this good")
    parser.add_argument(
        "--tolerance", type=float, default=0.0, metavar="X", help="so much worse than the champion passes"
    )
    parser.add_argument(
        "--unscorable", choices=("pass", "fail"), default="fail", help="if the champion cannot score them"
    )
    parser.add_argument("--metric", required=True, metavar="NAME", help="the quality gate's metric, e.g. auc")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="receives " + ", ".join(OUTPUTS))
    parser.add_argument("--message", type=Path, metavar="FILE", help="receives the reason of a failure in one sentence")
    return parser


def _evaluate(options: argparse.Namespace) -> None:
    from atomic_files import writing_to
    from evaluation.model_archive import load_archive

    with writing_to(options.output):
        options.output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=options.output, prefix=".partial-") as folder:
            partial = Path(folder)
            model = load_archive(options.model / "model.tar.gz", partial / "model")
            evaluation = _evaluate_model(model, options, partial)
            _write(evaluation, partial)
            _write_archive(options.model / "model.tar.gz", partial)
            _write_sample_answers(model, options.features, partial)
            for name in OUTPUTS:  # only when all are complete: a failed step leaves none of them
                (partial / name).replace(options.output / name)
    for line in [*evaluation.lines(), f"report: {options.output / 'report.html'}"]:
        _log(line)


def _write(evaluation: Any, folder: Path) -> None:
    from report.page import page

    (folder / "report.html").write_text(page(evaluation), encoding="utf-8")
    (folder / "evaluation.json").write_text(evaluation.as_json(), encoding="utf-8")


def _write_archive(archive: Path, folder: Path) -> None:
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    (folder / "archive.json").write_text(json.dumps({"sha256": digest.hexdigest()}) + "\n", encoding="utf-8")


def _write_sample_answers(model: Any, features: Path, folder: Path) -> None:
    import algorithms
    from evaluation import sample_answers
    from sample_rows import read

    file = algorithms.of_metadata(model.metadata).file
    digest = hashlib.sha256((folder / "model" / file).read_bytes()).hexdigest()
    answers = sample_answers.document(model, read(features, model.features), digest)
    (folder / "sample_answers.json").write_text(sample_answers.as_json(answers), encoding="utf-8")
    _log(f"recorded {len(answers['requests'])} requests with their answers")


def _evaluate_model(model: Any, options: argparse.Namespace, folder: Path) -> Any:
    from evaluation import facet_groups
    from evaluation.champion import score_champion
    from evaluation.document import FEW_POSITIVES, Evaluation
    from evaluation.gate import Rules, check_available, check_metric, gate
    from evaluation.metrics import estimates
    from evaluation.predictions import predict
    from evaluation.slices import slices

    problem = model.features.problem
    check_metric(options.metric, problem)
    outcome, columns = predict(model, options.test, folder / "predictions.parquet")
    _log(f"predicted {len(outcome):,} rows of the test side")
    if problem == "binary" and (positives := int(outcome.confusion[1].sum())) < FEW_POSITIVES:
        _log(f"warning: only {positives} of them are positive: what is measured by them is uncertain")
    metrics = estimates(outcome)
    check_available(options.metric, metrics)
    champion = score_champion(options.champion, options.test, model.features, outcome, folder / "champion")
    rules = Rules(options.threshold, options.tolerance, options.unscorable)
    compared = gate(options.metric, problem, metrics, len(outcome), champion, rules)
    _log(f"threshold: {compared['threshold_verdict']}: {compared['threshold_reason']}")
    _log(f"champion: {compared['champion_verdict']}: {compared['champion_reason']}")
    return Evaluation(
        model.features,
        model.metadata,
        outcome,
        metrics,
        compared,
        slices(outcome, options.metric, metrics[options.metric], columns),
        champion,
        model.predictor.importance(),
        facet_groups.compare(model.features, options.test, outcome),
    )


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
