"""A process that runs the deploy command in forks of itself, and kills them at a chosen call.

A line of JSON on stdin: ``{"words": [...], "kill": [where, number, signal]}``; a line on stdout: ``{"code": ...,
"output": ...}``, with code -9 for a killed one. ``write`` counts the calls that change something, ``poll`` those that
describe the endpoint while it changes.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from threading import Lock

import boto3
from botocore.config import Config

from aws import sessions
from release import accept, context, delete, rollback
from release import run as release_run
from release.command import main

WARM = (accept, delete, release_run, rollback)  # imported before any fork
READS = ("Describe", "List", "Get", "Head", "Invoke")
SERVICES = (
    "sagemaker",
    "sagemaker-runtime",
    "s3",
    "cloudwatch",
    "application-autoscaling",
    "ecr",
    "kms",
    "service-quotas",
    "sts",
)


class Killer:
    """Kills its own process just before the call is sent: AWS then is as it was after the previous call."""

    def __init__(self, where, number, sent=signal.SIGKILL):
        self.where, self.left, self.signal, self.changing, self.lock = where, number, sent, False, Lock()
        self.looks = Counter()

    def __call__(self, event_name, request, **_):
        operation = event_name.rsplit(".", 1)[-1]
        write = not operation.startswith(READS)
        with self.lock:
            if operation == "PutMetricData" or "judgement.json" in request.url:  # at every look: twice is enough
                self.looks[operation] += 1
                write = self.looks[operation] <= 2
            counted = write if self.where == "write" else self.changing and operation == "DescribeEndpoint"
            self.left -= counted
            if counted and not self.left:
                os.kill(os.getpid(), self.signal)
            self.changing |= operation in ("UpdateEndpoint", "CreateEndpoint")


def clients(url):
    """Created before any fork, and never used here: their connections must not be shared."""
    session = boto3.Session(region_name="eu-west-1")  # its keys are those of a process, from the environment
    config = Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"})
    return {name: session.client(name, endpoint_url=url, config=config) for name in SERVICES}


def run(by_name, words, kill):
    """In the fork: the exit code. Killed or not, its output is in its stdout by then."""
    if kill:
        killer = Killer(*kill)
        for client in by_name.values():
            client.meta.events.register("before-send", killer)
    heartbeat = 100 if kill else 0.1  # the calls of a heartbeat would be counted
    context.TIMING = context.Timing(0.01, 0.05, 0.02, heartbeat, 0.2)
    sessions.client = lambda _, service: by_name[service]
    return main(words)


def run_in_fork(by_name, words, kill):
    with tempfile.TemporaryFile("w+") as output:
        pid = os.fork()
        if not pid:
            code = 70
            try:
                with redirect_stdout(output), redirect_stderr(output):
                    code = run(by_name, words, kill)
            finally:
                output.flush()
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        return {"code": status, "output": output.read()}


def serve(url):
    by_name = clients(url)
    for line in sys.stdin:
        command = json.loads(line)
        print(json.dumps(run_in_fork(by_name, command["words"], command.get("kill"))), flush=True)


if __name__ == "__main__":
    assert isinstance(sys.stdout, io.TextIOWrapper)
    serve(sys.argv[1])
