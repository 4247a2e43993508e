"""Endpoint configs and endpoints: their operations, records and events, over the instances of ``hosting``.

``deployment`` knows no endpoint: it takes one side's instances and traffic to the other's. ``lifecycle`` starts
deployments and changes of capacity for an endpoint and sets its status by them.
"""
