"""What ``preprocess.py`` is made of: find the files, read each row once, settle what was learnt, write the sides."""
