"""The metrics of SQS queues, once a minute of the clock: how many messages each holds.

Not reproduced: the metrics of single messages (sent, received, deleted, their age and size); that a queue without use
for six hours reports nothing.
"""

from __future__ import annotations

import sys

from localcloud.core.cloud import Cloud

MOTO_SQS = "moto.sqs.models"  # not loaded: there is no queue yet, and loading takes long
MINUTE = 60
ATTRIBUTES = {
    "ApproximateNumberOfMessagesVisible": "approximate_number_of_messages",
    "ApproximateNumberOfMessagesNotVisible": "approximate_number_of_messages_not_visible",
    "ApproximateNumberOfMessagesDelayed": "approximate_number_of_messages_delayed",
}


class QueueMetrics:
    def __init__(self, cloud: Cloud) -> None:
        self._clock, self._moto, self._metrics = cloud.clock, cloud.moto, cloud.metrics

    def start(self) -> None:
        """Reports at every whole minute."""
        self._clock.at((self._clock.seconds() // MINUTE + 1) * MINUTE, self._report)

    def _report(self) -> None:
        self.start()
        if MOTO_SQS not in sys.modules:
            return
        with self._moto("sqs") as sqs:
            values = {
                (name, metric): getattr(queue, attribute)
                for name, queue in sqs.queues.items()
                for metric, attribute in ATTRIBUTES.items()
            }
        for (name, metric), value in values.items():
            self._metrics.emit("AWS/SQS", metric, value, {"QueueName": name}, "Count")
