"""What AWS has now, and what is recorded of earlier releases."""
