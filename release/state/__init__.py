"""Reads what AWS has now, and keeps the records of earlier releases."""
