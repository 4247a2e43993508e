"""Follows a rollout: the endpoint's status, the new fleet's metrics, and bake traffic for it."""
