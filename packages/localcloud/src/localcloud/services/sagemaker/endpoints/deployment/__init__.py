"""A deployment to an endpoint: its stages as data, the fleets of both sides, and the machine that walks the stages."""
