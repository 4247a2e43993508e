"""AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::SNS::Subscription."""

from __future__ import annotations

import json
from typing import Any

from localcloud.core.arn import Arn
from localcloud.services.cloudformation.function_syntax import to_text
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

TAGS = Tagging("sns", "TagResource", "UntagResource", "ResourceArn")
TOPIC = "DisplayName KmsMasterKeyId FifoTopic ContentBasedDeduplication SignatureVersion FifoThroughputScope"
SUBSCRIPTION = "DeliveryPolicy FilterPolicy FilterPolicyScope RawMessageDelivery RedrivePolicy SubscriptionRoleArn"


class Topic(ResourceType):
    type = "AWS::SNS::Topic"
    properties = names(f"{TOPIC} TopicName TracingConfig Subscription Tags")
    attributes = names("TopicArn TopicName")

    def create(self, context: Context, properties: Properties) -> str:
        fifo = ".fifo" if properties.get("FifoTopic") else ""
        name = properties.get("TopicName") or context.generate_name(256, fifo)
        if context.exists("sns", "GetTopicAttributes", TopicArn=context.cloud.arn("sns", name)):
            raise HandlerError(f"{name} already exists")
        request = {"Tags": properties["Tags"]} if properties.get("Tags") else {}
        topic: str = context.call("sns", "CreateTopic", request, Name=name, Attributes=_topic(properties))["TopicArn"]
        context.physical_id = topic
        _update_subscriptions(context, topic, properties.get("Subscription", []), [])
        return topic

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _topic(properties), _topic(before)
        for name in {*after, *old}:
            if after.get(name) != old.get(name):
                _set_attribute(context, physical_id, name, after.get(name, ""))
        _update_subscriptions(context, physical_id, properties.get("Subscription", []), before.get("Subscription", []))
        TAGS.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("sns", "DeleteTopic", TopicArn=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"TopicArn": physical_id, "TopicName": Arn.parse(physical_id).resource}


class TopicPolicy(ResourceType):
    type = "AWS::SNS::TopicPolicy"
    properties = names("Topics PolicyDocument")
    attributes = names("Id")

    def create(self, context: Context, properties: Properties) -> str:
        self.update(context, "", properties, {})
        return context.generate_name(64)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        self._reset(context, [topic for topic in before.get("Topics", []) if topic not in properties["Topics"]])
        for topic in properties["Topics"]:
            _set_attribute(context, topic, "Policy", properties["PolicyDocument"])

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        self._reset(context, properties["Topics"])

    def _reset(self, context: Context, topics: list[str]) -> None:
        """Restore the policy of a new topic, which permits everything to its owner."""
        for topic in topics:
            owner = {"StringEquals": {"AWS:SourceOwner": context.cloud.account}}
            allowed = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": topic, "Condition": owner}
            statement = {"Sid": "__default_statement_ID", "Action": ["SNS:Publish", "SNS:Subscribe"], **allowed}
            policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
            _set_attribute(context, topic, "Policy", policy)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class Subscription(ResourceType):
    type = "AWS::SNS::Subscription"
    properties = names(f"{SUBSCRIPTION} TopicArn Protocol Endpoint")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        request = pick(properties, "TopicArn Protocol Endpoint")
        attributes = _texts(properties, SUBSCRIPTION)
        response = context.call("sns", "Subscribe", request, Attributes=attributes, ReturnSubscriptionArn=True)
        return str(response["SubscriptionArn"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _texts(properties, SUBSCRIPTION), _texts(before, SUBSCRIPTION)
        for name in {*after, *old}:
            if after.get(name) != old.get(name):
                request = {"AttributeName": name, "AttributeValue": after.get(name, "{}" if "Policy" in name else "")}
                context.call("sns", "SetSubscriptionAttributes", request, SubscriptionArn=physical_id)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("sns", "Unsubscribe", SubscriptionArn=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


def _topic(properties: Properties) -> dict[str, str]:
    tracing = {"TracingConfig": properties["TracingConfig"]} if "TracingConfig" in properties else {}
    return _texts(properties, TOPIC) | tracing


def _texts(properties: Properties, keys: str) -> dict[str, str]:
    """SNS takes every attribute as text, structures as JSON."""
    values = pick(properties, keys)
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else to_text(value) for name, value in values.items()
    }


def _update_subscriptions(context: Context, topic: str, after: list[Properties], before: list[Properties]) -> None:
    existing = context.call("sns", "ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"] if before else []
    removed = [(each["Protocol"], each["Endpoint"]) for each in before if each not in after]
    for subscription in existing:
        if (subscription["Protocol"], subscription["Endpoint"]) in removed:
            context.call("sns", "Unsubscribe", SubscriptionArn=subscription["SubscriptionArn"])
    for each in after:
        if each not in before:
            context.call("sns", "Subscribe", each, TopicArn=topic)


def _set_attribute(context: Context, topic: str, name: str, value: Any) -> None:
    context.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName=name, AttributeValue=value)


RESOURCE_TYPES: list[ResourceType] = [Topic(), TopicPolicy(), Subscription()]
