"""Delivers commits and approvals: templates, stacks, build specifications, bootstrap, teardown."""
