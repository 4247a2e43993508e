"""``aws cloudformation deploy``, as people use it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from localcloud.core.cloud import Cloud

AWS = shutil.which("aws")
TEMPLATE = """
Parameters: {Name: {Type: String}}
Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name}}}
"""
INSTALLED = (
    bool(AWS) and not subprocess.run([str(AWS), "--version"], capture_output=True, timeout=60, check=False).returncode
)


@pytest.mark.skipif(not INSTALLED, reason="the aws command is not installed")
def test_deploy(cloud: Cloud, cfn: Any, tmp_path: Path) -> None:
    cloud.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    file = tmp_path / "template.yml"
    file.write_text(TEMPLATE)

    def deploy(*options: str) -> str:
        command = [str(AWS), "cloudformation", "deploy", "--stack-name", "s", "--template-file", str(file), *options]
        environment = {**os.environ, **cloud.environment()}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr
        return result.stdout + result.stderr

    assert "Successfully created/updated stack" in deploy("--parameter-overrides", "Name=one")
    assert "No changes to deploy" in deploy("--no-fail-on-empty-changeset")
    by_s3 = ("--s3-bucket", "templates", "--force-upload", "--parameter-overrides", "Name=two", "--tags", "a=b")
    assert "Successfully created/updated stack" in deploy(*by_s3)
    stack = cfn.describe_stacks(StackName="s")["Stacks"][0]
    assert (stack["StackStatus"], stack["Tags"]) == ("UPDATE_COMPLETE", [{"Key": "a", "Value": "b"}])
    assert cloud.client("sqs").list_queues()["QueueUrls"][0].endswith("/two")
