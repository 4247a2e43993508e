"""Training jobs over the API: secondary statuses, metrics, models, spot interruptions."""

import io
import tarfile

import pytest

from localcloud.services.sagemaker.jobs.records import timeout_reason

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:training-job/job"
MODEL = "models/job/output/model.tar.gz"
AUC = ("validation:auc", "validation-auc:([0-9.eE+-]+)")


def packed(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def secondary(job):
    return [transition["Status"] for transition in job["SecondaryStatusTransitions"]]


def test_a_job_trains_a_model_through_every_status(jobs):
    jobs.put("train/rows", b"1,2")
    arn = jobs.training(
        "cd /opt/ml/input; cp data/train/rows config/hyperparameters.json /opt/ml/model; echo $TRAINING_JOB_ARN",
        InputDataConfig=[jobs.channel("train", "s3://bucket/train")],
        HyperParameters={"rounds": "5"},
        Tags=[{"Key": "team", "Value": "x"}],
    )
    job = jobs.over("Training")
    assert (arn, job["TrainingJobArn"], job["TrainingJobStatus"], job["SecondaryStatus"]) == (
        (ARN, ARN, "Completed", "Completed")
    )
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": f"s3://bucket/{MODEL}"}
    assert packed(jobs.get(MODEL)) == {"rows": b"1,2", "hyperparameters.json": b'{"rounds": "5"}'}
    assert secondary(job) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    for before, after in zip(job["SecondaryStatusTransitions"], job["SecondaryStatusTransitions"][1:], strict=False):
        assert before["EndTime"] == after["StartTime"]
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert (job["TrainingTimeInSeconds"], job["BillableTimeInSeconds"]) == (1, 1)
    assert job["EnableManagedSpotTraining"] is False
    assert jobs.lines("Training") == {"job/algo-1": [ARN]}
    [(kind, _, description)] = jobs.end_calls
    assert (kind, description["ModelArtifacts"]) == ("TrainingJob", job["ModelArtifacts"])


def test_every_change_emits_an_event_in_aws_layout(jobs):
    jobs.training("true", Tags=[{"Key": "team", "Value": "x"}])
    jobs.over("Training")
    events = jobs.events("Training")
    details = [event["detail"] for event in events]
    assert [(detail["TrainingJobStatus"], detail["SecondaryStatus"]) for detail in details] == [
        ("InProgress", "Starting"),
        ("InProgress", "Downloading"),
        ("InProgress", "Training"),
        ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ]
    assert {tuple(event["resources"]) for event in events} == {(ARN,)}
    last = details[-1]
    assert (last["TrainingJobName"], last["TrainingJobArn"], last["Tags"]) == ("job", ARN, {"team": "x"})
    assert last["TrainingEndTime"] == int(jobs.job("Training")["TrainingEndTime"].timestamp() * 1000)
    assert isinstance(last["SecondaryStatusTransitions"][0]["StartTime"], int)


def test_a_failure_has_the_scripts_message(jobs):
    jobs.training("echo '[0] validation-auc:0.5'; echo 'the target is constant' > /opt/ml/output/failure; exit 1")
    job = jobs.over("Training")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == "AlgorithmError: the target is constant, exit code: 1"
    assert "ModelArtifacts" not in job
    assert jobs.keys("models") == []
    assert jobs.events("Training")[-1]["detail"]["FailureReason"] == job["FailureReason"]


def test_lists_are_filtered_by_features_that_no_job_has(jobs):
    jobs.training("true", "plain")
    plan = "arn:aws:sagemaker:eu-west-1:000000000000:training-plan/none"
    for filters, found in (({}, 1), ({"WarmPoolStatusEquals": "InUse"}, 0), ({"TrainingPlanArnEquals": plan}, 0)):
        assert len(jobs.client.list_training_jobs(**filters)["TrainingJobSummaries"]) == found


def test_metrics_are_read_from_the_log(jobs):
    lines = "[0] validation-auc:0.5 train-auc:0.6", "[1] validation-auc:7.5e-1", "validation-auc:-", "[2] nothing"
    jobs.training("; ".join(f"echo '{line}'" for line in lines), metrics=[AUC, ("train:auc", "train-auc:(.*)")])
    job = jobs.over("Training")
    found = {metric["MetricName"]: round(metric["Value"], 6) for metric in job["FinalMetricDataList"]}
    assert found == {"validation:auc": 0.75, "train:auc": 0.6}
    data = [(datum.namespace, datum.name, datum.value, datum.dimensions) for datum in jobs.cloud.metrics.recent]
    job_name = {"TrainingJobName": "job"}
    assert data == [
        ("/aws/sagemaker/TrainingJobs", "validation:auc", 0.5, job_name),
        ("/aws/sagemaker/TrainingJobs", "train:auc", 0.6, job_name),
        ("/aws/sagemaker/TrainingJobs", "validation:auc", 0.75, job_name),
    ]


CHECKPOINTS = {"S3Uri": "s3://bucket/checkpoints", "LocalPath": "/opt/ml/checkpoints"}
SPOT = {
    "EnableManagedSpotTraining": True,
    "CheckpointConfig": CHECKPOINTS,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
}
RESUMES = """
cd /opt/ml/checkpoints
if [ -e state ]; then echo "resumed $(cat state)"; cp state /opt/ml/model/; exit 0; fi
echo half > /opt/ml/model/half
trap 'echo round-7 > state; exit 0' TERM
echo ready
while true; do sleep 0.05; done
"""


def test_an_interrupted_spot_job_goes_on_from_its_checkpoints(jobs):
    jobs.s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    jobs.training(RESUMES, **SPOT)
    jobs.wait_for_line("ready", "Training")
    jobs.cloud.faults.inject({"operation": "spot.job"})
    job = jobs.over("Training")
    assert job["TrainingJobStatus"] == "Completed"
    assert secondary(job) == [
        *("Starting", "Downloading", "Training", "Interrupted", "Restarting"),
        *("Downloading", "Training", "Uploading", "Completed"),
    ]
    assert packed(jobs.get(MODEL)) == {"state": b"round-7\n"}
    assert len(jobs.s3.list_object_versions(Bucket="bucket", Prefix=MODEL)["Versions"]) == 1
    statuses = [event["detail"]["SecondaryStatus"] for event in jobs.events("Training")]
    assert statuses == secondary(job)
    assert len(jobs.end_calls) == 1


def test_only_running_spot_jobs_are_interrupted(jobs):
    jobs.training("echo ready; sleep 60")
    jobs.wait_for_line("ready", "Training")
    assert not jobs.service.training_jobs.interrupt("job")
    assert not jobs.service.training_jobs.interrupt("missing")


def test_a_stopped_job_keeps_its_model(jobs):
    jobs.training("echo half > /opt/ml/model/half; trap 'exit 0' TERM; echo ready; while true; do sleep 0.05; done")
    jobs.wait_for_line("ready", "Training")
    jobs.client.stop_training_job(TrainingJobName="job")
    job = jobs.over("Training")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert secondary(job) == ["Starting", "Downloading", "Training", "Stopping", "Stopped"]
    assert packed(jobs.get(MODEL)) == {"half": b"half\n"}


def test_a_job_beyond_its_time_is_stopped_with_a_reason(jobs):
    jobs.training("sleep 60", StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = jobs.over("Training")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "MaxRuntimeInSeconds (of this machine)" in job["SecondaryStatusTransitions"][-1]["StatusMessage"]
    assert timeout_reason(job) == job["SecondaryStatusTransitions"][-1]["StatusMessage"]


def test_the_wait_for_spot_is_limited_as_well(jobs):
    limits = {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 2}
    jobs.training("sleep 60", EnableManagedSpotTraining=True, StoppingCondition=limits)
    assert jobs.over("Training")["SecondaryStatus"] == "MaxWaitTimeExceeded"


def test_a_job_that_waits_for_a_core_is_pending(jobs):
    jobs.service.jobs.queue.slots = jobs.service.jobs.queue._free = 1
    jobs.training("echo ready; sleep 60", "one")
    jobs.training("true", "two")
    assert jobs.job("Training", "two")["SecondaryStatus"] == "Pending"
    jobs.client.stop_training_job(TrainingJobName="one")
    assert secondary(jobs.over("Training", "two"))[:3] == ["Pending", "Starting", "Downloading"]


def test_models_of_several_instances_are_one(jobs):
    host = """$(grep -o '"current_host": "algo-.' /opt/ml/input/config/resourceconfig.json | tail -c 7)"""
    jobs.training(f"touch /opt/ml/model/{host}", instances=2)
    assert jobs.over("Training")["TrainingJobStatus"] == "Completed"
    assert sorted(packed(jobs.get(MODEL))) == ["algo-1", "algo-2"]


@pytest.mark.parametrize("uri", ["s3://bucket/none", "s3://missing/none"])
def test_a_channel_without_objects_is_refused(jobs, refused, uri):
    with refused("ValidationException", f'No S3 objects found under S3 URL "{uri}" given in input data source.'):
        jobs.training("true", InputDataConfig=[jobs.channel("train", uri)])
    assert jobs.client.list_training_jobs()["TrainingJobSummaries"] == []


def test_invalid_requests_are_refused(jobs, refused):
    with refused("ValidationException", "Requested resource not found"):
        jobs.job("Training")
    with refused("ValidationException", "MaxWaitTimeInSeconds"):
        jobs.training("true", EnableManagedSpotTraining=True)
    with refused("ValidationException", "metric definition auc is invalid"):
        jobs.training("true", metrics=[("auc", "(")])
    with refused("NotImplementedByLocalcloud", "ContainerEntrypoint"):
        algorithm = {"TrainingImage": "image", "TrainingInputMode": "File"}
        jobs.training("true", AlgorithmSpecification=algorithm)
    jobs.training("sleep 60")
    with refused("ResourceInUse", f"a training job with this name already exists ({ARN})"):
        jobs.training("true")
    with refused("ResourceInUse", "stop it or wait"):
        jobs.client.delete_training_job(TrainingJobName="job")
    jobs.client.stop_training_job(TrainingJobName="job")
    assert jobs.over("Training")["TrainingJobStatus"] == "Stopped"
    jobs.client.delete_training_job(TrainingJobName="job")
    assert jobs.client.list_training_jobs()["TrainingJobSummaries"] == []


@pytest.mark.parametrize(
    ("instance_type", "accepted"), [("ml.m5.large", True), ("ml.g4dn.xlarge", False), ("ml.g5.xlarge", False)]
)
def test_a_volume_on_local_disks_takes_no_key(jobs, refused, instance_type, accepted):
    resources = {"InstanceCount": 1, "InstanceType": instance_type, "VolumeSizeInGB": 1, "VolumeKmsKeyId": "key"}
    calls = {
        "training": lambda: jobs.training("true", ResourceConfig=resources),
        "processing": lambda: jobs.processing("true", ProcessingResources={"ClusterConfig": resources}),
    }
    for call in calls.values():
        if accepted:
            call()
        else:
            with refused("ValidationException", f"VolumeKmsKeyId is not supported for {instance_type}"):
                call()
