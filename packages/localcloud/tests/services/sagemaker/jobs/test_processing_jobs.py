"""Processing jobs over the API: really run, seen, stopped, queued."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from localcloud.core.counters import DEFECTS
from localcloud.services.sagemaker.jobs.records import out_of_time

ROLE = "arn:aws:iam::000000000000:role/churn-dev"
ARN = "arn:aws:sagemaker:eu-west-1:000000000000:processing-job/job"
OUT = "/opt/ml/processing/out"


def test_a_job_runs_from_s3_to_s3_and_is_described(desk):
    desk.put("data/rows.csv", b"a,b")
    arn = desk.processing(
        f'cp /opt/ml/processing/data/rows.csv "{OUT}/copy"; echo "read $WHAT"; echo done > /opt/ml/output/message',
        ProcessingInputs=[desk.source("data", "s3://bucket/data")],
        ProcessingOutputConfig=desk.target("out"),
        Environment={"WHAT": "rows"},
        Tags=[{"Key": "team", "Value": "x"}],
    )
    job = desk.over()
    assert (arn, job["ProcessingJobArn"], job["ProcessingJobStatus"]) == (ARN, ARN, "Completed")
    assert desk.get("out/copy") == b"a,b"
    assert job["ExitMessage"] == "done"
    assert "FailureReason" not in job
    assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"] <= job["LastModifiedTime"]
    assert job["Environment"] == {"WHAT": "rows"}
    assert desk.lines() == {"job/algo-1": ["read rows"]}
    assert desk.client.list_tags(ResourceArn=ARN)["Tags"] == [{"Key": "team", "Value": "x"}]
    [(kind, name, told)] = desk.ended
    assert (kind, name, told["ProcessingJobStatus"]) == ("ProcessingJob", "job", "Completed")


def test_lines_are_in_the_log_while_the_job_runs(desk):
    desk.processing("echo first; while [ ! -e /opt/ml/output/never ]; do sleep 0.1; done")
    desk.said("first")
    assert desk.job()["ProcessingJobStatus"] == "InProgress"


def test_a_failure_is_told_as_aws_tells_it(desk):
    desk.processing("echo 'column tenure is missing' > /opt/ml/output/message; exit 1")
    job = desk.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert job["ExitMessage"] == "column tenure is missing"


def test_a_failure_without_a_sentence_has_its_exit_code(desk):
    desk.processing("exit 9")
    assert desk.over()["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 9"


def test_a_command_that_is_not_there_fails_the_job(desk):
    application = {"ImageUri": "image", "ContainerEntrypoint": ["/nowhere/python"]}
    desk.processing("", AppSpecification=application)
    assert "cannot be started" in desk.over()["ExitMessage"]


def test_a_command_that_no_process_can_have_fails_the_job_and_is_no_defect(desk):
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python"], "ContainerArguments": ["a\0b"]}
    desk.processing("", AppSpecification=application)
    assert desk.over()["ExitMessage"].endswith("python cannot be started: embedded null byte")
    assert desk.cloud.counters[DEFECTS] == 0


@pytest.mark.parametrize("uri", ["s3://bucket/none", "s3://nobody/none"])
def test_an_input_that_is_not_there_is_the_clients_error(desk, uri):
    desk.processing("true", ProcessingInputs=[desk.source("data", uri)])
    job = desk.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f'ClientError: No S3 objects found under S3 URL "{uri}"')


def test_an_output_without_a_bucket_is_the_clients_error(desk):
    outputs = desk.target("out")
    outputs["Outputs"][0]["S3Output"]["S3Uri"] = "s3://nobody/out"
    desk.processing(f"echo x > {OUT}/x", ProcessingOutputConfig=outputs)
    assert desk.over()["FailureReason"].startswith("ClientError: Cannot write s3://nobody/out/x")


def test_every_status_is_announced_once(desk):
    desk.processing("true", Tags=[{"Key": "team", "Value": "x"}])
    desk.over()
    details = [event["detail"] for event in desk.events()]
    assert [detail["ProcessingJobStatus"] for detail in details] == ["InProgress", "Completed"]
    last = details[-1]
    assert desk.events()[-1]["resources"] == [ARN]
    assert (last["ProcessingJobName"], last["ProcessingJobArn"], last["Tags"]) == ("job", ARN, {"team": "x"})
    assert last["AppSpecification"]["ImageUri"] == "image"
    assert last["CreationTime"] == int(desk.job()["CreationTime"].timestamp() * 1000)


def test_a_stop_sends_sigterm_and_is_announced(desk):
    desk.processing(
        f"trap 'echo caught; exit 0' TERM; echo half > {OUT}/half; echo ready; while true; do sleep 0.05; done",
        ProcessingOutputConfig=desk.target("out"),
    )
    desk.said("ready")
    desk.client.stop_processing_job(ProcessingJobName="job")
    assert desk.job()["ProcessingJobStatus"] in ("Stopping", "Stopped")
    assert desk.over()["ProcessingJobStatus"] == "Stopped"
    assert "caught" in desk.lines()["job/algo-1"]
    assert desk.keys("out") == []
    statuses = [event["detail"]["ProcessingJobStatus"] for event in desk.events()]
    assert statuses == ["InProgress", "Stopping", "Stopped"]


def test_a_job_that_ignores_sigterm_is_killed_after_its_grace(desk):
    desk.service.grace_seconds = 0.3
    desk.processing("trap '' TERM; echo ready; while true; do sleep 0.05; done")
    desk.said("ready")
    desk.client.stop_processing_job(ProcessingJobName="job")
    assert desk.over()["ProcessingJobStatus"] == "Stopped"
    assert desk.cloud.processes.all() == []


def test_a_job_beyond_its_time_is_stopped_and_says_so(desk):
    desk.processing("sleep 60", StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = desk.over()
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in job["ExitMessage"]
    assert out_of_time(job) == job["ExitMessage"]


def test_a_script_that_says_something_when_its_time_is_up_is_heard_too(desk):
    script = "trap 'echo half done > /opt/ml/output/message; exit 0' TERM; while true; do sleep 0.05; done"
    desk.processing(script, StoppingCondition={"MaxRuntimeInSeconds": 3})
    job = desk.over()
    assert out_of_time(job).endswith("half done")


def test_a_role_that_is_not_there_is_refused(desk, cloud):
    desk.processing("true", "before", RoleArn=ROLE)  # an account without roles takes any
    cloud.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    words = f"Could not assume role {ROLE}. Please ensure that the role exists"
    with pytest.raises(ClientError, match=words):
        desk.processing("true")
    with pytest.raises(ClientError, match=words):
        desk.training("true")
    desk.processing("true", RoleArn="arn:aws:iam::000000000000:role/other")
    desk.processing("true", "elsewhere", RoleArn="arn:aws:iam::111122223333:role/any")


def test_more_jobs_than_cores_wait_their_turn_in_order(desk):
    desk.service.queue.slots = desk.service.queue._free = 1
    for name in ("one", "two", "three"):
        desk.processing("while [ ! -e /opt/ml/output/go ]; do sleep 0.02; done; echo $(date +%s%N)", name)
    desk.until(lambda: "ProcessingStartTime" in desk.job(name="one"))
    assert "ProcessingStartTime" not in desk.job(name="two")
    desk.client.stop_processing_job(ProcessingJobName="two")
    assert desk.job(name="two")["ProcessingJobStatus"] == "Stopped"
    desk.client.stop_processing_job(ProcessingJobName="one")
    desk.until(lambda: "ProcessingStartTime" in desk.job(name="three"))
    desk.client.stop_processing_job(ProcessingJobName="three")
    assert desk.over(name="three")["ProcessingJobStatus"] == "Stopped"
    assert [name for _, name, _ in desk.ended] == ["two", "one", "three"]


def test_a_killed_job_fails(desk):
    desk.processing("echo ready; sleep 60")
    desk.said("ready")
    assert desk.cloud.faults.kill("job")
    assert desk.over()["FailureReason"].endswith("exit code: 137")


def test_the_end_of_the_cloud_ends_its_jobs(desk):
    desk.processing("echo ready; sleep 60")
    desk.said("ready")
    [process] = desk.cloud.processes.all()
    desk.service.close()
    assert not process.alive
    assert desk.ended == []


def test_a_reset_ends_jobs_and_forgets_them_and_what_they_still_say(desk):
    desk.service.grace_seconds = 0.3
    desk.processing("trap '' TERM; echo ready; while true; do sleep 0.02; done")
    desk.said("ready")
    [process] = desk.cloud.processes.all()
    watch = desk.service.job_watch(desk.service.find_job("Processing", "job"))
    desk.cloud.reset()
    desk.until(lambda: not process.alive)
    watch.line("algo-1", "late")
    desk.service.queue.close()
    desk.cloud.logs.flush()
    assert desk.client.list_processing_jobs()["ProcessingJobSummaries"] == []
    assert desk.cloud.client("logs").describe_log_groups()["logGroups"] == []
    assert desk.ended == []


def test_jobs_are_listed_filtered_and_deleted(desk, refused):
    for name, script in (("alpha", "true"), ("beta", "exit 1")):
        desk.processing(script, name)
        desk.over(name=name)
        desk.cloud.clock.advance(60)

    def listed(**more):
        found = desk.client.list_processing_jobs(**more)["ProcessingJobSummaries"]
        return [job["ProcessingJobName"] for job in found]

    assert listed() == ["alpha", "beta"]
    assert listed(SortOrder="Descending") == ["beta", "alpha"]
    assert listed(StatusEquals="Failed") == ["beta"]
    assert listed(NameContains="alp") == ["alpha"]
    between = desk.job(name="alpha")["CreationTime"] + timedelta(seconds=30)
    assert (listed(CreationTimeAfter=between), listed(CreationTimeBefore=between)) == (["beta"], ["alpha"])
    desk.client.delete_processing_job(ProcessingJobName="alpha")
    assert listed() == ["beta"]
    with refused("ValidationException", "Could not find requested job with name: alpha"):
        desk.job(name="alpha")


def test_what_cannot_be_is_refused(desk, refused):
    desk.processing("true")
    desk.over()
    with refused("ResourceInUse", f"({ARN})"):
        desk.processing("true")
    with refused("ValidationException", "is in status Completed"):
        desk.client.stop_processing_job(ProcessingJobName="job")
    with refused("ValidationException", "given twice: a"):
        inputs = [desk.source("a", "s3://bucket/x"), desk.source("a", "s3://bucket/y")]
        desk.processing("true", "other", ProcessingInputs=inputs)
    with refused("NotImplementedByLocalcloud", "names no ContainerEntrypoint"):
        desk.processing("true", "other", AppSpecification={"ImageUri": "image"})
    with refused("NotImplementedByLocalcloud", "below /opt/ml"):
        outside = desk.source("a", "s3://bucket/x", LocalPath="/opt/ml/../../etc")
        desk.processing("true", "other", ProcessingInputs=[outside])
    with refused("NotImplementedByLocalcloud", "is piped"):
        desk.processing("true", "other", ProcessingInputs=[desk.source("a", "s3://bucket/x", S3InputMode="Pipe")])


def test_several_instances_share_the_objects_and_know_each_other(desk):
    for number in range(5):
        desk.put(f"data/{number}")
    script = f"""
        host=$(grep -o '"current_host": "algo-.' /opt/ml/config/resourceconfig.json | tail -c 7)
        (ls /opt/ml/processing/data | tr '\\n' ' '; ls /opt/ml/processing/all | wc -l | tr -d ' ') > {OUT}/$host
        echo $host
    """
    desk.processing(
        script,
        instances=2,
        ProcessingInputs=[
            desk.source("data", "s3://bucket/data", S3DataDistributionType="ShardedByS3Key"),
            desk.source("all", "s3://bucket/data"),
        ],
        ProcessingOutputConfig=desk.target("out"),
    )
    assert desk.over()["ProcessingJobStatus"] == "Completed"
    assert (desk.get("out/algo-1"), desk.get("out/algo-2")) == (b"0 2 4 5\n", b"1 3 5\n")
    assert desk.lines() == {"job/algo-1": ["algo-1"], "job/algo-2": ["algo-2"]}


def test_one_failing_instance_ends_the_others(desk):
    script = 'grep -q \'"current_host": "algo-2"\' /opt/ml/config/resourceconfig.json && exit 7; sleep 60'
    desk.processing(script, instances=2)
    assert desk.over()["FailureReason"].endswith("exit code: 7")


def test_a_manifest_names_its_objects(desk):
    desk.put("data/deep/a")
    desk.put("data/b")
    desk.put("data/c")
    desk.manifest("lists/some.manifest", "deep/a", "b", prefix="s3://bucket/data/")
    source = desk.source("data", "s3://bucket/lists/some.manifest", S3DataType="ManifestFile")
    desk.processing("cd /opt/ml/processing/data; find . -type f | sort", ProcessingInputs=[source])
    desk.over()
    assert desk.lines() == {"job/algo-1": ["./b", "./deep/a"]}


def test_jobs_reach_this_cloud_and_have_nobody_elses_credentials(desk, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    desk.processing('echo "$AWS_ENDPOINT_URL $AWS_REGION $AWS_SECRET_ACCESS_KEY"')
    isolated = {"EnableNetworkIsolation": True}
    desk.processing('echo "isolated:$AWS_ENDPOINT_URL:"', "alone", NetworkConfig=isolated)
    desk.over()
    desk.over(name="alone")
    assert desk.lines() == {"job/algo-1": [f"{desk.cloud.url} eu-west-1 local"]}
    assert desk.lines(name="alone") == {"alone/algo-1": ["isolated::"]}
