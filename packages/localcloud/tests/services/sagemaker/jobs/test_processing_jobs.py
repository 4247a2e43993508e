"""Processing jobs over the API: really run, seen, stopped, queued."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from localcloud.core.counters import DEFECTS
from localcloud.services.sagemaker.jobs.records import timeout_reason

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
ARN = "arn:aws:sagemaker:eu-west-1:000000000000:processing-job/job"
OUT = "/opt/ml/processing/out"


def test_a_job_runs_from_s3_to_s3_and_is_described(jobs):
    jobs.put("data/rows.csv", b"a,b")
    arn = jobs.processing(
        f'cp /opt/ml/processing/data/rows.csv "{OUT}/copy"; echo "read $WHAT"; echo done > /opt/ml/output/message',
        ProcessingInputs=[jobs.source("data", "s3://bucket/data")],
        ProcessingOutputConfig=jobs.target("out"),
        Environment={"WHAT": "rows"},
        Tags=[{"Key": "team", "Value": "x"}],
    )
    job = jobs.over()
    assert (arn, job["ProcessingJobArn"], job["ProcessingJobStatus"]) == (ARN, ARN, "Completed")
    assert jobs.get("out/copy") == b"a,b"
    assert job["ExitMessage"] == "done"
    assert "FailureReason" not in job
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"] <= job["LastModifiedTime"]
    assert job["Environment"] == {"WHAT": "rows"}
    assert jobs.lines() == {"job/algo-1": ["read rows"]}
    assert jobs.client.list_tags(ResourceArn=ARN)["Tags"] == [{"Key": "team", "Value": "x"}]
    [(kind, name, description)] = jobs.end_calls
    assert (kind, name, description["ProcessingJobStatus"]) == ("ProcessingJob", "job", "Completed")


def test_lines_are_in_the_log_while_the_job_runs(jobs):
    jobs.processing("echo first; while [ ! -e /opt/ml/output/never ]; do sleep 0.1; done")
    jobs.wait_for_line("first")
    assert jobs.job()["ProcessingJobStatus"] == "InProgress"


def test_a_failure_is_described_as_on_aws(jobs):
    jobs.processing("echo 'column tenure is missing' > /opt/ml/output/message; exit 1")
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert job["ExitMessage"] == "column tenure is missing"


def test_a_failure_without_a_message_has_its_exit_code(jobs):
    jobs.processing("exit 9")
    assert jobs.over()["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 9"


def test_a_missing_command_fails_the_job(jobs):
    application = {"ImageUri": "image", "ContainerEntrypoint": ["/nowhere/python"]}
    jobs.processing("", AppSpecification=application)
    assert "cannot be started" in jobs.over()["ExitMessage"]


def test_an_invalid_command_fails_the_job_and_is_not_a_defect(jobs):
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python"], "ContainerArguments": ["a\0b"]}
    jobs.processing("", AppSpecification=application)
    assert jobs.over()["ExitMessage"].endswith("python cannot be started: embedded null byte")
    assert jobs.cloud.counters[DEFECTS] == 0


@pytest.mark.parametrize("uri", ["s3://bucket/none", "s3://missing/none"])
def test_a_missing_input_is_a_client_error(jobs, uri):
    jobs.processing("true", ProcessingInputs=[jobs.source("data", uri)])
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f'ClientError: No S3 objects found under S3 URL "{uri}"')


def test_an_output_without_a_bucket_is_a_client_error(jobs):
    outputs = jobs.target("out")
    outputs["Outputs"][0]["S3Output"]["S3Uri"] = "s3://missing/out"
    jobs.processing(f"echo x > {OUT}/x", ProcessingOutputConfig=outputs)
    assert jobs.over()["FailureReason"].startswith("ClientError: Cannot write s3://missing/out/x")


def test_every_status_emits_one_event(jobs):
    jobs.processing("true", Tags=[{"Key": "team", "Value": "x"}])
    jobs.over()
    details = [event["detail"] for event in jobs.events()]
    assert [detail["ProcessingJobStatus"] for detail in details] == ["InProgress", "Completed"]
    last = details[-1]
    assert jobs.events()[-1]["resources"] == [ARN]
    assert (last["ProcessingJobName"], last["ProcessingJobArn"], last["Tags"]) == ("job", ARN, {"team": "x"})
    assert last["AppSpecification"]["ImageUri"] == "image"
    assert last["CreationTime"] == int(jobs.job()["CreationTime"].timestamp() * 1000)


def test_a_stop_sends_sigterm_and_emits_an_event(jobs):
    jobs.processing(
        f"trap 'echo caught; exit 0' TERM; echo half > {OUT}/half; echo ready; while true; do sleep 0.05; done",
        ProcessingOutputConfig=jobs.target("out"),
    )
    jobs.wait_for_line("ready")
    jobs.client.stop_processing_job(ProcessingJobName="job")
    assert jobs.job()["ProcessingJobStatus"] in ("Stopping", "Stopped")
    assert jobs.over()["ProcessingJobStatus"] == "Stopped"
    assert "caught" in jobs.lines()["job/algo-1"]
    assert jobs.keys("out") == []
    statuses = [event["detail"]["ProcessingJobStatus"] for event in jobs.events()]
    assert statuses == ["InProgress", "Stopping", "Stopped"]


def test_a_job_that_ignores_sigterm_is_killed_after_its_grace(jobs):
    jobs.service.job_runner.grace_seconds = 0.3
    jobs.processing("trap '' TERM; echo ready; while true; do sleep 0.05; done")
    jobs.wait_for_line("ready")
    jobs.client.stop_processing_job(ProcessingJobName="job")
    assert jobs.over()["ProcessingJobStatus"] == "Stopped"
    assert jobs.cloud.processes.all() == []


def test_a_job_beyond_its_time_is_stopped_with_a_reason(jobs):
    jobs.processing("sleep 60", StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in job["ExitMessage"]
    assert timeout_reason(job) == job["ExitMessage"]


def test_the_message_of_a_script_that_timed_out_is_described(jobs):
    script = "trap 'echo half done > /opt/ml/output/message; exit 0' TERM; while true; do sleep 0.05; done"
    jobs.processing(script, StoppingCondition={"MaxRuntimeInSeconds": 3})
    job = jobs.over()
    assert timeout_reason(job).endswith("half done")


def test_a_missing_role_is_refused(jobs, cloud):
    jobs.processing("true", "before", RoleArn=ROLE)  # an account without roles takes any
    cloud.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    words = f"Could not assume role {ROLE}. Please ensure that the role exists"
    with pytest.raises(ClientError, match=words):
        jobs.processing("true")
    with pytest.raises(ClientError, match=words):
        jobs.training("true")
    jobs.processing("true", RoleArn="arn:aws:iam::000000000000:role/other")
    jobs.processing("true", "elsewhere", RoleArn="arn:aws:iam::111122223333:role/any")


def test_more_jobs_than_cores_wait_their_turn_in_order(jobs):
    jobs.service.jobs.queue.slots = jobs.service.jobs.queue._free = 1
    for name in ("one", "two", "three"):
        jobs.processing("while [ ! -e /opt/ml/output/go ]; do sleep 0.02; done; echo $(date +%s%N)", name)
    jobs.until(lambda: "ProcessingStartTime" in jobs.job(name="one"))
    assert "ProcessingStartTime" not in jobs.job(name="two")
    jobs.client.stop_processing_job(ProcessingJobName="two")
    assert jobs.job(name="two")["ProcessingJobStatus"] == "Stopped"
    jobs.client.stop_processing_job(ProcessingJobName="one")
    jobs.until(lambda: "ProcessingStartTime" in jobs.job(name="three"))
    jobs.client.stop_processing_job(ProcessingJobName="three")
    assert jobs.over(name="three")["ProcessingJobStatus"] == "Stopped"
    assert [name for _, name, _ in jobs.end_calls] == ["two", "one", "three"]


def test_a_killed_job_fails(jobs):
    jobs.processing("echo ready; sleep 60")
    jobs.wait_for_line("ready")
    assert jobs.cloud.faults.kill("job")
    assert jobs.over()["FailureReason"].endswith("exit code: 137")


def test_the_end_of_the_cloud_ends_its_jobs(jobs):
    jobs.processing("echo ready; sleep 60")
    jobs.wait_for_line("ready")
    [process] = jobs.cloud.processes.all()
    jobs.service.close()
    assert not process.alive
    assert jobs.end_calls == []


def test_a_reset_ends_and_deletes_jobs_and_ignores_their_late_output(jobs):
    jobs.service.job_runner.grace_seconds = 0.3
    jobs.processing("trap '' TERM; echo ready; while true; do sleep 0.02; done")
    jobs.wait_for_line("ready")
    [process] = jobs.cloud.processes.all()
    hooks = jobs.service.job_runner.hooks(jobs.service.jobs.find("Processing", "job"))
    jobs.cloud.reset()
    jobs.until(lambda: not process.alive)
    hooks.on_line("algo-1", "late")
    jobs.service.jobs.queue.close()
    jobs.cloud.logs.flush()
    assert jobs.client.list_processing_jobs()["ProcessingJobSummaries"] == []
    assert jobs.cloud.client("logs").describe_log_groups()["logGroups"] == []
    assert jobs.end_calls == []


def test_jobs_are_listed_filtered_and_deleted(jobs, refused):
    for name, script in (("alpha", "true"), ("beta", "exit 1")):
        jobs.processing(script, name)
        jobs.over(name=name)
        jobs.cloud.clock.advance(60)

    def listed(**more):
        found = jobs.client.list_processing_jobs(**more)["ProcessingJobSummaries"]
        return [job["ProcessingJobName"] for job in found]

    assert listed() == ["alpha", "beta"]
    assert listed(SortOrder="Descending") == ["beta", "alpha"]
    assert listed(StatusEquals="Failed") == ["beta"]
    assert listed(NameContains="alp") == ["alpha"]
    between = jobs.job(name="alpha")["CreationTime"] + timedelta(seconds=30)
    assert (listed(CreationTimeAfter=between), listed(CreationTimeBefore=between)) == (["beta"], ["alpha"])
    jobs.client.delete_processing_job(ProcessingJobName="alpha")
    assert listed() == ["beta"]
    with refused("ValidationException", "Could not find requested job with name: alpha"):
        jobs.job(name="alpha")


def test_invalid_requests_are_refused(jobs, refused):
    jobs.processing("true")
    jobs.over()
    with refused("ResourceInUse", f"({ARN})"):
        jobs.processing("true")
    with refused("ValidationException", "is in status Completed"):
        jobs.client.stop_processing_job(ProcessingJobName="job")
    with refused("ValidationException", "given twice: a"):
        inputs = [jobs.source("a", "s3://bucket/x"), jobs.source("a", "s3://bucket/y")]
        jobs.processing("true", "other", ProcessingInputs=inputs)
    with refused("NotImplementedByLocalcloud", "names no ContainerEntrypoint"):
        jobs.processing("true", "other", AppSpecification={"ImageUri": "image"})
    with refused("NotImplementedByLocalcloud", "below /opt/ml"):
        outside = jobs.source("a", "s3://bucket/x", LocalPath="/opt/ml/../../etc")
        jobs.processing("true", "other", ProcessingInputs=[outside])
    with refused("NotImplementedByLocalcloud", "is piped"):
        jobs.processing("true", "other", ProcessingInputs=[jobs.source("a", "s3://bucket/x", S3InputMode="Pipe")])


def test_several_instances_share_the_objects_and_know_each_other(jobs):
    for number in range(5):
        jobs.put(f"data/{number}")
    script = f"""
        host=$(grep -o '"current_host": "algo-.' /opt/ml/config/resourceconfig.json | tail -c 7)
        (ls /opt/ml/processing/data | tr '\\n' ' '; ls /opt/ml/processing/all | wc -l | tr -d ' ') > {OUT}/$host
        echo $host
    """
    jobs.processing(
        script,
        instances=2,
        ProcessingInputs=[
            jobs.source("data", "s3://bucket/data", S3DataDistributionType="ShardedByS3Key"),
            jobs.source("all", "s3://bucket/data"),
        ],
        ProcessingOutputConfig=jobs.target("out"),
    )
    assert jobs.over()["ProcessingJobStatus"] == "Completed"
    assert (jobs.get("out/algo-1"), jobs.get("out/algo-2")) == (b"0 2 4 5\n", b"1 3 5\n")
    assert jobs.lines() == {"job/algo-1": ["algo-1"], "job/algo-2": ["algo-2"]}


def test_one_failing_instance_ends_the_others(jobs):
    script = 'grep -q \'"current_host": "algo-2"\' /opt/ml/config/resourceconfig.json && exit 7; sleep 60'
    jobs.processing(script, instances=2)
    assert jobs.over()["FailureReason"].endswith("exit code: 7")


def test_a_manifest_names_its_objects(jobs):
    jobs.put("data/deep/a")
    jobs.put("data/b")
    jobs.put("data/c")
    jobs.manifest("lists/some.manifest", "deep/a", "b", prefix="s3://bucket/data/")
    source = jobs.source("data", "s3://bucket/lists/some.manifest", S3DataType="ManifestFile")
    jobs.processing("cd /opt/ml/processing/data; find . -type f | sort", ProcessingInputs=[source])
    jobs.over()
    assert jobs.lines() == {"job/algo-1": ["./b", "./deep/a"]}


def test_jobs_call_this_cloud_without_the_callers_credentials(jobs, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "a-person-s")
    jobs.processing('echo "$AWS_ENDPOINT_URL $AWS_REGION $AWS_SECRET_ACCESS_KEY:$AWS_SHARED_CREDENTIALS_FILE"')
    isolated = {"EnableNetworkIsolation": True}
    jobs.processing(
        'echo "isolated:$AWS_ENDPOINT_URL:$AWS_CONTAINER_AUTHORIZATION_TOKEN"', "alone", NetworkConfig=isolated
    )
    jobs.over()
    jobs.over(name="alone")
    assert jobs.lines() == {"job/algo-1": [f"{jobs.cloud.url} eu-west-1 :/dev/null"]}
    assert jobs.lines(name="alone") == {"alone/algo-1": ["isolated::"]}
