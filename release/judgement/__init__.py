"""Decides while a release bakes whether the new fleet is worse than the old one: pure statistics, valid at any look."""
