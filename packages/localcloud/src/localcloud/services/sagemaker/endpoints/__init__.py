"""Models, endpoint configs, endpoints and their deployments."""
