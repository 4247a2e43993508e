"""The formats that rows come in and answers leave in, by the names that HTTP has for them."""

from __future__ import annotations

from rejected import Rejected

CSV, JSON, JSON_LINES, PARQUET = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"
FORMATS = {  # every name a format goes by
    **{name: name for name in (CSV, JSON, JSON_LINES, PARQUET)},
    "application/x-ndjson": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/vnd.apache.parquet": PARQUET,
}
KNOWN = ", ".join(FORMATS)


def parse(text: str) -> tuple[str, dict[str, str]]:
    """A Content-Type or one choice of an Accept, in lower case, and its parameters."""
    name, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}


def chosen(accept: str, usual: str) -> tuple[str, dict[str, str]]:
    """The client's first choice among what there is; equal choices count in the order they are named."""
    choices = [parse(choice) for choice in accept.split(",")]
    choices.sort(key=lambda choice: -_quality(choice[1]))
    anything = {"*/*": usual, "application/*": JSON, "text/*": CSV}
    for name, parameters in choices:
        known = anything.get(name, name)
        if known in FORMATS and _quality(parameters) > 0:
            return known, parameters
    raise Rejected(406, f'there is no answer as "{accept}": accept one of {KNOWN}')


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
