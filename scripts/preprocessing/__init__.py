"""Stages of ``preprocess.py``: find the files, read all rows once, fit the features, write the sides."""
