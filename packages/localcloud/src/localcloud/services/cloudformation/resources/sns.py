"""AWS::SNS::Topic, its policy and its subscriptions."""

from __future__ import annotations

import json
from typing import Any

from localcloud.services.cloudformation.functions import text
from localcloud.services.cloudformation.resources.resource_type import Failed, Kind, Place, Properties, Tagging, names

TAGS = Tagging("sns", "TagResource", "UntagResource", "ResourceArn")
TOPIC = "DisplayName KmsMasterKeyId FifoTopic ContentBasedDeduplication SignatureVersion FifoThroughputScope"
SUBSCRIPTION = "DeliveryPolicy FilterPolicy FilterPolicyScope RawMessageDelivery RedrivePolicy SubscriptionRoleArn"


class Topic(Kind):
    type = "AWS::SNS::Topic"
    properties = names(f"{TOPIC} TopicName TracingConfig Subscription Tags")
    attributes = names("TopicArn TopicName")

    def create(self, place: Place, properties: Properties) -> str:
        fifo = ".fifo" if properties.get("FifoTopic") else ""
        name = properties.get("TopicName") or place.name(256, fifo)
        if _there(place, name):
            raise Failed(f"{name} already exists")
        told = {"Tags": properties["Tags"]} if properties.get("Tags") else {}
        topic: str = place.call("sns", "CreateTopic", told, Name=name, Attributes=_topic(properties))["TopicArn"]
        place.physical_id = topic
        _subscribe(place, topic, properties.get("Subscription", []), [])
        return topic

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _topic(properties), _topic(before)
        for name in {*after, *old}:
            if after.get(name) != old.get(name):
                value = after.get(name, "")
                place.call("sns", "SetTopicAttributes", TopicArn=physical_id, AttributeName=name, AttributeValue=value)
        _subscribe(place, physical_id, properties.get("Subscription", []), before.get("Subscription", []))
        TAGS.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("sns", "DeleteTopic", TopicArn=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"TopicArn": physical_id, "TopicName": physical_id.rpartition(":")[2]}


class TopicPolicy(Kind):
    type = "AWS::SNS::TopicPolicy"
    properties = names("Topics PolicyDocument")
    attributes = names("Id")

    def create(self, place: Place, properties: Properties) -> str:
        self.update(place, "", properties, {})
        return place.name(64)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        self._put(place, [topic for topic in before.get("Topics", []) if topic not in properties["Topics"]])
        for topic in properties["Topics"]:
            _set_policy(place, topic, properties["PolicyDocument"])

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        self._put(place, properties["Topics"])

    def _put(self, place: Place, topics: list[str]) -> None:
        """Without a policy of its own a topic has the one that it was born with: its owner may do everything."""
        for topic in topics:
            owner = {"StringEquals": {"AWS:SourceOwner": place.cloud.account}}
            allowed = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": topic, "Condition": owner}
            statement = {"Sid": "__default_statement_ID", "Action": ["SNS:Publish", "SNS:Subscribe"], **allowed}
            _set_policy(place, topic, {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class Subscription(Kind):
    type = "AWS::SNS::Subscription"
    properties = names(f"{SUBSCRIPTION} TopicArn Protocol Endpoint")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        told = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint") if name in properties}
        attributes = _texts(properties, SUBSCRIPTION)
        answer = place.call("sns", "Subscribe", told, Attributes=attributes, ReturnSubscriptionArn=True)
        return str(answer["SubscriptionArn"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _texts(properties, SUBSCRIPTION), _texts(before, SUBSCRIPTION)
        for name in {*after, *old}:
            if after.get(name) != old.get(name):
                told = {"AttributeName": name, "AttributeValue": after.get(name, "{}" if "Policy" in name else "")}
                place.call("sns", "SetSubscriptionAttributes", told, SubscriptionArn=physical_id)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("sns", "Unsubscribe", SubscriptionArn=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


def _there(place: Place, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        place.call("sns", "GetTopicAttributes", TopicArn=place.cloud.arn("sns", name))
    except ClientError:
        return False
    return True


def _topic(properties: Properties) -> dict[str, str]:
    tracing = {"TracingConfig": properties["TracingConfig"]} if "TracingConfig" in properties else {}
    return _texts(properties, TOPIC) | tracing


def _texts(properties: Properties, told: str) -> dict[str, str]:
    """SNS takes every attribute as a text, structures as JSON."""
    values = {name: properties[name] for name in told.split() if name in properties}
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else text(value) for name, value in values.items()
    }


def _subscribe(place: Place, topic: str, after: list[Properties], before: list[Properties]) -> None:
    there = place.call("sns", "ListSubscriptionsByTopic", TopicArn=topic)["Subscriptions"] if before else []
    for each in before:
        for found in there:
            if each not in after and (found["Protocol"], found["Endpoint"]) == (each["Protocol"], each["Endpoint"]):
                place.call("sns", "Unsubscribe", SubscriptionArn=found["SubscriptionArn"])
    for each in after:
        if each not in before:
            place.call("sns", "Subscribe", each, TopicArn=topic)


def _set_policy(place: Place, topic: str, document: Any) -> None:
    place.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=document)


KINDS: list[Kind] = [Topic(), TopicPolicy(), Subscription()]
