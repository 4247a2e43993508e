"""Endpoints over the API, with fleets that start at once."""


def test_an_endpoint_is_created_described_listed_and_deleted(cloud, world):
    world.automatic = False
    arn = world.create(Tags=[{"Key": "team", "Value": "churn"}])
    told = world.endpoint()
    assert told["EndpointStatus"] == "Creating" and "ProductionVariants" not in told
    pending = told["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "a"
    assert pending["ProductionVariants"][0]["VariantStatus"][0]["StatusMessage"] == "Launching 2 instance(s)."
    assert world.service.endpoints.routes_of("churn") is None
    cloud.clock.advance(5)
    with cloud.lock:
        world.fleets[0].ready()
    told = world.endpoint()
    assert (told["EndpointArn"], told["EndpointStatus"], told["EndpointConfigName"]) == (arn, "InService", "a")
    assert "PendingDeploymentSummary" not in told and "FailureReason" not in told
    variant = told["ProductionVariants"][0]
    assert [variant[name] for name in ("CurrentWeight", "DesiredWeight")] == [1.0, 1.0]
    assert [variant[name] for name in ("CurrentInstanceCount", "DesiredInstanceCount")] == [2, 2]
    assert variant["DeployedImages"][0]["SpecifiedImage"] == "image"
    assert world.shares() == [("a", 1.0)]
    assert world.fleets[0].more["role_arn"].endswith("role/churn-dev")
    assert world.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "churn"}]
    assert listed(world, StatusEquals="InService") == ["churn"] and listed(world, StatusEquals="Failed") == []
    world.client.delete_endpoint(EndpointName="churn")
    assert world.status() == ("Deleting", "a") and world.fleets[0].stopped
    cloud.clock.advance(1)
    assert listed(world) == [] and world.service.endpoints.routes_of("churn") is None
    statuses = [event["EndpointStatus"] for event in world.events("Endpoint")]
    assert statuses == ["CREATING", "IN_SERVICE", "DELETING"]


def listed(world, **request):
    return [each["EndpointName"] for each in world.client.list_endpoints(**request)["Endpoints"]]


def test_an_endpoint_that_cannot_start_has_failed_and_can_only_be_deleted(cloud, world, refused):
    world.fails["a"] = "the server ended with exit code 1"
    world.create()
    told = world.endpoint()
    assert (told["EndpointStatus"], told["FailureReason"]) == ("Failed", "the server ended with exit code 1")
    assert world.service.endpoints.routes_of("churn") is None
    assert [event["EndpointStatus"] for event in world.events("Endpoint")] == ["CREATING", "FAILED"]
    world.config("b")
    with refused("ValidationException", "can only be deleted"):
        world.update("b")
    world.client.delete_endpoint(EndpointName="churn")
    cloud.clock.advance(1)
    assert listed(world) == []


def test_what_is_not_there_or_there_already_is_refused(world, refused):
    world.create()
    with refused("ValidationException", "Cannot create already existing endpoint"):
        world.create()
    for call in (world.client.describe_endpoint, world.client.delete_endpoint):
        with refused("ValidationException", "Could not find endpoint"):
            call(EndpointName="nobody")
    with refused("ValidationException", "Could not find endpoint configuration"):
        world.update("nobody")
    world.config("b")
    world.client.delete_model(ModelName="model-b")
    with refused("ValidationException", "Could not find model"):
        world.update("b")
    assert world.status() == ("InService", "a")


def test_an_update_without_a_policy_moves_at_once(world):
    world.create()
    world.config("b", count=3)
    world.update("b")
    assert world.status() == ("InService", "b") and world.shares() == [("b", 1.0)]
    assert [fleet.stopped for fleet in world.fleets] == [True, False]
    assert world.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 3


def test_an_update_that_fails_stays_on_the_old_config_and_says_why(world):
    world.create()
    world.config("b")
    world.fails["b"] = "it crashed"
    world.update("b")
    told = world.endpoint()
    assert world.status() == ("InService", "a") and told["FailureReason"] == "it crashed"
    assert world.shares() == [("a", 1.0)]
    statuses = [event["EndpointStatus"] for event in world.events("Endpoint")]
    assert statuses == ["CREATING", "IN_SERVICE", "UPDATING", "ROLLING_BACK", "IN_SERVICE"]
    world.fails.clear()
    world.update("b")
    assert world.status() == ("InService", "b") and "FailureReason" not in world.endpoint()


