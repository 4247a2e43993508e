"""Endpoints over the API, with fleets that start at once."""

import pytest


def test_an_endpoint_is_created_described_listed_and_deleted(cloud, endpoints):
    endpoints.automatic = False
    arn = endpoints.create(Tags=[{"Key": "team", "Value": "churn"}])
    endpoint = endpoints.endpoint()
    assert endpoint["EndpointStatus"] == "Creating" and "ProductionVariants" not in endpoint
    pending = endpoint["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "a"
    assert pending["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"] == "Launching 2 instance(s)."
    assert endpoints.service.endpoints.routes_of("churn") is None
    cloud.clock.advance(5)
    with cloud.lock:
        endpoints.fleets[0].ready()
    endpoint = endpoints.endpoint()
    assert (endpoint["EndpointArn"], endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == (
        arn,
        "InService",
        "a",
    )
    assert "PendingDeploymentSummary" not in endpoint and "FailureReason" not in endpoint
    variant = endpoint["ProductionVariants"][0]
    assert [variant[name] for name in ("CurrentWeight", "DesiredWeight")] == [1.0, 1.0]
    assert [variant[name] for name in ("CurrentInstanceCount", "DesiredInstanceCount")] == [2, 2]
    assert variant["DeployedImages"][0]["SpecifiedImage"] == "image"
    assert endpoints.shares() == [("a", 1.0)]
    assert endpoints.fleets[0].more["session"].role_arn.endswith("role/churn-dev")
    assert endpoints.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "churn"}]
    assert listed(endpoints, StatusEquals="InService") == ["churn"] and listed(endpoints, StatusEquals="Failed") == []
    endpoints.client.delete_endpoint(EndpointName="churn")
    assert endpoints.status() == ("Deleting", "a") and endpoints.fleets[0].stopped
    cloud.clock.advance(1)
    assert listed(endpoints) == [] and endpoints.service.endpoints.routes_of("churn") is None
    statuses = [event["EndpointStatus"] for event in endpoints.events("Endpoint")]
    assert statuses == ["CREATING", "IN_SERVICE", "DELETING"]


def listed(endpoints, **request):
    return [each["EndpointName"] for each in endpoints.client.list_endpoints(**request)["Endpoints"]]


def test_an_endpoint_that_cannot_start_has_failed_and_can_only_be_deleted(cloud, endpoints, refused):
    endpoints.fails["a"] = "the server ended with exit code 1"
    endpoints.create()
    endpoint = endpoints.endpoint()
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", "the server ended with exit code 1")
    assert endpoints.service.endpoints.routes_of("churn") is None
    assert [event["EndpointStatus"] for event in endpoints.events("Endpoint")] == ["CREATING", "FAILED"]
    endpoints.config("b")
    with refused("ValidationException", "can only be deleted"):
        endpoints.update("b")
    endpoints.client.delete_endpoint(EndpointName="churn")
    cloud.clock.advance(1)
    assert listed(endpoints) == []


def test_missing_and_existing_resources_are_refused(endpoints, refused):
    endpoints.create()
    with refused("ValidationException", "Cannot create already existing endpoint"):
        endpoints.create()
    for call in (endpoints.client.describe_endpoint, endpoints.client.delete_endpoint):
        with refused("ValidationException", "Could not find endpoint"):
            call(EndpointName="missing")
    with refused("ValidationException", "Could not find endpoint configuration"):
        endpoints.update("missing")
    endpoints.config("b")
    endpoints.client.delete_model(ModelName="model-b")
    with refused("ValidationException", "Could not find model"):
        endpoints.update("b")
    assert endpoints.status() == ("InService", "a")


def test_an_update_without_a_policy_moves_at_once(endpoints):
    endpoints.create()
    endpoints.config("b", count=3)
    endpoints.update("b")
    assert endpoints.status() == ("InService", "b") and endpoints.shares() == [("b", 1.0)]
    assert [fleet.stopped for fleet in endpoints.fleets] == [True, False]
    assert endpoints.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 3


def test_an_update_that_fails_stays_on_the_old_config_with_a_reason(endpoints):
    endpoints.create()
    endpoints.config("b")
    endpoints.fails["b"] = "it crashed"
    endpoints.update("b")
    endpoint = endpoints.endpoint()
    assert endpoints.status() == ("InService", "a") and endpoint["FailureReason"] == "it crashed"
    assert endpoints.shares() == [("a", 1.0)]
    statuses = [event["EndpointStatus"] for event in endpoints.events("Endpoint")]
    assert statuses == ["CREATING", "IN_SERVICE", "UPDATING", "ROLLING_BACK", "IN_SERVICE"]
    endpoints.fails.clear()
    endpoints.update("b")
    assert endpoints.status() == ("InService", "b") and "FailureReason" not in endpoints.endpoint()


