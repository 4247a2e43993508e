"""Parts of ``evaluate.py``: predictions, metrics with intervals, slices, the gate, evaluation.json."""
