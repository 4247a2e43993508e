"""Measures calls per second of localcloud with one keep-alive client, and with many concurrent ones.

    python benchmarks/clients.py [--seconds N] [--clients N ...]

Each client sends the next request as soon as it has a response: it creates a model package group, describes it, creates
the next. All clients are in one process beside the server's. Ratios are against the single client of the same run; at
the end all created groups are listed. Then as many clients as at most call with the keys of a role, whose twenty
statements and boundary are decided for every call, beside a server that decides nothing (--no-roles), in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

RESULTS = ROOT / "benchmarks/results/clients.md"
SIGNED = "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/sagemaker/aws4_request, SignedHeaders=host, Signature=0"
STATEMENTS, TURNS = 20, 3


@dataclass(frozen=True)
class Run:
    clients: int
    per_second: float
    seconds: list[float]
    refused: int

    def row(self, one: Run) -> str:
        median, late = statistics.median(self.seconds), statistics.quantiles(self.seconds, n=100)[98]
        ratio = f"{self.per_second / one.per_second:.2f}x"
        return (
            f"| {self.clients} | {self.per_second:,.0f} | {ratio} | {median * 1e3:.1f} | {late * 1e3:.1f} "
            f"| {len(self.seconds):,} | {self.refused} |"
        )


class Client:
    """One connection: ``send`` starts a call, ``receive`` returns its status."""

    def __init__(self, name: str, address: tuple[str, int], signed: str) -> None:
        self.socket = socket.create_connection(address)
        self.name, self.calls, self.started, self.created = name, 0, 0.0, 0
        self._head = f"Host: {address[0]}\r\nAuthorization: {signed}\r\nContent-Type: application/x-amz-json-1.1\r\n"
        self._received = b""

    def send(self) -> None:
        self.calls += 1
        operation = "CreateModelPackageGroup" if self.calls % 2 else "DescribeModelPackageGroup"
        text = json.dumps({"ModelPackageGroupName": f"{self.name}-{(self.calls + 1) // 2}"})
        head = f"POST / HTTP/1.1\r\n{self._head}X-Amz-Target: SageMaker.{operation}\r\nContent-Length: {len(text)}"
        self._received, self.started = b"", time.perf_counter()
        self.socket.sendall(f"{head}\r\n\r\n{text}".encode())

    def receive(self) -> int:
        """0 while the response is incomplete."""
        self._received += self.socket.recv(1 << 16)
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":-1")
        if len(body) != int(length.split(b":")[1]):
            return 0
        status = int(head.split(b" ")[1])
        self.created += status == 200 and self.calls % 2
        return status


def main(argv: list[str] | None = None) -> int:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--seconds", type=float, default=10, metavar="N")
    command.add_argument("--clients", type=int, nargs="+", default=[4, 20, 60, 200], metavar="N")
    options = command.parse_args(argv)
    with _localcloud() as (address, region):
        signed = SIGNED.format(key="local", region=region)
        _load(address, signed, "warm", 1, 1)
        runs, created = [], 0
        for number in (1, *options.clients):
            run, groups = _load(address, signed, f"with-{number}", number, options.seconds)
            runs.append(run)
            created += groups
        listed = _count_groups(address, signed)
    report = _render(options, runs, created, listed, _compare_roles(max(options.clients), options.seconds / TURNS))
    RESULTS.write_text(report)
    print(report)
    return 0


@contextmanager
def _localcloud(*options: str) -> Iterator[tuple[tuple[str, int], str]]:
    with tempfile.TemporaryDirectory() as folder:
        localcloud = [sys.executable, "-m", "localcloud", "--folder", folder]
        subprocess.run([*localcloud, "up", *options], cwd=ROOT, check=True, capture_output=True)
        try:
            status = subprocess.run([*localcloud, "status", "--json"], cwd=ROOT, check=True, capture_output=True)
            server = json.loads(status.stdout)
            host, port = server["url"].removeprefix("http://").split(":")
            yield (host, int(port)), server["region"]
        finally:
            subprocess.run([*localcloud, "down"], cwd=ROOT, check=True, capture_output=True)


def _load(address: tuple[str, int], signed: str, name: str, number: int, seconds: float) -> tuple[Run, int]:
    selector, durations, refused = selectors.DefaultSelector(), [], 0
    clients = [Client(f"{name}-{each}", address, signed) for each in range(number)]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    end, active = time.perf_counter() + seconds, number
    while active:
        for key, _ in selector.select():
            client = key.data
            if not (status := client.receive()):
                continue
            durations.append(time.perf_counter() - client.started)
            refused += status != 200
            if time.perf_counter() < end:
                client.send()
            else:
                selector.unregister(client.socket)
                client.socket.close()
                active -= 1
    return Run(number, len(durations) / seconds, durations, refused), sum(client.created for client in clients)


def _compare_roles(clients: int, seconds: float) -> tuple[Run, Run]:
    """Of the role's clients: with every call decided, and with none."""
    with _localcloud() as (address, region), _localcloud("--no-roles") as (other, _):
        servers = [(at, _keys_of_role(at, region)) for at in (address, other)]
        turns: list[list[Run]] = [[], []]
        for turn in range(TURNS + 1):
            for number, (at, signed) in enumerate(servers):
                turns[number].append(_load(at, signed, f"turn-{turn}", clients, seconds)[0])
    decided, free = (_sum(runs[1:]) for runs in turns)  # the first is to warm up
    return decided, free