def test_other_changes_are_refused_during_an_update(endpoints, refused, configs):
    canary(endpoints, configs)
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        endpoints.update("a")
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        scale(endpoints, DesiredInstanceCount=3)


def canary(endpoints, configs, count=4):
    """Into the bake of a canary of one instance."""
    endpoints.config("a", count)
    endpoints.config("b", count)
    endpoints.create()
    endpoints.alarm()
    endpoints.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))


def scale(endpoints, **desired):
    request = [{"VariantName": "AllTraffic", **desired}]
    endpoints.client.update_endpoint_weights_and_capacities(EndpointName="churn", DesiredWeightsAndCapacities=request)


def test_a_canary_reports_its_progress(cloud, endpoints, configs):
    canary(endpoints, configs)
    endpoint = endpoints.endpoint()
    assert endpoints.status() == ("Updating", "a") and endpoints.shares() == [("a", 0.75), ("b", 0.25)]
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    [pending] = endpoint["PendingDeploymentSummary"]["ProductionVariants"]
    assert (pending["CurrentInstanceCount"], pending["DesiredInstanceCount"]) == (1, 4)
    assert (pending["CurrentWeight"], pending["DesiredWeight"]) == (1.0, 1.0)
    [status] = pending["VariantStatus"]
    assert status["Status"] == "Baking" and "(WaitIntervalInSeconds)" in status["StatusMessage"]
    assert endpoint["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": "errors"}]
    cloud.clock.advance(300)
    [pending] = endpoints.endpoint()["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending["CurrentInstanceCount"] == 4 and "(TerminationWait" in pending["VariantStatus"][0]["StatusMessage"]
    assert endpoints.status() == ("Updating", "a")
    cloud.clock.advance(120)
    assert endpoints.status() == ("InService", "b") and "PendingDeploymentSummary" not in endpoints.endpoint()
    stages = [event for event in endpoints.events("Endpoint Deployment") if event["EndpointConfigName"] == "a"]
    endpoint = [
        each["VariantStatus"][0]["Status"]
        for event in stages
        if event["EndpointStatus"] == "UPDATING"
        for each in event["PendingDeploymentSummary"]["ProductionVariants"] + event["ProductionVariants"]
        if "VariantStatus" in each
    ]
    assert endpoint == ["Creating", "ActivatingTraffic", "Baking", "ActivatingTraffic", "Baking", "Deleting"]


def test_an_alarm_in_the_bake_brings_the_old_config_back(cloud, endpoints, configs):
    canary(endpoints, configs)
    endpoints.alarm(state="ALARM")
    cloud.clock.advance(10)
    endpoint = endpoints.endpoint()
    assert endpoints.status() == ("InService", "a") and "are in ALARM: errors" in endpoint["FailureReason"]
    assert endpoints.shares() == [("a", 1.0)] and endpoints.fleets[1].stopped and not endpoints.fleets[0].stopped


def test_an_alarm_before_the_start_ends_the_update_at_once(endpoints, configs):
    endpoints.create()
    endpoints.config("b")
    endpoints.alarm()
    endpoints.alarm(state="ALARM")
    endpoints.update("b", configs.blue_green("ALL_AT_ONCE"))
    assert endpoints.status() == ("InService", "a") and "in ALARM" in endpoints.endpoint()["FailureReason"]
    assert endpoints.fleets[1].size == 0 and endpoints.fleets[1].stopped


def test_a_fault_makes_a_rollback_fail_and_another_update_repairs_it(cloud, endpoints, configs):
    canary(endpoints, configs)
    cloud.faults.fail("sagemaker.RollbackEndpoint", message="The old fleet is out of reach.")
    endpoints.alarm(state="ALARM")
    cloud.clock.advance(10)
    endpoint = endpoints.endpoint()
    assert endpoints.status() == ("UpdateRollbackFailed", "a")
    assert endpoint["FailureReason"].endswith("The rollback failed: The old fleet is out of reach.")
    assert endpoints.events("Endpoint")[-1]["EndpointStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert endpoints.shares() == [("a", 0.75), ("b", 0.25)]  # AWS leaves a mix of both
    endpoints.config("c")
    endpoints.update("c")
    assert endpoints.status() == ("InService", "c")
    assert [fleet.stopped for fleet in endpoints.fleets] == [True, True, False]


def test_when_the_old_fleet_is_dead_the_new_one_serves_on(cloud, endpoints, configs):
    canary(endpoints, configs)
    endpoints.fleets[0].size = 0
    endpoints.alarm(state="ALARM")
    cloud.clock.advance(10)
    assert endpoints.status() == ("UpdateRollbackFailed", "a") and endpoints.shares() == [("b", 1.0)]


def test_deleting_midway_ends_every_fleet(cloud, endpoints, configs):
    canary(endpoints, configs)
    endpoints.client.delete_endpoint(EndpointName="churn")
    assert [fleet.stopped for fleet in endpoints.fleets] == [True, True]
    cloud.clock.advance(1000)
    assert listed(endpoints) == []
    assert endpoints.events("Endpoint")[-1]["EndpointStatus"] == "DELETING"


def test_deleting_while_it_is_created_ends_its_fleet(cloud, endpoints, refused):
    endpoints.automatic = False
    endpoints.create()
    endpoints.client.delete_endpoint(EndpointName="churn")
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        endpoints.client.delete_endpoint(EndpointName="churn")
    with refused("ValidationException", "Cannot create already existing endpoint"):
        endpoints.create()
    assert endpoints.fleets[0].stopped
    cloud.clock.advance(1)
    endpoints.create()
    assert endpoints.status()[0] == "Creating"


def test_reset_and_close_leave_no_fleet(cloud, endpoints, configs):
    canary(endpoints, configs)
    cloud.reset()
    assert [fleet.stopped for fleet in endpoints.fleets] == [True, True]
    assert listed(endpoints) == [] and not endpoints.configs()
    cloud.clock.advance(1000)


def test_a_deployment_config_beyond_the_limits_changes_nothing(endpoints, refused, configs):
    endpoints.create()
    endpoints.config("b")
    with refused("ValidationException", "Could not find the CloudWatch alarm"):
        endpoints.update("b", configs.blue_green("ALL_AT_ONCE"))
    endpoints.alarm()
    with refused("ValidationException", "CanarySize must be at most 50 %"):
        endpoints.update("b", configs.blue_green("CANARY", CanarySize=configs.size(2)))
    endpoints.config("renamed", variants=[{"VariantName": "Other", "InitialInstanceCount": 2}])
    with refused("ValidationException", "same variant names"):
        endpoints.update("renamed", configs.blue_green("ALL_AT_ONCE"))
    assert endpoints.status() == ("InService", "a") and len(endpoints.fleets) == 1


def test_under_a_scalable_target_the_variant_and_its_type_stay(endpoints, refused):
    endpoints.create()
    endpoints.config("bigger", kind="ml.m5.xlarge")
    endpoints.config("renamed", variants=[{"VariantName": "Other", "InitialInstanceCount": 2}])
    endpoints.config("b")
    endpoints.service.endpoints.is_scalable_target = lambda resource: resource == "endpoint/churn/variant/AllTraffic"
    for config in ("bigger", "renamed"):
        with refused("ValidationException", "must be deregistered as scalable targets"):
            endpoints.update(config)
    endpoints.update("b")
    assert endpoints.status() == ("InService", "b")
    endpoints.service.endpoints.is_scalable_target = lambda resource: False
    endpoints.update("bigger")
    assert endpoints.status() == ("InService", "bigger")


def test_what_an_update_retains(endpoints):
    capture = {
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": "s3://bucket/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    endpoints.config("a", DataCaptureConfig=capture)
    endpoints.create()
    scale(endpoints, DesiredInstanceCount=3, DesiredWeight=7)
    endpoints.config("b")
    endpoints.update("b", RetainAllVariantProperties=True)
    endpoint = endpoints.endpoint()
    variant = endpoint["ProductionVariants"][0]
    assert (variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (3, 7.0)
    assert endpoint["DataCaptureConfig"]["CurrentSamplingPercentage"] == 50
    assert endpoint["DataCaptureConfig"]["EnableCapture"] is True  # what was not said
    endpoints.config("c")
    excluded = [{"VariantPropertyType": kind} for kind in ("DesiredWeight", "DataCaptureConfig")]
    endpoints.update("c", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded)
    endpoint = endpoints.endpoint()
    variant = endpoint["ProductionVariants"][0]
    assert (variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (3, 1.0)
    assert "DataCaptureConfig" not in endpoint
    endpoints.config("d")
    endpoints.update("d")
    assert endpoints.endpoint()["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_the_last_deployment_config_can_be_retained(cloud, endpoints, configs):
    canary(endpoints, configs)
    cloud.clock.advance(1000)
    endpoints.update("a", RetainDeploymentConfig=True)
    assert endpoints.shares() == [("b", 0.75), ("a", 0.25)]
    cloud.clock.advance(1000)
    endpoints.update("b")
    assert endpoints.status() == ("InService", "b") and "LastDeploymentConfig" in endpoints.endpoint()


def test_inf1_silently_moves_all_at_once(endpoints, configs):
    endpoints.create()
    endpoints.config("b", count=4, kind="ml.inf1.xlarge")
    endpoints.alarm()
    endpoints.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))
    assert endpoints.status() == ("InService", "b")


def test_two_variants_share_by_weight_and_move_together(cloud, endpoints, configs):
    variants = [
        {"VariantName": "one", "InitialInstanceCount": 2, "InitialVariantWeight": 3},
        {"VariantName": "two", "InitialInstanceCount": 2, "InitialVariantWeight": 1},
    ]
    for name in "ab":
        endpoints.config(name, variants=variants)
    endpoints.create()
    assert endpoints.shares() == [("a", 0.75), ("a", 0.25)]
    endpoints.alarm()
    endpoints.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))
    assert endpoints.shares() == [("a", 0.375), ("a", 0.125), ("b", 0.375), ("b", 0.125)]
    cloud.clock.advance(1000)
    assert endpoints.shares() == [("b", 0.75), ("b", 0.25)]


def test_weights_and_capacities(endpoints, refused):
    variants = [{"VariantName": name, "InitialInstanceCount": 1} for name in ("one", "two")]
    endpoints.config("a", variants=variants)
    endpoints.create()
    desired = [{"VariantName": "one", "DesiredInstanceCount": 3, "DesiredWeight": 3}]
    endpoints.automatic = False
    endpoints.fleets[0].automatic = False
    update = endpoints.client.update_endpoint_weights_and_capacities
    update(EndpointName="churn", DesiredWeightsAndCapacities=desired)
    endpoint = endpoints.endpoint()
    assert endpoint["EndpointStatus"] == "Updating"
    [status] = endpoint["ProductionVariants"][0]["VariantStatus"]
    assert status["StatusMessage"] == "Scaling out desired instance count to 3."
    assert [endpoint["ProductionVariants"][0][f"{when}InstanceCount"] for when in ("Current", "Desired")] == [1, 3]
    with endpoints.cloud.lock:
        endpoints.fleets[0].ready()
    assert endpoints.status()[0] == "InService" and endpoints.shares() == [("a", 0.75), ("a", 0.25)]
    update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "one", "DesiredInstanceCount": 1}])
    assert endpoints.fleets[0].size == 1 and endpoints.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    with refused("ValidationException", 'Could not find variant "three"'):
        update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "three", "DesiredWeight": 1}])
    with refused("ValidationException", "at least 1"):
        update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "one", "DesiredInstanceCount": 0}])