def test_nothing_else_is_taken_while_an_update_goes_on(world, refused, configs):
    canary(world, configs)
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        world.update("a")
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        scale(world, DesiredInstanceCount=3)


def canary(world, configs, count=4):
    """Into the bake of a canary of one instance."""
    world.config("a", count)
    world.config("b", count)
    world.create()
    world.alarm()
    world.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))


def scale(world, **wanted):
    request = [{"VariantName": "AllTraffic", **wanted}]
    world.client.update_endpoint_weights_and_capacities(EndpointName="churn", DesiredWeightsAndCapacities=request)


def test_a_canary_tells_how_far_it_is(cloud, world, configs):
    canary(world, configs)
    told = world.endpoint()
    assert world.status() == ("Updating", "a") and world.shares() == [("a", 0.75), ("b", 0.25)]
    assert told["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    [pending] = told["PendingDeploymentSummary"]["ProductionVariants"]
    assert (pending["CurrentInstanceCount"], pending["DesiredInstanceCount"]) == (1, 4)
    assert (pending["CurrentWeight"], pending["DesiredWeight"]) == (1.0, 1.0)
    [status] = pending["VariantStatus"]
    assert status["Status"] == "Baking" and "(WaitIntervalInSeconds)" in status["StatusMessage"]
    assert told["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": "errors"}]
    cloud.clock.advance(300)
    [pending] = world.endpoint()["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending["CurrentInstanceCount"] == 4 and "(TerminationWait" in pending["VariantStatus"][0]["StatusMessage"]
    assert world.status() == ("Updating", "a")
    cloud.clock.advance(120)
    assert world.status() == ("InService", "b") and "PendingDeploymentSummary" not in world.endpoint()
    stages = [event for event in world.events("Endpoint Deployment") if event["EndpointConfigName"] == "a"]
    told = [
        each["VariantStatus"][0]["Status"]
        for event in stages
        if event["EndpointStatus"] == "UPDATING"
        for each in event["PendingDeploymentSummary"]["ProductionVariants"] + event["ProductionVariants"]
        if "VariantStatus" in each
    ]
    assert told == ["Creating", "ActivatingTraffic", "Baking", "ActivatingTraffic", "Baking", "Deleting"]


def test_an_alarm_in_the_bake_brings_the_old_config_back(cloud, world, configs):
    canary(world, configs)
    world.alarm(state="ALARM")
    cloud.clock.advance(10)
    told = world.endpoint()
    assert world.status() == ("InService", "a") and "are in ALARM: errors" in told["FailureReason"]
    assert world.shares() == [("a", 1.0)] and world.fleets[1].stopped and not world.fleets[0].stopped


def test_an_alarm_before_the_start_ends_the_update_at_once(world, configs):
    world.create()
    world.config("b")
    world.alarm()
    world.alarm(state="ALARM")
    world.update("b", configs.blue_green("ALL_AT_ONCE"))
    assert world.status() == ("InService", "a") and "in ALARM" in world.endpoint()["FailureReason"]
    assert world.fleets[1].size == 0 and world.fleets[1].stopped


def test_a_rollback_can_be_made_to_fail_and_another_update_mends_it(cloud, world, configs):
    canary(world, configs)
    cloud.faults.fail("sagemaker.RollbackEndpoint", message="The old fleet is out of reach.")
    world.alarm(state="ALARM")
    cloud.clock.advance(10)
    told = world.endpoint()
    assert world.status() == ("UpdateRollbackFailed", "a")
    assert told["FailureReason"].endswith("The rollback failed: The old fleet is out of reach.")
    assert world.events("Endpoint")[-1]["EndpointStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert world.shares() == [("a", 0.75), ("b", 0.25)]  # AWS leaves a mix of both
    world.config("c")
    world.update("c")
    assert world.status() == ("InService", "c")
    assert [fleet.stopped for fleet in world.fleets] == [True, True, False]


def test_when_the_old_fleet_is_dead_the_new_one_serves_on(cloud, world, configs):
    canary(world, configs)
    world.fleets[0].size = 0
    world.alarm(state="ALARM")
    cloud.clock.advance(10)
    assert world.status() == ("UpdateRollbackFailed", "a") and world.shares() == [("b", 1.0)]


def test_deleting_midway_ends_every_fleet(cloud, world, configs):
    canary(world, configs)
    world.client.delete_endpoint(EndpointName="churn")
    assert [fleet.stopped for fleet in world.fleets] == [True, True]
    cloud.clock.advance(1000)
    assert listed(world) == []
    assert world.events("Endpoint")[-1]["EndpointStatus"] == "DELETING"


def test_deleting_while_it_is_created_ends_its_fleet(cloud, world, refused):
    world.automatic = False
    world.create()
    world.client.delete_endpoint(EndpointName="churn")
    with refused("ValidationException", "Cannot update in-progress endpoint"):
        world.client.delete_endpoint(EndpointName="churn")
    with refused("ValidationException", "Cannot create already existing endpoint"):
        world.create()
    assert world.fleets[0].stopped
    cloud.clock.advance(1)
    world.create()
    assert world.status()[0] == "Creating"


def test_reset_and_close_leave_no_fleet(cloud, world, configs):
    canary(world, configs)
    cloud.reset()
    assert [fleet.stopped for fleet in world.fleets] == [True, True]
    assert listed(world) == [] and not world.configs()
    cloud.clock.advance(1000)


def test_a_deployment_config_beyond_the_limits_changes_nothing(world, refused, configs):
    world.create()
    world.config("b")
    with refused("ValidationException", "Could not find the CloudWatch alarm"):
        world.update("b", configs.blue_green("ALL_AT_ONCE"))
    world.alarm()
    with refused("ValidationException", "CanarySize must be at most 50 %"):
        world.update("b", configs.blue_green("CANARY", CanarySize=configs.size(2)))
    world.config("renamed", variants=[{"VariantName": "Other", "InitialInstanceCount": 2}])
    with refused("ValidationException", "same variant names"):
        world.update("renamed", configs.blue_green("ALL_AT_ONCE"))
    assert world.status() == ("InService", "a") and len(world.fleets) == 1


def test_under_a_scalable_target_the_variant_and_its_type_stay(world, refused):
    world.create()
    world.config("bigger", kind="ml.m5.xlarge")
    world.config("renamed", variants=[{"VariantName": "Other", "InitialInstanceCount": 2}])
    world.config("b")
    world.service.endpoints.is_scalable_target = lambda resource: resource == "endpoint/churn/variant/AllTraffic"
    for config in ("bigger", "renamed"):
        with refused("ValidationException", "must be deregistered as scalable targets"):
            world.update(config)
    world.update("b")
    assert world.status() == ("InService", "b")
    world.service.endpoints.is_scalable_target = lambda resource: False
    world.update("bigger")
    assert world.status() == ("InService", "bigger")


def test_what_an_update_retains(world):
    capture = {
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": "s3://bucket/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    world.config("a", DataCaptureConfig=capture)
    world.create()
    scale(world, DesiredInstanceCount=3, DesiredWeight=7)
    world.config("b")
    world.update("b", RetainAllVariantProperties=True)
    told = world.endpoint()
    variant = told["ProductionVariants"][0]
    assert (variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (3, 7.0)
    assert told["DataCaptureConfig"]["CurrentSamplingPercentage"] == 50
    assert told["DataCaptureConfig"]["EnableCapture"] is True  # what was not said
    world.config("c")
    excluded = [{"VariantPropertyType": kind} for kind in ("DesiredWeight", "DataCaptureConfig")]
    world.update("c", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=excluded)
    told = world.endpoint()
    variant = told["ProductionVariants"][0]
    assert (variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (3, 1.0)
    assert "DataCaptureConfig" not in told
    world.config("d")
    world.update("d")
    assert world.endpoint()["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_the_last_deployment_config_can_be_retained(cloud, world, configs):
    canary(world, configs)
    cloud.clock.advance(1000)
    world.update("a", RetainDeploymentConfig=True)
    assert world.shares() == [("b", 0.75), ("a", 0.25)]
    cloud.clock.advance(1000)
    world.update("b")
    assert world.status() == ("InService", "b") and "LastDeploymentConfig" in world.endpoint()


def test_inf1_silently_moves_all_at_once(world, configs):
    world.create()
    world.config("b", count=4, kind="ml.inf1.xlarge")
    world.alarm()
    world.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))
    assert world.status() == ("InService", "b")


def test_two_variants_share_by_weight_and_move_together(cloud, world, configs):
    variants = [
        {"VariantName": "one", "InitialInstanceCount": 2, "InitialVariantWeight": 3},
        {"VariantName": "two", "InitialInstanceCount": 2, "InitialVariantWeight": 1},
    ]
    for name in "ab":
        world.config(name, variants=variants)
    world.create()
    assert world.shares() == [("a", 0.75), ("a", 0.25)]
    world.alarm()
    world.update("b", configs.blue_green("CANARY", CanarySize=configs.size(1)))
    assert world.shares() == [("a", 0.375), ("a", 0.125), ("b", 0.375), ("b", 0.125)]
    cloud.clock.advance(1000)
    assert world.shares() == [("b", 0.75), ("b", 0.25)]


def test_weights_and_capacities(world, refused):
    variants = [{"VariantName": name, "InitialInstanceCount": 1} for name in ("one", "two")]
    world.config("a", variants=variants)
    world.create()
    wanted = [{"VariantName": "one", "DesiredInstanceCount": 3, "DesiredWeight": 3}]
    world.automatic = False
    world.fleets[0].automatic = False
    update = world.client.update_endpoint_weights_and_capacities
    update(EndpointName="churn", DesiredWeightsAndCapacities=wanted)
    told = world.endpoint()
    assert told["EndpointStatus"] == "Updating"
    [status] = told["ProductionVariants"][0]["VariantStatus"]
    assert status["StatusMessage"] == "Scaling out desired instance count to 3."
    assert [told["ProductionVariants"][0][f"{when}InstanceCount"] for when in ("Current", "Desired")] == [1, 3]
    with world.cloud.lock:
        world.fleets[0].ready()
    assert world.status()[0] == "InService" and world.shares() == [("a", 0.75), ("a", 0.25)]
    update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "one", "DesiredInstanceCount": 1}])
    assert world.fleets[0].size == 1 and world.endpoint()["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    with refused("ValidationException", 'Could not find variant "three"'):
        update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "three", "DesiredWeight": 1}])
    with refused("ValidationException", "at least 1"):
        update(EndpointName="churn", DesiredWeightsAndCapacities=[{"VariantName": "one", "DesiredInstanceCount": 0}])


