"""Carries out the calls of a plan, and removes what is no longer needed."""