def test_unavailable_capacity_is_undone(endpoints):
    endpoints.create()
    endpoints.fleets[0].fails = "no room"
    scale(endpoints, DesiredInstanceCount=5, DesiredWeight=2)
    endpoint = endpoints.endpoint()
    variant = endpoint["ProductionVariants"][0]
    assert endpoint["EndpointStatus"] == "InService" and "no room" in endpoint["FailureReason"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (2, 2, 1.0)
    assert endpoints.fleets[0].size == 2


def test_events_have_awss_layout(endpoints, configs):
    canary(endpoints, configs)
    event = endpoints.events("Endpoint")[-1]
    assert set(event) == {
        *("EndpointName", "EndpointArn", "EndpointConfigName", "ProductionVariants", "EndpointStatus"),
        *("CreationTime", "LastModifiedTime", "Tags"),
    }
    assert isinstance(event["CreationTime"], int) and event["EndpointStatus"] == "UPDATING"
    deployment = endpoints.events("Endpoint Deployment")[-1]
    assert deployment["EndpointConfigName"] == "a"
    pending = deployment["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "b" and isinstance(pending["StartTime"], int)
    [variant] = pending["ProductionVariants"]
    assert set(variant) == {
        *("VariantName", "CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount"),
        "VariantStatus",
    }
    assert isinstance(variant["VariantStatus"][0]["StartTime"], int)


@pytest.mark.roles
def test_the_execution_role_must_see_the_alarms_of_a_deployment(endpoints, configs, refused, access):
    endpoints.config("a", 4)
    endpoints.config("b", 4)
    endpoints.create()
    endpoints.alarm()
    policy = configs.blue_green("CANARY", CanarySize=configs.size(1))
    assert "cloudwatch.DescribeAlarms" not in access.calls()
    access.denied = {"cloudwatch.DescribeAlarms"}
    with refused("AccessDeniedException", "is not authorized to perform: cloudwatch:DescribeAlarms"):
        endpoints.update("b", policy)
    assert endpoints.status() == ("InService", "a")
    access.denied = set()
    endpoints.update("b", policy)
    who, _, request = access.decisions[access.calls().index("cloudwatch.DescribeAlarms")]
    assert (who.split(":assumed-role/")[1], request) == ("churn-dev/SageMaker", {"AlarmNames": ["errors"]})