def _sum(runs: list[Run]) -> Run:
    seconds = [each for run in runs for each in run.seconds]
    per_second = statistics.mean(run.per_second for run in runs)
    return Run(runs[0].clients, per_second, seconds, sum(run.refused for run in runs))


def _keys_of_role(address: tuple[str, int], region: str) -> str:
    """The Authorization header of a session, and the one with its token."""
    iam = _client("iam", address, region)
    root = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=_document(_allow("sagemaker:*")))
    role = iam.create_role(
        RoleName="caller",
        AssumeRolePolicyDocument=_document(root),
        PermissionsBoundary=boundary["Policy"]["Arn"],
    )
    others = [_allow(f"service{number}:*", "s3:GetObject") for number in range(STATEMENTS - 1)]
    own = _allow("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup")
    iam.put_role_policy(RoleName="caller", PolicyName="own", PolicyDocument=_document(*others, own))
    sts = _client("sts", address, region)
    keys = sts.assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="benchmark")["Credentials"]
    signed = SIGNED.format(key=keys["AccessKeyId"], region=region)
    return f"{signed}\r\nX-Amz-Security-Token: {keys['SessionToken']}"


def _allow(*actions: str) -> dict[str, Any]:
    resource = "arn:aws:sagemaker:*:*:model-package-group/*"
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _client(service: str, address: tuple[str, int], region: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=f"http://{address[0]}:{address[1]}",
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106
        config=Config(retries={"max_attempts": 0}),
    )


def _count_groups(address: tuple[str, int], signed: str) -> int:
    client = _client("sagemaker", address, signed.split("/")[2])
    pages = client.get_paginator("list_model_package_groups").paginate(NameContains="with-", MaxResults=100)
    return sum(len(page["ModelPackageGroupSummaryList"]) for page in pages)


def _render(options: argparse.Namespace, runs: list[Run], created: int, listed: int, roles: tuple[Run, Run]) -> str:
    decided, free = roles
    lines = [
        "# Many clients at once",
        "",
        f"`python benchmarks/clients.py --seconds {options.seconds:g}`, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; the clients share the cores with the server.",
        "",
        "| clients | calls/s | against one client | p50 ms | p99 ms | calls | refused |",
        "|---|---|---|---|---|---|---|",
        *(run.row(runs[0]) for run in runs),
        "",
        f"{created:,} groups were created, {listed:,} of them listed.",
        "",
        f"{decided.clients} clients with the keys of a role, against a server that decides nothing:",
        "",
        "| every call is decided | calls/s | against none | p50 ms | p99 ms | calls | refused |",
        "|---|---|---|---|---|---|---|",
        free.row(free).replace(f"| {free.clients} ", "| no ", 1),
        decided.row(free).replace(f"| {decided.clients} ", "| yes ", 1),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
