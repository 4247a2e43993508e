"""Follows a rollout: the endpoint, the new fleet's metrics, and the traffic it needs."""
