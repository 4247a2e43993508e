"""A model server that behaves as AWS's XGBoost image does with a handler of its own: GET /ping and POST /invocations
around code/inference.py.

Not reproduced: default functions for those a handler lacks (refused at start), code/requirements.txt, several worker
processes (one process, ``--threads`` calls at a time), and gunicorn's own error pages.
"""
