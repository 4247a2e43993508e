"""Judges how a release ended, and does what follows from it."""
