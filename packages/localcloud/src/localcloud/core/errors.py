"""Problems that a person can fix: the command prints ``error: <sentence>`` and ends with 1."""


class Problem(Exception):
    """One sentence: what, where, what next."""
