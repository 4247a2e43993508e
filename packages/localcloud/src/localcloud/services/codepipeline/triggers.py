"""Which pipelines a push starts: the rules of triggers, or else of source actions that watch their branch. Pure.

Excludes win over includes. ``*`` stands for anything within a part of a path, ``**`` for parts as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from localcloud.services.codepipeline.providers import Action, configuration, provider

Filter = Mapping[str, Any]
WILD = re.compile(r"\*\*/|\*\*|\*|\?|\{[^{}]*\}|\[[^\[\]]+\]")


@dataclass(frozen=True)
class Push:
    """One branch or tag that somebody pushed."""

    kind: str  # branch or tag
    name: str
    commit: str
    files: Sequence[str]  # that it changed


def started_by(declaration: Mapping[str, Any], push: Push) -> Iterator[tuple[str, str]]:
    """The source action that the push is for, and AWS's name of such a trigger; at most one for a pipeline."""
    actions = {action["name"]: action for action in declaration["stages"][0]["actions"]}
    triggers = declaration.get("triggers", [])
    for trigger in triggers:
        git = trigger["gitConfiguration"]
        filters = git.get("push", [])
        watched = push.kind == "branch" and _on_branch(actions[git["sourceActionName"]], push)
        if any(fits(one, push) for one in filters) or (not filters and watched):
            yield git["sourceActionName"], "WebhookV2"
            return
    with_rules = {trigger["gitConfiguration"]["sourceActionName"] for trigger in triggers}
    for name, action in actions.items():
        if name not in with_rules and push.kind == "branch" and _watches(action) and _on_branch(action, push):
            connected = provider(action) == "CodeStarSourceConnection"
            yield name, "WebhookV2" if connected else "PollForSourceChanges"
            return


def fits(rule: Filter, push: Push) -> bool:
    if push.kind == "tag":
        return "tags" in rule and _chosen(rule["tags"], push.name)
    if "tags" in rule or ("branches" in rule and not _chosen(rule["branches"], push.name)):
        return False
    return "filePaths" not in rule or any(_chosen(rule["filePaths"], file) for file in push.files)


def _chosen(rule: Filter, text: str) -> bool:
    includes = rule.get("includes", ["**"])
    return _any(includes, text) and not _any(rule.get("excludes", []), text)


def _any(patterns: Sequence[str], text: str) -> bool:
    return any(expression(pattern).fullmatch(text) for pattern in patterns)


@cache
def expression(pattern: str) -> re.Pattern[str]:
    parts, last = [], 0
    for found in WILD.finditer(pattern):
        parts += [re.escape(pattern[last : found.start()]), _wild(found[0])]
        last = found.end()
    return re.compile("".join(parts) + re.escape(pattern[last:]), re.DOTALL)


def _wild(part: str) -> str:
    if part.startswith("{"):
        return f"(?:{'|'.join(re.escape(choice) for choice in part[1:-1].split(','))})"
    if part.startswith("["):
        inside = re.escape(part[1:-1].lstrip("!^")).replace("\\-", "-")
        return f"[{'^' if part[1] in '!^' else ''}{inside}]"
    return {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}[part]


def _watches(action: Action) -> bool:
    told = configuration(action)
    key = {"CodeStarSourceConnection": "DetectChanges", "CodeCommit": "PollForSourceChanges"}.get(provider(action))
    return key is not None and told.get(key, "true") != "false"


def _on_branch(action: Action, push: Push) -> bool:
    return configuration(action).get("BranchName") == push.name
