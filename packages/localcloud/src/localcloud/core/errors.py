"""What can go wrong and a person can mend: the command prints ``error: <sentence>`` and ends with 1."""


class Problem(Exception):
    """One sentence: what, where, what next."""
