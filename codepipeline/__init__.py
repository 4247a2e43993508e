"""Carries commits and approvals: templates, build specifications, and the deploy command."""