def test_capacity_that_cannot_be_had_is_taken_back(world):
    world.create()
    world.fleets[0].fails = "no room"
    scale(world, DesiredInstanceCount=5, DesiredWeight=2)
    told = world.endpoint()
    variant = told["ProductionVariants"][0]
    assert told["EndpointStatus"] == "InService" and "no room" in told["FailureReason"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"], variant["DesiredWeight"]) == (2, 2, 1.0)
    assert world.fleets[0].size == 2


def test_events_have_awss_layout(world, configs):
    canary(world, configs)
    event = world.events("Endpoint")[-1]
    assert set(event) == {
        *("EndpointName", "EndpointArn", "EndpointConfigName", "ProductionVariants", "EndpointStatus"),
        *("CreationTime", "LastModifiedTime", "Tags"),
    }
    assert isinstance(event["CreationTime"], int) and event["EndpointStatus"] == "UPDATING"
    deployment = world.events("Endpoint Deployment")[-1]
    assert deployment["EndpointConfigName"] == "a"
    pending = deployment["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "b" and isinstance(pending["StartTime"], int)
    [variant] = pending["ProductionVariants"]
    assert set(variant) == {
        *("VariantName", "CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount"),
        "VariantStatus",
    }
    assert isinstance(variant["VariantStatus"][0]["StartTime"], int)
