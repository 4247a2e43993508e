"""Every operation that state and plan use, in one place: tests compare the code and the roles with it."""

from __future__ import annotations

READS = frozenset(
    {
        ("application-autoscaling", "describe_scalable_targets"),
        ("application-autoscaling", "describe_scaling_policies"),
        ("application-autoscaling", "describe_scheduled_actions"),
        ("cloudwatch", "describe_alarms"),
        ("cloudwatch", "get_dashboard"),
        ("ecr", "describe_images"),
        ("s3", "get_object"),
        ("s3", "list_objects_v2"),
        ("sagemaker", "describe_endpoint"),
        ("sagemaker", "describe_endpoint_config"),
        ("sagemaker", "describe_model"),
        ("sagemaker", "describe_model_package"),
        ("service-quotas", "list_service_quotas"),
    }
)
WRITES = frozenset(
    {
        ("application-autoscaling", "delete_scheduled_action"),
        ("application-autoscaling", "deregister_scalable_target"),
        ("application-autoscaling", "put_scaling_policy"),
        ("application-autoscaling", "put_scheduled_action"),
        ("application-autoscaling", "register_scalable_target"),
        ("cloudwatch", "put_dashboard"),
        ("cloudwatch", "put_metric_alarm"),
        ("cloudwatch", "put_metric_data"),
        ("s3", "put_object_tagging"),
        ("sagemaker", "create_endpoint"),
        ("sagemaker", "create_endpoint_config"),
        ("sagemaker", "create_model"),
        ("sagemaker", "update_endpoint"),
    }
)
