"""What SQS tells CloudWatch of each queue, once a minute of the clock: how many messages it holds.

Not reproduced: the metrics of single messages (sent, received, deleted, their age and size); that a queue which nobody
has used for six hours tells nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

MOTO_SQS = "moto.sqs.models"  # not loaded: nobody has made a queue, and it would take long
MINUTE = 60
MEASURES = {
    "ApproximateNumberOfMessagesVisible": "approximate_number_of_messages",
    "ApproximateNumberOfMessagesNotVisible": "approximate_number_of_messages_not_visible",
    "ApproximateNumberOfMessagesDelayed": "approximate_number_of_messages_delayed",
}


class Queues:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._plan()

    def _plan(self) -> None:
        now = self.cloud.clock.seconds()
        self.cloud.clock.at((now // MINUTE + 1) * MINUTE, self._minute)

    def _minute(self) -> None:
        self._plan()
        if MOTO_SQS not in sys.modules:
            return
        with self.cloud.moto("sqs") as sqs:
            measured = {
                (queue, metric): getattr(found, attribute)
                for queue, found in sqs.queues.items()
                for metric, attribute in MEASURES.items()
            }
        for (queue, metric), value in measured.items():
            self.cloud.metric("AWS/SQS", metric, value, {"QueueName": queue}, "Count")
