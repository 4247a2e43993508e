"""Media types of requests and responses."""

from __future__ import annotations

from http_errors import HttpError

CSV, JSON, JSON_LINES, PARQUET = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"
FORMATS = {  # all names of each format
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


def negotiate(accept: str, default: str) -> tuple[str, dict[str, str]]:
    """The client's preferred type of those available; types of equal quality count in the order of the header."""
    choices = [parse(choice) for choice in accept.split(",")]
    choices.sort(key=lambda choice: -_quality(choice[1]))
    anything = {"*/*": default, "application/*": JSON, "text/*": CSV}
    for name, parameters in choices:
        known = anything.get(name, name)
        if known in FORMATS and _quality(parameters) > 0:
            return known, parameters
    raise HttpError(406, f'"{accept}" is not available: accept one of {KNOWN}')


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
