"""EventBridge: buses, rules, patterns, schedules, and deliveries that are retried and dead-lettered as AWS does it."""
