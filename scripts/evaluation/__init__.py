"""What ``evaluate.py`` is made of: predictions, metrics with intervals, slices, the gate, evaluation.json."""
